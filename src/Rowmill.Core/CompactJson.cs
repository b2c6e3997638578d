using System.Text.Encodings.Web;
using System.Text.Json;

namespace Rowmill.Core;

/// <summary>JSON as this project writes it: compact, letters left as they are.</summary>
internal static class CompactJson
{
    /// <summary>Writer options for compact JSON with unescaped letters.</summary>
    public static JsonWriterOptions Writer { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A JSON string, quotes included, UTF-8.</summary>
    public static byte[] Quote(string text)
    {
        var encoded = JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes;
        var quoted = new byte[encoded.Length + 2];
        quoted[0] = (byte)'"';
        encoded.CopyTo(quoted.AsSpan(1));
        quoted[^1] = (byte)'"';
        return quoted;
    }
}
