using System.Text.Json;

namespace Rowmill.Core.Replies;

/// <summary>Finds the JSON in what a model wrote.</summary>
internal static class JsonFinder
{
    private static readonly JsonReaderOptions s_options = new() { AllowTrailingCommas = true, MaxDepth = 128 };

    /// <summary>What follows the last thinking block of a model that thinks aloud; the whole text where there is none.</summary>
    public static ReadOnlyMemory<byte> AfterThinking(ReadOnlyMemory<byte> text)
    {
        if (!text.Span.TrimStart(" \t\r\n"u8).StartsWith("<think"u8)) return text;
        var end = text.Span.LastIndexOf("</think>"u8);
        return end < 0 ? text : text[(end + "</think>"u8.Length)..];
    }

    /// <summary>The text from its first brace or bracket to its last: without fences, prose, byte order marks or white space.</summary>
    public static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> text)
    {
        var start = text.Span.IndexOfAny("{["u8);
        if (start < 0) return default;
        var end = text.Span.LastIndexOfAny("}]"u8);
        return end <= start ? text[start..] : text[start..(end + 1)];
    }

    /// <summary>
    /// The whole objects in the first array of a text that is not one whole document, up to where it breaks: the entries of a
    /// truncated reply. Where there is no array, the whole objects at the top.
    /// </summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Entries(ReadOnlyMemory<byte> text)
    {
        var entries = new List<ReadOnlyMemory<byte>>();
        var array = ArrayStart(text.Span);
        var at = array < 0 ? 0 : array + 1;
        while (true)
        {
            var brace = text.Span[at..].IndexOf((byte)'{');
            if (brace < 0) return entries;
            at += brace;
            var length = ObjectLength(text.Span[at..]);
            if (length <= 0) return entries;
            entries.Add(text.Slice(at, length));
            at += length;
        }
    }

    /// <summary>Where the array of entries begins: after the key "rows", or the first bracket before any brace.</summary>
    private static int ArrayStart(ReadOnlySpan<byte> text)
    {
        var key = text.IndexOf("\"rows\""u8);
        var from = key < 0 ? 0 : key;
        var bracket = text[from..].IndexOf((byte)'[');
        return bracket < 0 ? -1 : key < 0 && text[..bracket].Contains((byte)'{') ? -1 : from + bracket;
    }

    /// <summary>The length of the JSON object at the start of a text, or 0 when it is broken or breaks off.</summary>
    private static int ObjectLength(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, isFinalBlock: false, new JsonReaderState(s_options));
        try
        {
            return reader.Read() && reader.TrySkip() ? (int)reader.BytesConsumed : 0;
        }
        catch (JsonException)
        {
            return 0;
        }
    }
}
