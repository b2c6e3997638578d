using System.Globalization;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite;

/// <summary>A pack as read from the file.</summary>
internal sealed class StoredPack
{
    private readonly byte[] _keys;
    private readonly ReadOnlyMemory<byte> _lines;
    private readonly int[] _ends;

    public StoredPack(Statement row, NameReader names)
    {
        Id = row.Int64(0);
        Question = row.Int64(1);
        Route = row.Int64(2);
        RouteName = names.Name(Route);
        RunName = names.Name(row.Int64(3));
        Call = row.Int64(4);
        At = StoreTime.Read(row.Int64(5));
        Supersedes = (Supersedes)row.Int64(6);
        _keys = row.Blob(7).ToArray();
        var lines = row.Blob(8).ToArray();
        var end = PackSum.Check(names.Name(Question), RouteName, Call, _keys, lines);
        if (end < 0) throw row.Damaged(string.Create(CultureInfo.InvariantCulture, $"pack {Id} does not have its checksum"));
        _lines = lines.AsMemory(0, end);
        _ends = new int[_keys.Length / RowKey.Size];
        var start = 0;
        for (var i = 0; i < _ends.Length; i++)
        {
            var length = lines.AsSpan(start, end - start).IndexOf((byte)'\n');
            _ends[i] = length < 0 ? end : start + length;
            start = Math.Min(_ends[i] + 1, end);
        }
    }

    /// <summary>The columns the constructor reads.</summary>
    public const string Columns = "id, question, route, run, call, at, fresh, keys, lines";

    public long Id { get; }

    public long Question { get; }

    public long Route { get; }

    public string RouteName { get; }

    public string RunName { get; }

    public long Call { get; }

    public DateTimeOffset At { get; }

    /// <summary>Which older outcomes its good ones supersede.</summary>
    public Supersedes Supersedes { get; }

    /// <summary>Rows in it.</summary>
    public int Count => _ends.Length;

    /// <summary>Memory it takes, about.</summary>
    public int Bytes => _keys.Length + _lines.Length + 4 * _ends.Length + 256;

    public RowKey Key(int row) => RowKey.Read(_keys.AsSpan(row * RowKey.Size));

    /// <summary>The place of a row, or -1.</summary>
    public int IndexOf(in RowKey key)
    {
        for (var i = 0; i < Count; i++)
        {
            if (Key(i) == key) return i;
        }

        return -1;
    }

    /// <summary>True when the row was answered or abstained from.</summary>
    public bool IsGood(int row) => PackLines.Kind(Line(row).Span) != OutcomeKind.Failed;

    public StoredOutcome Outcome(int row)
    {
        var (kind, json, attempt) = PackLines.Read(Line(row));
        return new StoredOutcome(kind, json, RouteName, RunName, Call, attempt, At);
    }

    private ReadOnlyMemory<byte> Line(int row)
    {
        var start = row == 0 ? 0 : _ends[row - 1] + 1;
        return _lines[start.._ends[row]];
    }
}
