using Rowmill.Core.Models;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite;

/// <summary>Reads what rows carry of their calls. Neighbouring rows were asked in neighbouring calls, so these are read in ranges.</summary>
internal static class ShareReader
{
    /// <summary>Calls nobody asked for that may lie between two that a range joins: passing over one costs less than another search.</summary>
    private const int Gap = 8;

    /// <summary>Finds the shares.</summary>
    /// <param name="read">The statement <c>calls_shares</c>.</param>
    /// <param name="rows">The rows with their calls.</param>
    /// <param name="found">Receives the shares.</param>
    public static void Find(Statement read, ReadOnlySpan<RowCall> rows, Span<CallShare?> found)
    {
        found.Clear();
        var ids = new long[rows.Length];
        var order = new int[rows.Length];
        for (var i = 0; i < ids.Length; i++) (ids[i], order[i]) = (rows[i].CallId, i);
        Array.Sort(ids, order);
        for (var from = 0; from < ids.Length;)
        {
            var to = from + 1;
            while (to < ids.Length && ids[to] - ids[to - 1] <= Gap) to++;
            ReadRange(read.Bind(1, ids[from]).Bind(2, ids[to - 1]), ids.AsSpan(from..to), order.AsSpan(from..to), rows, found);
            from = to;
        }
    }

    private static void ReadRange(Statement read, ReadOnlySpan<long> ids, ReadOnlySpan<int> order, ReadOnlySpan<RowCall> rows, Span<CallShare?> found)
    {
        var next = 0;
        while (read.Step())
        {
            var id = read.Int64(0);
            while (next < ids.Length && ids[next] < id) next++;
            if (next == ids.Length || ids[next] != id) continue;
            var tokens = new TokenUsage(read.Int64(2), read.Int64(3), read.Int64(4));
            var usd = read.Decimal(5);
            var latency = TimeSpan.FromTicks(read.Int64(6));
            for (; next < ids.Length && ids[next] == id; next++)
            {
                var keys = read.Blob(1);
                if (PositionOf(keys, rows[order[next]].Row) is >= 0 and var position)
                    found[order[next]] = CallShare.At(tokens, usd, latency, position, keys.Length / RowKey.Size);
            }
        }
    }

    private static int PositionOf(ReadOnlySpan<byte> keys, RowKey row)
    {
        Span<byte> key = stackalloc byte[RowKey.Size];
        row.Write(key);
        for (var at = 0; at < keys.Length; at += RowKey.Size)
        {
            if (keys.Slice(at, RowKey.Size).SequenceEqual(key)) return at / RowKey.Size;
        }

        return -1;
    }
}
