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
