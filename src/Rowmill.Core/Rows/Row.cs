namespace Rowmill.Core.Rows;

/// <summary>How the cells of a source are written.</summary>
public enum CellFormat
{
    /// <summary>Each cell is plain text (CSV).</summary>
    Text,

    /// <summary>Each cell is one JSON value, as it stood in the source (JSONL).</summary>
    Json,
}

/// <summary>The columns that rows share: one instance serves every row with the same columns.</summary>
public sealed class RowColumns
{
    private readonly Dictionary<string, int> _index;

    /// <summary>Creates the columns.</summary>
    /// <param name="names">Column names in source order, without duplicates.</param>
    /// <param name="format">How the cells are written.</param>
    public RowColumns(IReadOnlyList<string> names, CellFormat format)
    {
        Names = names;
        Format = format;
        _index = new Dictionary<string, int>(names.Count, StringComparer.Ordinal);
        for (var i = 0; i < names.Count; i++) _index.Add(names[i], i);
    }

    /// <summary>Column names in source order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>How the cells are written.</summary>
    public CellFormat Format { get; }

    /// <summary>The position of a column, or -1.</summary>
    public int IndexOf(string name) => _index.TryGetValue(name, out var i) ? i : -1;
}

/// <summary>One record of the source. It owns its bytes, so it stays valid after the source has moved on.</summary>
public sealed class Row
{
    private readonly byte[] _data;
    private readonly int[] _ends;

    /// <summary>Creates a row over concatenated cells.</summary>
    /// <param name="index">0-based position in the source.</param>
    /// <param name="line">1-based line where the record starts, 0 when the source has no lines.</param>
    /// <param name="columns">The columns of the cells.</param>
    /// <param name="data">All cells one after another, UTF-8.</param>
    /// <param name="ends">For each column the end of its cell in <paramref name="data"/>.</param>
    public Row(long index, long line, RowColumns columns, byte[] data, int[] ends)
    {
        Index = index;
        Line = line;
        Columns = columns;
        _data = data;
        _ends = ends;
    }

    /// <summary>0-based position in the source.</summary>
    public long Index { get; }

    /// <summary>1-based line where the record starts, 0 when the source has no lines.</summary>
    public long Line { get; }

    /// <summary>The columns of this row.</summary>
    public RowColumns Columns { get; }

    /// <summary>Bytes of all cells together.</summary>
    public int Size => _ends.Length == 0 ? 0 : _ends[^1];

    /// <summary>The bytes of one cell: UTF-8 text, or one JSON value, by <see cref="RowColumns.Format"/>.</summary>
    public ReadOnlySpan<byte> this[int column] =>
        _data.AsSpan(column == 0 ? 0 : _ends[column - 1], _ends[column] - (column == 0 ? 0 : _ends[column - 1]));
}
