namespace Rowmill.Core.Replies;

/// <summary>What a document's surroundings say of it.</summary>
internal enum JsonTrust
{
    /// <summary>It stands by itself: it is what it says.</summary>
    Free,

    /// <summary>
    /// It stands behind the break of another document, behind a name and a colon, or before brackets that nothing has opened. It may be a
    /// part of an answer, which can look like one, so it counts only as a whole reply of its own.
    /// </summary>
    Part,

    /// <summary>It follows the name "rows", whose own object has lost its beginning.</summary>
    Rows,

    /// <summary>What should be behind its end goes on as if it had not ended: it is not what it seems.</summary>
    Doubtful,
}

/// <summary>A place in a reply where JSON begins.</summary>
/// <param name="Start">Its first bracket.</param>
/// <param name="Skip">How far it goes.</param>
/// <param name="Trust">What its surroundings say of it.</param>
internal readonly record struct JsonFound(int Start, JsonSkip Skip, JsonTrust Trust);

/// <summary>Finds the JSON in what a model wrote, in time linear in the text.</summary>
internal static partial class JsonFinder
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
        return (before.IsEmpty || isFence) && span[end..].IndexOfAny("{[<"u8) < 0 ? text[start..(end + 1)] : default;
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
        var search = new Search { Budget = text.Length, IsRowsReserved = isRowsReserved };
        for (var at = 0; ;)
        {
            var next = text[at..].IndexOfAny("{[<"u8);
            if (next < 0) return search.Found;
            at += next;
            if (text[at] != '{' && ThinkingEnd(text, at) is { } end)
            {
                isThinking = end < 0;
                if (isThinking) return search.Found;
                if (text[at + 1] == '/') search.Found.Clear();
                search.Restart();
                at = end;
            }
            else
            {
                at = text[at] == '<' ? at + 1 : search.Read(text, at);
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
            // Byte order marks have no width.
            var line = text[..at].TrimEnd(" \t\uFEFF"u8);
            if (!line.IsEmpty && line[^1] != '\n') continue;
            var end = text[at..].IndexOf(close);
            return end < 0 ? -1 : at + end + close.Length;
        }

        return null;
    }
}
