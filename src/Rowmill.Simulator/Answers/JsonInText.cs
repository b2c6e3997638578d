using System.Text.Json;

namespace Rowmill.Simulator.Answers;

/// <summary>Finds JSON objects in text that may hold anything else.</summary>
internal static class JsonInText
{
    /// <summary>Text that is no JSON gets this many attempts.</summary>
    private const int MaxAttempts = 256;

    /// <summary>The outermost objects in order; the caller disposes each.</summary>
    public static IEnumerable<JsonDocument> Objects(ReadOnlyMemory<byte> text)
    {
        var at = 0;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var next = text.Span[at..].IndexOf((byte)'{');
            if (next < 0) yield break;
            at += next;
            var (document, length) = Parse(text[at..]);
            at += length;
            if (document is not null) yield return document;
        }
    }

    private static (JsonDocument? Document, int Length) Parse(ReadOnlyMemory<byte> text)
    {
        var reader = new Utf8JsonReader(text.Span);
        try
        {
            return JsonDocument.TryParseValue(ref reader, out var document) ? (document, (int)reader.BytesConsumed) : (null, 1);
        }
        catch (JsonException)
        {
            return (null, 1);
        }
    }
}
