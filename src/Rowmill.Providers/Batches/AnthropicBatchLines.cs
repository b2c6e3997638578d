using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Batches;

/// <summary>Lines of Anthropic's message batches (docs.anthropic.com/en/api/creating-message-batches).</summary>
internal sealed class AnthropicBatchLines : BatchLines
{
    /// <inheritdoc/>
    public override ReadOnlySpan<byte> BeforeId => "{\"custom_id\":\""u8;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> BeforeBody => "\",\"params\":"u8;

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<byte> line, out BatchLine read)
    {
        string? id = null, type = null;
        ReadOnlySpan<byte> message = default, error = default;
        var isResult = false;
        var json = JsonText.Open(ref line);
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("custom_id"u8)) id = JsonText.ReadString(ref json);
            else if (json.ValueTextEquals("result"u8))
            {
                isResult = true;
                if (!JsonText.EntersObject(ref json)) continue;
                while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
                {
                    if (json.ValueTextEquals("type"u8)) type = JsonText.ReadString(ref json);
                    else if (json.ValueTextEquals("message"u8)) message = line[JsonText.ReadPlace(ref json)];
                    else if (json.ValueTextEquals("error"u8)) error = line[JsonText.ReadPlace(ref json)];
                    else json.Skip();
                }
            }
            else json.Skip();
        }

        json.Read(); // nothing may follow
        read = default;
        if (!isResult || string.IsNullOrEmpty(id)) return false;
        read = type switch
        {
            "expired" => new BatchLine(id) { End = BatchLineEnd.Expired },
            "canceled" or "cancelled" => new BatchLine(id) { End = BatchLineEnd.Cancelled },
            _ when !message.IsEmpty => new BatchLine(id) { Status = 200, Body = message },
            _ when !error.IsEmpty => new BatchLine(id) { Status = StatusOf(ServiceError.Read(error.ToArray())), Body = error },
            _ => new BatchLine(id),
        };
        return true;
    }

    // docs.anthropic.com/en/api/errors
    private static int StatusOf(ServiceError error) => error.Type switch
    {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => 500,
    };
}
