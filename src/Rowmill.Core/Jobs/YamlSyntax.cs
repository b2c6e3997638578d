using YamlDotNet.Core;

namespace Rowmill.Core.Jobs;

/// <summary>Says in a person's words what a YAML parser stumbled over.</summary>
internal static class YamlSyntax
{
    /// <summary>Reports a syntax error with its line and, where it is a usual one, its remedy.</summary>
    public static void Report(YamlException e, string text, JobFileProblems problems)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var line = Math.Clamp((int)e.Start.Line, 1, Math.Max(1, lines.Length));
        if (TabLine(lines, line, e.Message.Contains(" tab ", StringComparison.Ordinal)) is { } tab)
        {
            problems.Add(tab, null, "A tab indents this line; YAML allows spaces only.", "Replace the tab with two spaces.");
            return;
        }

        problems.Add(line, null, $"This is not YAML: {Said(e)}.", Fix(e.Message, lines[line - 1]));
    }

    // The parser may notice a tab only on the line after, or name the line where the mapping around it began.
    private static int? TabLine(string[] lines, int line, bool certain)
    {
        var candidates = certain ? Enumerable.Range(line, lines.Length - line + 1) : [line, line + 1, line - 1];
        foreach (var candidate in candidates)
        {
            if (candidate < 1 || candidate > lines.Length) continue;
            var text = lines[candidate - 1];
            if (text.AsSpan(0, text.Length - text.AsSpan().TrimStart(" \t").Length).Contains('\t')) return candidate;
        }

        return null;
    }

    private static string Said(YamlException e)
    {
        var message = e.Message.Trim().TrimEnd('.', '!');
        // "(Line: 3, Col: 1, Idx: 20) - (Line: 3, Col: 1, Idx: 20): While parsing …" in some versions.
        var colon = message.StartsWith('(') ? message.IndexOf("): ", StringComparison.Ordinal) : -1;
        if (colon >= 0) message = message[(colon + 3)..];
        return message.Length == 0 ? "it cannot be read" : char.ToLowerInvariant(message[0]) + message[1..];
    }

    private static string Fix(string message, string line)
    {
        if (message.Contains("nested deeper", StringComparison.Ordinal)) return "Check the brackets.";
        var value = line[(line.IndexOf(": ", StringComparison.Ordinal) + 1)..].TrimStart();
        if (value.StartsWith('@') || value.StartsWith('`') || value.StartsWith('%')) return "Put the value in quotes.";
        if (value.StartsWith('{') || value.StartsWith('[')) return "Check that every bracket is closed, or put the value in quotes.";
        if (value.StartsWith('"') || value.StartsWith('\'')) return "Check that the quotes are closed and nothing follows them.";
        if (value.Contains(": ", StringComparison.Ordinal) || value.EndsWith(':')) return "Put the value in quotes: it holds a colon.";
        return "Check the indentation of this line and the one before, and that brackets and quotes are closed.";
    }
}
