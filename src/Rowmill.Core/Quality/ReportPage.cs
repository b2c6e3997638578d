using System.Globalization;

namespace Rowmill.Core.Quality;

/// <summary>How a report is written.</summary>
public enum ReportForm
{
    /// <summary>For a screen.</summary>
    Plain,

    /// <summary>Markdown, for a file.</summary>
    Markdown,
}

/// <summary>Writes headings, sentences and tables, for a screen or as Markdown.</summary>
/// <param name="to">Where to.</param>
/// <param name="form">How.</param>
internal sealed class ReportPage(TextWriter to, ReportForm form)
{
    private bool _open;

    private bool IsMarkdown => form == ReportForm.Markdown;

    /// <summary>A heading; 1 is the report's own.</summary>
    public void Heading(int level, string text)
    {
        Blank();
        Write(IsMarkdown ? $"{new string('#', level)} {Escape(text)}" : text);
        if (IsMarkdown) Blank();
    }

    /// <summary>A sentence of its own.</summary>
    public void Line(string text) => Write(IsMarkdown ? $"- {Escape(text)}" : $"  {text}");

    /// <summary>A sentence that must not be missed.</summary>
    public void Warning(string text) => Write(IsMarkdown ? $"- **WARNING: {Escape(text)}**" : $"  WARNING: {text}");

    /// <summary>A table; its first column is text, the others are figures.</summary>
    public void Table(IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows)
    {
        var all = rows.Prepend(head).Select(r => r.Select(c => IsMarkdown ? Escape(c).Replace("|", "\\|", StringComparison.Ordinal) : c).ToList()).ToList();
        var widths = head.Select((_, c) => all.Max(r => r[c].Length)).ToList();
        Blank();
        foreach (var (number, row) in all.Index())
        {
            var cells = row.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]));
            Write(IsMarkdown ? $"| {string.Join(" | ", cells)} |" : $"    {string.Join("  ", cells)}".TrimEnd());
            if (number == 0 && IsMarkdown) Write($"|{string.Join('|', widths.Select((w, c) => c == 0 ? new string('-', w + 2) : new string('-', w + 1) + ":"))}|");
        }

        Blank();
    }

    /// <summary>A figure of two decimals; <c>n/a</c> where it is not defined.</summary>
    public static string Figure(double? value) => value is { } v ? v.ToString("0.00", CultureInfo.InvariantCulture) : "n/a";

    private void Write(string line)
    {
        to.WriteLine(line);
        _open = true;
    }

    /// <summary>An empty line, unless one stands there already.</summary>
    private void Blank()
    {
        if (_open) to.WriteLine();
        _open = false;
    }

    /// <summary>Data is no markup.</summary>
    private static string Escape(string text) =>
        text.ReplaceLineEndings(" ").Replace("*", "\\*", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
