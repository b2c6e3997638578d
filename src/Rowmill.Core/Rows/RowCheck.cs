using System.Text;

namespace Rowmill.Core.Rows;

/// <summary>The job's own check of a row before it is sent: the columns under <c>require</c> must hold something.</summary>
internal sealed class RowCheck(IReadOnlyList<string> require)
{
    private static readonly string[] s_spreadsheetErrors = ["#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"];

    private readonly int[] _columns = new int[require.Count];
    private readonly ByteBuffer _text = new();
    private RowColumns? _lastColumns;

    /// <summary>Why the row is invalid, such as <c>artist is blank</c>, with every reason; null when it can be sent.</summary>
    public string? Check(Row row)
    {
        if (!ReferenceEquals(row.Columns, _lastColumns))
        {
            for (var i = 0; i < _columns.Length; i++) _columns[i] = row.Columns.IndexOf(require[i]);
            _lastColumns = row.Columns;
        }

        string? reasons = null;
        for (var i = 0; i < _columns.Length; i++)
        {
            var fault = _columns[i] < 0 ? "missing" : Fault(row[_columns[i]], row.Columns.Format);
            if (fault is not null) reasons = (reasons is null ? "" : reasons + "; ") + $"{require[i]} is {fault}";
        }

        return reasons;
    }

    private string? Fault(ReadOnlySpan<byte> cell, CellFormat format)
    {
        if (format == CellFormat.Json)
        {
            if (cell.SequenceEqual("null"u8)) return "missing";
            if (cell is not [(byte)'"', ..]) return null;
            _text.Clear();
            CanonicalJson.AppendText(_text, cell);
            cell = _text.Written;
        }

        cell = Trim(cell);
        if (cell.Length == 0) return "blank";
        if (cell.Length == 4 && Ascii.EqualsIgnoreCase(cell, "NULL"u8)) return "NULL";
        if (cell[0] != '#') return null;
        foreach (var error in s_spreadsheetErrors)
        {
            if (Ascii.Equals(cell, error)) return error;
        }

        return null;
    }

    /// <summary>Removes white space of any script (no-break and ideographic spaces too) from both ends.</summary>
    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        while (text.Length > 0)
        {
            if (text[0] is > (byte)' ' and < 0x80) break;
            Rune.DecodeFromUtf8(text, out var rune, out var length);
            if (!Rune.IsWhiteSpace(rune)) break;
            text = text[length..];
        }

        while (text.Length > 0)
        {
            if (text[^1] is > (byte)' ' and < 0x80) break;
            Rune.DecodeLastFromUtf8(text, out var rune, out var length);
            if (!Rune.IsWhiteSpace(rune)) break;
            text = text[..^length];
        }

        return text;
    }
}
