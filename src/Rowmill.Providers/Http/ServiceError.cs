using System.Text;
using System.Text.Json;
using Rowmill.Providers.Limits;

namespace Rowmill.Providers.Http;

/// <summary>What a service says went wrong, out of whichever envelope it uses.</summary>
internal sealed record ServiceError
{
    /// <summary>Its words; null when it has none.</summary>
    public string? Message { get; private init; }

    public string? Type { get; private init; }

    /// <summary>The code as text; some services send a number, Anthropic an <c>error_code</c> among the details.</summary>
    public string? Code { get; private init; }

    /// <summary>The parameter it complains of.</summary>
    public string? Param { get; private init; }

    /// <summary>Google's name of the error, such as RESOURCE_EXHAUSTED.</summary>
    public string? Status { get; private init; }

    /// <summary>Google's name of the reason, such as API_KEY_INVALID (google.rpc.ErrorInfo).</summary>
    public string? Reason { get; private init; }

    /// <summary>What the model wrote before its output was refused (Groq).</summary>
    public string? FailedGeneration { get; private init; }

    /// <summary>What Google says of its quotas; null when it says nothing.</summary>
    public GoogleQuota? Quota { get; private init; }

    /// <summary>
    /// Reads an error body: <c>{"error":{…}}</c>, <c>[{"error":{…}}]</c>, <c>{"error":"text"}</c>, flat <c>{"message":…,"code":400}</c>,
    /// <c>{"detail":…}</c>, an HTML page (its title), or plain text; the content type is not believed.
    /// </summary>
    public static ServiceError Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return FromJson(json.RootElement);
        }
        catch (JsonException)
        {
            if (LastLine(body) is { IsEmpty: false } last) return Read(last);
            return new ServiceError { Message = FromText(Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, 16384)])) };
        }
    }

    /// <summary>The last of several lines when it is an object, otherwise nothing: a stream of JSON ends with its error.</summary>
    private static ReadOnlyMemory<byte> LastLine(ReadOnlyMemory<byte> body)
    {
        var text = body.Span.TrimEnd("\r\n "u8);
        var start = text.LastIndexOf((byte)'\n') + 1;
        return start > 0 && text[start..] is [(byte)'{', .., (byte)'}'] ? body[start..text.Length] : default;
    }

    private static ServiceError FromJson(JsonElement root)
    {
        if (root.ValueKind is JsonValueKind.Array && root.GetArrayLength() > 0) root = root[0];
        if (root.ValueKind is not JsonValueKind.Object) return new ServiceError { Message = JsonText.Of(root) };
        var error = root;
        if (root.TryGetProperty("error", out var inner) && inner.ValueKind is not JsonValueKind.Null)
        {
            if (inner.ValueKind is not JsonValueKind.Object)
                return new ServiceError { Message = JsonText.Of(inner), Code = JsonText.Of(root, "code") };
            error = inner;
        }

        return new ServiceError
        {
            Message = JsonText.Of(error, "message") ?? JsonText.Of(error, "detail") ?? JsonText.Of(root, "message"),
            Type = JsonText.Of(error, "type"),
            // Azure tells its filter within, where its own code is another.
            Code = Within(error) ?? JsonText.Of(error, "code") ?? JsonText.Of(error, "error_code") ?? InDetails(error, "error_code"),
            Param = JsonText.Of(error, "param"),
            Status = JsonText.Of(error, "status"),
            Reason = InDetails(error, "reason"),
            FailedGeneration = JsonText.Of(error, "failed_generation"),
            Quota = GoogleQuota.Read(error),
        };
    }

    // Google's details are a list, Anthropic's an object.
    private static string? InDetails(JsonElement error, string name)
    {
        if (!error.TryGetProperty("details", out var details)) return null;
        if (details.ValueKind is JsonValueKind.Object) return JsonText.Of(details, name);
        if (details.ValueKind is not JsonValueKind.Array) return null;
        foreach (var detail in details.EnumerateArray())
            if (detail.ValueKind is JsonValueKind.Object && JsonText.Of(detail, name) is { } found) return found;
        return null;
    }

    private static string? Within(JsonElement error) =>
        error.TryGetProperty("innererror", out var inner) && inner.ValueKind is JsonValueKind.Object ? JsonText.Of(inner, "code") : null;

    private static string? FromText(string text)
    {
        var title = text.IndexOf("<title", StringComparison.OrdinalIgnoreCase);
        if (title >= 0)
        {
            var start = text.IndexOf('>', title) + 1;
            var end = text.IndexOf("</", start, StringComparison.Ordinal);
            if (start > 0 && end > start) text = text[start..end];
        }

        return string.IsNullOrWhiteSpace(text) ? null : text;
    }
}
