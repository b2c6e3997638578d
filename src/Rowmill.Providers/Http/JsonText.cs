using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Rowmill.Providers.Http;

/// <summary>Takes strings out of JSON.</summary>
internal static class JsonText
{
    /// <summary>The unescaped bytes of the string the reader stands on. Never throws for what the string holds.</summary>
    public static byte[] Copy(ref Utf8JsonReader json)
    {
        if (json.ValueSpan.IsEmpty) return [];
        // Unescaping only shortens.
        var rented = ArrayPool<byte>.Shared.Rent(json.ValueSpan.Length);
        try
        {
            return rented.AsSpan(0, json.CopyString(rented)).ToArray();
        }
        catch (InvalidOperationException)
        {
            return Mend(json.ValueSpan);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>True when the bytes are the beginning of JSON that goes on: the rest was lost on the way.</summary>
    public static bool IsCutOff(ReadOnlySpan<byte> body)
    {
        try
        {
            var json = new Utf8JsonReader(body, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 256 }));
            while (json.Read())
            {
                // To the last whole token.
            }

            return body.Length > 0 && (json.CurrentDepth > 0 || json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>
    /// The beginning of JSON, closed where it breaks off: an open string ends with its last whole character, and whatever is open behind it
    /// ends too.
    /// </summary>
    /// <returns>Null when it breaks off outside a string: then nothing in it was cut that would be whole otherwise.</returns>
    public static byte[]? Closed(ReadOnlySpan<byte> body)
    {
        var open = new List<byte>();
        var inString = false;
        var good = 0; // the end of the last whole character of the open string
        for (var i = 0; i < body.Length; i++)
        {
            var c = body[i];
            if (inString)
            {
                if (c == '\\')
                {
                    var length = i + 1 < body.Length && body[i + 1] == 'u' ? 6 : 2;
                    if (i + length > body.Length) break;
                    i += length - 1;
                }
                else if (c == '"')
                {
                    inString = false;
                }

                // A character of several bytes is whole where the next one begins.
                if (i + 1 == body.Length || (body[i + 1] & 0xC0) != 0x80) good = i + 1;
            }
            else if (c == '"')
            {
                (inString, good) = (true, i + 1);
            }
            else if (c is (byte)'{' or (byte)'[')
            {
                open.Add(c == '{' ? (byte)'}' : (byte)']');
            }
            else if (c is (byte)'}' or (byte)']')
            {
                if (open.Count == 0) return null;
                open.RemoveAt(open.Count - 1);
            }
        }

        if (!inString) return null;
        open.Reverse();
        return [.. body[..Rune(body, good)], (byte)'"', .. open];

        // At the end of the bytes the last character may be cut itself.
        static int Rune(ReadOnlySpan<byte> body, int end) =>
            end == body.Length && System.Text.Rune.DecodeLastFromUtf8(body[..end], out _, out var bytes) != OperationStatus.Done ? end - bytes : end;
    }

    /// <summary>A property as text, whatever it is: a string's value or raw JSON; null when it is absent, null or blank.</summary>
    public static string? Of(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) ? Of(value) : null;

    /// <summary>A value as text, as above.</summary>
    public static string? Of(JsonElement value)
    {
        try
        {
            var text = value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Null or JsonValueKind.Undefined => null,
                _ => value.GetRawText(),
            };
            return string.IsNullOrWhiteSpace(text) ? null : text;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, shown as it was escaped, or bytes that are no UTF-8.
            return Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(value));
        }
    }

    /// <summary>A reader that stands in the one object a body is; the body loses its byte order mark.</summary>
    /// <exception cref="JsonException">It is no object.</exception>
    public static Utf8JsonReader Open(ref ReadOnlySpan<byte> body)
    {
        if (body.StartsWith("\uFEFF"u8)) body = body[3..];
        var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 256 });
        return json.Read() && json.TokenType is JsonTokenType.StartObject ? json : throw new JsonException("not an object");
    }

    /// <summary>Passes over the value behind a property's name, and tells where in the body it is written; empty for null.</summary>
    public static Range ReadPlace(ref Utf8JsonReader json)
    {
        json.Read();
        var from = (int)json.TokenStartIndex;
        if (json.TokenType is JsonTokenType.Null) return from..from;
        json.Skip();
        return from..(int)json.BytesConsumed;
    }

    /// <summary>Reads the value behind a property's name: whether there is any but null.</summary>
    public static bool ReadPresence(ref Utf8JsonReader json)
    {
        json.Read();
        var present = json.TokenType is not JsonTokenType.Null;
        json.Skip();
        return present;
    }

    /// <summary>Reads the value behind a property's name as a count; -1 for a number that is none, null for anything else.</summary>
    public static long? ReadCount(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType is JsonTokenType.Number) return json.TryGetInt64(out var count) ? count : -1;
        json.Skip();
        return null;
    }

    /// <summary>Reads the value behind a property's name as a string's bytes; null for anything else.</summary>
    public static byte[]? ReadBytes(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType is JsonTokenType.String) return Copy(ref json);
        json.Skip();
        return null;
    }

    /// <summary>Reads the value behind a property's name as a string; null for anything else.</summary>
    public static string? ReadString(ref Utf8JsonReader json) => ReadBytes(ref json) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Reads the value behind a property's name as an object: true when the reader stands at its beginning, otherwise it is passed over.</summary>
    public static bool EntersObject(ref Utf8JsonReader json) => Enters(ref json, JsonTokenType.StartObject);

    /// <summary>The same for an array.</summary>
    public static bool EntersArray(ref Utf8JsonReader json) => Enters(ref json, JsonTokenType.StartArray);

    private static bool Enters(ref Utf8JsonReader json, JsonTokenType start)
    {
        json.Read();
        if (json.TokenType == start) return true;
        json.Skip();
        return false;
    }

    // A model that stops inside an emoji leaves half a surrogate pair: everything else of its text is still good.
    private static byte[] Mend(ReadOnlySpan<byte> escaped)
    {
        var text = Encoding.UTF8.GetString(escaped);
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            result.Append(text[i] switch
            {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\b',
                'f' => '\f',
                'u' => (char)ushort.Parse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                var c => c,
            });
            if (text[i] == 'u') i += 4;
        }

        return Encoding.UTF8.GetBytes(result.ToString());
    }
}
