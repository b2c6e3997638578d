using System.Buffers;
using System.Buffers.Text;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite;

/// <summary>The rows of a pack as they are stored: keys of 16 bytes, and one line of JSON each.</summary>
internal static class PackLines
{
    private const int Overhead = 48; // the longest prefix, ,"attempt": with ten digits, the end

    /// <summary>Writes the keys into a rented array.</summary>
    public static byte[] RentKeys(IReadOnlyList<RowKey> keys)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(keys.Count * RowKey.Size);
        for (var i = 0; i < keys.Count; i++) keys[i].Write(buffer.AsSpan(i * RowKey.Size));
        return buffer;
    }

    /// <summary>Writes keys and lines into rented arrays, with room for the checksum after the lines.</summary>
    public static (byte[] Keys, byte[] Lines, int Length, int Good) Rent(OutcomePack pack)
    {
        var rows = pack.Rows;
        if (rows.Count == 0) throw new ArgumentException("a pack holds at least one row", nameof(pack));
        var size = PackSum.Length;
        for (var i = 0; i < rows.Count; i++) size += rows[i].Json.Length + Overhead;
        var keys = ArrayPool<byte>.Shared.Rent(rows.Count * RowKey.Size);
        var lines = ArrayPool<byte>.Shared.Rent(size);
        int length = 0, good = 0;
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            row.Key.Write(keys.AsSpan(i * RowKey.Size));
            if (row.Kind != OutcomeKind.Failed) good++;
            if (i > 0) lines[length++] = (byte)'\n';
            length += Write(row, lines.AsSpan(length));
        }

        return (keys, lines, length, good);
    }

    /// <summary>Writes the checksum after the lines, the call's number being known.</summary>
    public static void Seal(OutcomePack pack, long call, byte[] keys, byte[] lines, int length)
    {
        var sum = PackSum.Of(pack.Question, pack.Route, call, keys.AsSpan(0, pack.Rows.Count * RowKey.Size), lines.AsSpan(0, length));
        PackSum.Write(sum, lines.AsSpan(length));
    }

    /// <summary>Reads one line.</summary>
    public static (OutcomeKind Kind, ReadOnlyMemory<byte> Json, int Attempt) Read(ReadOnlyMemory<byte> line)
    {
        var kind = Kind(line.Span);
        var json = line[Prefix(kind).Length..^1];
        var attempt = 1;

        // A JSON value that is an object, array or string does not end in a digit, so the suffix cannot be the value's own.
        var mark = json.Span[^1] is >= (byte)'0' and <= (byte)'9' ? json.Span.LastIndexOf(",\"attempt\":"u8) : -1;
        if (mark >= 0 && Utf8Parser.TryParse(json.Span[(mark + 11)..], out attempt, out _)) json = json[..mark];
        else attempt = 1;
        return (kind, json, attempt);
    }

    /// <summary>How the row of a line ended.</summary>
    public static OutcomeKind Kind(ReadOnlySpan<byte> line) => line[2] == (byte)'f' ? OutcomeKind.Failed
        : line[3] == (byte)'n' ? OutcomeKind.Answered
        : OutcomeKind.Abstained;

    private static int Write(in RowOutcome row, Span<byte> target)
    {
        var json = row.Json.Span;
        if (json.IsEmpty) throw new ArgumentException($"row {row.Key} carries no JSON", nameof(row));
        if (json.Contains((byte)'\n')) throw new ArgumentException($"the JSON of row {row.Key} holds a line break", nameof(row));
        var prefix = Prefix(row.Kind);
        prefix.CopyTo(target);
        json.CopyTo(target[prefix.Length..]);
        var length = prefix.Length + json.Length;
        if (row.Attempt != 1)
        {
            ",\"attempt\":"u8.CopyTo(target[length..]);
            length += 11;
            Utf8Formatter.TryFormat(row.Attempt, target[length..], out var digits);
            length += digits;
        }

        target[length++] = (byte)'}';
        return length;
    }

    private static ReadOnlySpan<byte> Prefix(OutcomeKind kind) => kind switch
    {
        OutcomeKind.Answered => "{\"answer\":"u8,
        OutcomeKind.Abstained => "{\"abstain\":"u8,
        _ => "{\"failed\":"u8,
    };
}
