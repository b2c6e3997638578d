namespace Rowmill.Core.Replies;

/// <summary>A place in a reply where JSON begins.</summary>
/// <param name="Start">Its first bracket.</param>
/// <param name="Skip">How far it goes.</param>
/// <param name="Level">How many brackets were closed before it that nothing had opened: what stood there belonged deeper than what follows.</param>
/// <param name="IsFree">
/// Whether it stands by itself. What follows the break of another document, or a name and a colon, may be a part of an answer: it
/// counts only when it is a whole reply of its own.
/// </param>
internal readonly record struct JsonFound(int Start, JsonSkip Skip, int Level, bool IsFree);

/// <summary>Finds the JSON in what a model wrote, in time linear in the text.</summary>
internal static class JsonFinder
{
    /// <summary>Deeper documents are not read: more than any answer needs, and safe to walk.</summary>
    public const int MaxDepth = 128;

    // How models mark that they think aloud: DeepSeek, Qwen and others; prompts for Claude; Gemma; Magistral.
    private static readonly (byte[] Open, byte[] Close)[] s_thinking =
    [
        ("<think>"u8.ToArray(), "</think>"u8.ToArray()), ("<thinking>"u8.ToArray(), "</thinking>"u8.ToArray()),
        ("<thought>"u8.ToArray(), "</thought>"u8.ToArray()), ("[THINK]"u8.ToArray(), "[/THINK]"u8.ToArray()),
    ];

    /// <summary>
    /// The text between its first and its last bracket, when there is nothing around but white space, a byte order mark or a fence: the
    /// usual reply. Empty otherwise; whether it is one document only a parser can tell.
    /// </summary>
    public static ReadOnlyMemory<byte> Only(ReadOnlyMemory<byte> text)
    {
        var span = text.Span;
        var start = span.IndexOfAny("{["u8);
        var end = span.LastIndexOfAny("}]"u8);
        if (start < 0 || end <= start) return default;
        var before = span[..start].Trim("\uFEFF \t\r\n"u8);
        var isFence = before.StartsWith("```"u8) && before.IndexOfAny("\n<"u8) < 0;
        return (before.IsEmpty || isFence) && !span[end..].Contains((byte)'<') ? text[start..(end + 1)] : default;
    }

    /// <summary>
    /// Every document outside thinking, in order. A thinking block begins a line; one that does not end holds the rest of the reply, and
    /// one whose beginning the service has cut off holds all before its end.
    /// </summary>
    /// <param name="text">The reply.</param>
    /// <param name="isRowsReserved">Whether "rows" names nothing within an answer, so that it always begins a reply.</param>
    /// <param name="isThinking">Whether the reply ends within its thinking.</param>
    public static List<JsonFound> Find(ReadOnlySpan<byte> text, bool isRowsReserved, out bool isThinking)
    {
        isThinking = false;
        var found = new List<JsonFound>();
        // Broken documents are looked through once more, to see where they end; all of them together at most once.
        long budget = text.Length;
        var level = 0;
        var freeFrom = 0;
        for (var at = 0; ;)
        {
            var next = text[at..].IndexOfAny("{[<"u8);
            if (next < 0) return found;
            at += next;
            if (text[at] != '{' && ThinkingEnd(text, at) is { } end)
            {
                if (end < 0)
                {
                    isThinking = true;
                    return found;
                }

                if (text[at + 1] == '/') found.Clear();
                (at, level, freeFrom) = (end, 0, 0);
                continue;
            }

            if (text[at] == '<')
            {
                at++;
                continue;
            }

            var start = at;
            var skip = JsonSkipper.Skip(text, start);
            at = Math.Max(skip.End, start + 1);
            if (!skip.IsWhole && !skip.IsNamed) continue;
            var isFree = start >= freeFrom && !IsMember(text[..start], isRowsReserved);
            if (isFree || (isRowsReserved && text[start] == '{' && text[start..at].IndexOf("\"rows\""u8) > 0))
                found.Add(new JsonFound(start, skip, level, isFree));
            if (skip.IsWhole)
            {
                if (start >= freeFrom) at = SkipClosed(text, at, ref level);
            }
            else
            {
                var brokenEnd = JsonSkipper.SkipBroken(text, start, ref budget);
                freeFrom = Math.Max(freeFrom, brokenEnd < 0 ? int.MaxValue : brokenEnd);
            }
        }
    }

    /// <summary>Where thinking ends that begins here, or whose end is here; -1 when it does not end, null when there is none.</summary>
    private static int? ThinkingEnd(ReadOnlySpan<byte> text, int at)
    {
        foreach (var (open, close) in s_thinking)
        {
            if (text[at..].StartsWith(close)) return at + close.Length;
            if (!text[at..].StartsWith(open)) continue;
            var line = text[..at].TrimEnd(" \t"u8);
            if (!line.IsEmpty && line[^1] != '\n' && !line.SequenceEqual("\uFEFF"u8)) continue;
            var end = text[at..].IndexOf(close);
            return end < 0 ? -1 : at + end + close.Length;
        }

        return null;
    }

    /// <summary>Whether a name and a colon stand before: what follows is a part of something whose beginning is broken.</summary>
    private static bool IsMember(ReadOnlySpan<byte> before, bool isRowsReserved)
    {
        before = before.TrimEnd(" \t\r\n"u8);
        if (before is not [.., (byte)':']) return false;
        before = before[..^1].TrimEnd(" \t\r\n"u8);
        return before is [.., (byte)'"'] && !(isRowsReserved && before.EndsWith("\"rows\""u8));
    }

    /// <summary>Passes brackets that close what nothing has opened.</summary>
    private static int SkipClosed(ReadOnlySpan<byte> text, int at, ref int level)
    {
        var end = at;
        for (; at < text.Length && text[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)',' or (byte)']' or (byte)'}'; at++)
        {
            if (text[at] is not ((byte)']' or (byte)'}')) continue;
            level++;
            end = at + 1;
        }

        return end;
    }
}
