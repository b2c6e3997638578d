using System.Text.Json;
using System.Text.Unicode;

namespace Rowmill.Simulator.Protocol;

/// <summary>A request's body as JSON.</summary>
internal static class JsonBody
{
    /// <summary>What is read of a body; null when that is no JSON object.</summary>
    /// <param name="body">The bytes.</param>
    /// <param name="read">Reads the object; what it returns must not hold on to it.</param>
    /// <param name="with">For <paramref name="read"/>.</param>
    public static T? Read<TWith, T>(ReadOnlyMemory<byte> body, Func<JsonElement, TWith, T> read, TWith with)
        where T : struct
    {
        if (!Utf8.IsValid(body.Span)) return null;
        try
        {
            using var document = JsonDocument.Parse(body, Json.Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(document.RootElement, with) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped half of a surrogate pair, which no string can hold.
            return null;
        }
    }
}
