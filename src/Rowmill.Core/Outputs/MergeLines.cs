using System.Text;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Outputs;

/// <summary>Writes rows of several files as lines of one.</summary>
internal interface IMergeLines
{
    /// <summary>Writes what stands before the first row.</summary>
    void AppendHeader(ByteBuffer target);

    /// <summary>Writes a row with its line end.</summary>
    void Append(ByteBuffer target, Row row);
}

/// <summary>CSV in the form of the first file: its delimiter, its line ends, its order of columns.</summary>
internal sealed class CsvMergeLines(IReadOnlyList<string> columns, char delimiter, string newLine, bool bom) : IMergeLines
{
    private readonly CsvText _csv = new(delimiter, newLine);
    private readonly int[] _positions = new int[columns.Count];
    private RowColumns? _lastColumns;

    public void AppendHeader(ByteBuffer target)
    {
        if (bom) target.Append("\uFEFF"u8);
        foreach (var name in columns) _csv.AppendCell(target, Encoding.UTF8.GetBytes(name));
        _csv.EndLine(target);
    }

    public void Append(ByteBuffer target, Row row)
    {
        if (!ReferenceEquals(row.Columns, _lastColumns))
        {
            for (var i = 0; i < _positions.Length; i++) _positions[i] = row.Columns.IndexOf(columns[i]);
            _lastColumns = row.Columns;
        }

        foreach (var position in _positions) _csv.AppendCell(target, row[position]);
        _csv.EndLine(target);
    }
}

/// <summary>JSON objects, each with the properties of its row in their order and as they were written.</summary>
internal sealed class JsonlMergeLines : IMergeLines
{
    public void AppendHeader(ByteBuffer target)
    {
    }

    public void Append(ByteBuffer target, Row row)
    {
        var names = row.Columns.Names;
        target.Append((byte)'{');
        for (var i = 0; i < names.Count; i++)
        {
            if (i > 0) target.Append((byte)',');
            CanonicalJson.AppendString(target, names[i]);
            target.Append((byte)':');
            target.Append(row[i]);
        }

        target.Append("}\n"u8);
    }
}
