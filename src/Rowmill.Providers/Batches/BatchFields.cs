using System.Globalization;
using System.Text.Json;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Batches;

/// <summary>Takes fields out of a batch; what is absent or of another kind is null.</summary>
internal static class BatchFields
{
    /// <summary>The object of a name.</summary>
    public static JsonElement? Within(this JsonElement parent, string name) =>
        parent.ValueKind is JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Object ? value : null;

    /// <summary>The string of a name; null when it is blank.</summary>
    public static string? Word(this JsonElement parent, string name) =>
        parent.ValueKind is JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? JsonText.Of(value) : null;

    /// <summary>A count, as a number or (Google) as a string.</summary>
    public static long? Count(this JsonElement parent, string name) =>
        parent.ValueKind is JsonValueKind.Object && parent.TryGetProperty(name, out var value)
        && long.TryParse(JsonText.Of(value), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;

    /// <summary>A time in seconds since 1970.</summary>
    public static DateTimeOffset? Seconds(this JsonElement parent, string name) =>
        parent.Count(name) is { } seconds and > 0 && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    /// <summary>A time as RFC 3339 writes it.</summary>
    public static DateTimeOffset? Time(this JsonElement parent, string name) =>
        parent.ValueKind is JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String
        && value.TryGetDateTimeOffset(out var time) ? time : null;
}
