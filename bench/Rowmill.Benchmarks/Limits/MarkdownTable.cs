namespace Rowmill.Benchmarks.Limits;

/// <summary>A Markdown table whose columns are aligned in the text too; those after the first may be to the right.</summary>
internal sealed class MarkdownTable(params string[] head)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Columns to the left; the others are numbers.</summary>
    public int Words { get; init; } = 1;

    public void Add(params string[] cells) => _rows.Add(cells);

    public void Write(TextWriter to)
    {
        var widths = head.Select((h, i) => Math.Max(Math.Max(3, h.Length), _rows.Select(r => r[i].Length).DefaultIfEmpty().Max())).ToArray();
        Line(head);
        to.WriteLine("|" + string.Concat(widths.Select((w, i) => i < Words ? $"{new string('-', w + 2)}|" : $"{new string('-', w + 1)}:|")));
        foreach (var row in _rows) Line(row);

        void Line(string[] cells) =>
            to.WriteLine("|" + string.Concat(cells.Select((c, i) => i < Words ? $" {c.PadRight(widths[i])} |" : $" {c.PadLeft(widths[i])} |")));
    }
}
