using System.Text;

namespace Rowmill.SystemTests.Support;

/// <summary>Reads RFC 4180 text the plain way, to judge what the program wrote by other means than its own.</summary>
internal static class CsvTable
{
    public static IReadOnlyList<IReadOnlyList<string>> Parse(string text)
    {
        var records = new List<IReadOnlyList<string>>();
        var cells = new List<string>();
        var cell = new StringBuilder();
        var quoted = false;
        var at = text.StartsWith('\uFEFF') ? 1 : 0;
        for (; at < text.Length; at++)
        {
            var c = text[at];
            if (quoted)
            {
                if (c != '"') cell.Append(c);
                else if (at + 1 < text.Length && text[at + 1] == '"') cell.Append(text[++at]);
                else quoted = false;
            }
            else if (c == '"') quoted = true;
            else if (c is ',' or '\n')
            {
                cells.Add(cell.ToString());
                cell.Clear();
                if (c == ',') continue;
                records.Add([.. cells]);
                cells.Clear();
            }
            else if (c != '\r' || at + 1 == text.Length || text[at + 1] != '\n') cell.Append(c);
        }

        if (cells.Count == 0 && cell.Length == 0) return records;
        records.Add([.. cells, cell.ToString()]);
        return records;
    }

    /// <summary>The records as a labelled table keeps them: each source column, in order, before what was added.</summary>
    public static void AssertKept(IReadOnlyList<IReadOnlyList<string>> source, IReadOnlyList<IReadOnlyList<string>> output)
    {
        Assert.Equal(source.Count, output.Count);
        for (var i = 0; i < source.Count; i++) Assert.Equal(source[i], output[i].Take(source[i].Count));
    }
}
