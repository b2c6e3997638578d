using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>Strings of a parsed JSON document as UTF-8, decoded only where they hold an escape.</summary>
internal static class JsonStrings
{
    private static readonly SearchValues<byte> s_brackets = SearchValues.Create("{}[]"u8);

    /// <summary>A string's content; false when an escape names half of a surrogate pair, which no text can hold.</summary>
    public static bool TryContent(JsonElement text, out ReadOnlySpan<byte> content)
    {
        var raw = JsonMarshal.GetRawUtf8Value(text);
        return TryUnescape(raw[1..^1], out content);
    }

    /// <summary>A property's name; false when an escape names half of a surrogate pair.</summary>
    public static bool TryName(JsonProperty property, out ReadOnlySpan<byte> name) =>
        TryUnescape(JsonMarshal.GetRawUtf8PropertyName(property), out name);

    /// <summary>The text between the quotes of a JSON string, decoded.</summary>
    public static bool TryUnescape(ReadOnlySpan<byte> inner, out ReadOnlySpan<byte> content)
    {
        content = inner;
        if (inner.IndexOf((byte)'\\') < 0) return true;
        var quoted = new byte[inner.Length + 2];
        quoted[0] = quoted[^1] = (byte)'"';
        inner.CopyTo(quoted.AsSpan(1));
        var reader = new Utf8JsonReader(quoted);
        reader.Read();
        var decoded = new byte[inner.Length];
        try
        {
            content = decoded.AsSpan(0, reader.CopyString(decoded));
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>
    /// Whether an unknown name holds brackets. A lost quote makes a name of all that stands up to the next one, the borders between
    /// entries included: what follows such a name may belong to another row.
    /// </summary>
    public static bool IsTornName(ReadOnlySpan<byte> name) => name.IndexOfAny(s_brackets) >= 0;

    /// <summary>Number of Unicode code points in valid UTF-8, which is how JSON Schema counts a string's length.</summary>
    public static int CodePoints(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var b in text)
        {
            if ((b & 0xC0) != 0x80) count++;
        }

        return count;
    }
}
