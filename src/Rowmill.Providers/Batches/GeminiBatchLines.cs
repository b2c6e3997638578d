using System.Globalization;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Batches;

/// <summary>Lines of Google's batches (ai.google.dev/gemini-api/docs/batch-api): the request as it goes online, under a key.</summary>
internal sealed class GeminiBatchLines : BatchLines
{
    /// <inheritdoc/>
    public override ReadOnlySpan<byte> BeforeId => "{\"key\":\""u8;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> BeforeBody => "\",\"request\":"u8;

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<byte> line, out BatchLine read)
    {
        string? id = null, inner = null;
        ReadOnlySpan<byte> response = default, error = default;
        var isResult = false;
        var json = JsonText.Open(ref line);
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("key"u8)) id = JsonText.ReadString(ref json);
            else if (json.ValueTextEquals("metadata"u8)) inner = ReadKey(ref json);
            else if (json.ValueTextEquals("response"u8))
            {
                isResult = true;
                response = line[JsonText.ReadPlace(ref json)];
            }
            else if (json.ValueTextEquals("error"u8))
            {
                isResult = true;
                error = line[JsonText.ReadPlace(ref json)];
            }
            else json.Skip();
        }

        json.Read(); // nothing may follow
        read = default;
        id ??= inner;
        if (!isResult || string.IsNullOrEmpty(id)) return false;
        if (!response.IsEmpty || error.IsEmpty)
        {
            read = new BatchLine(id) { Status = response.IsEmpty ? 0 : 200, Body = response };
            return true;
        }

        var (end, status, body) = Error(error);
        read = new BatchLine(id) { End = end, Status = status, Body = body };
        return true;
    }

    /// <summary>A google.rpc.Status as the refusal it would have been online.</summary>
    /// <returns>How it ended, the HTTP status, and the body.</returns>
    public static (BatchLineEnd End, int Status, byte[] Body) Error(ReadOnlySpan<byte> error)
    {
        using var document = JsonDocument.Parse(error.ToArray());
        var root = document.RootElement;
        if (root.ValueKind is not JsonValueKind.Object) return (BatchLineEnd.Done, 500, Body(500, null, JsonText.Of(root), null));
        var code = int.TryParse(JsonText.Of(root, "code"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var (status, name) = Meaning(code);
        name = JsonText.Of(root, "status") ?? name;
        JsonElement? details = root.TryGetProperty("details", out var list) ? list : null;
        return (name is "CANCELLED" ? BatchLineEnd.Cancelled : BatchLineEnd.Done, status, Body(status, name, JsonText.Of(root, "message"), details));
    }

    private static byte[] Body(int status, string? name, string? message, JsonElement? details) => BatchConnection.Body(json =>
    {
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, status);
        if (name is not null) json.WriteString("status"u8, name);
        if (message is not null) json.WriteString("message"u8, message);
        if (details is { } list)
        {
            json.WritePropertyName("details"u8);
            list.WriteTo(json);
        }

        json.WriteEndObject();
    });

    // google/rpc/code.proto, with the HTTP status it names for each; some lines carry that status itself.
    private static (int Status, string? Name) Meaning(int code) => code switch
    {
        1 => (499, "CANCELLED"),
        3 => (400, "INVALID_ARGUMENT"),
        4 => (504, "DEADLINE_EXCEEDED"),
        5 => (404, "NOT_FOUND"),
        7 => (403, "PERMISSION_DENIED"),
        8 => (429, "RESOURCE_EXHAUSTED"),
        9 => (400, "FAILED_PRECONDITION"),
        10 => (409, "ABORTED"),
        11 => (400, "OUT_OF_RANGE"),
        13 => (500, "INTERNAL"),
        14 => (503, "UNAVAILABLE"),
        16 => (401, "UNAUTHENTICATED"),
        499 => (499, "CANCELLED"),
        >= 400 and < 600 => (code, null),
        _ => (500, null),
    };

    private static string? ReadKey(ref Utf8JsonReader json)
    {
        if (!JsonText.EntersObject(ref json)) return null;
        string? key = null;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("key"u8)) key = JsonText.ReadString(ref json);
            else json.Skip();
        }

        return key;
    }
}
