using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Batches;

/// <summary>
/// Lines as OpenAI defined them (platform.openai.com/docs/guides/batch), which Groq, vLLM's batch runner and others read and write too.
/// </summary>
internal sealed class OpenAiBatchLines : BatchLines
{
    /// <summary>The operation that every line asks for, whatever the service's base address is.</summary>
    public const string Endpoint = "/v1/chat/completions";

    // cancelled is written with one l and with two.
    private static readonly string[] s_expired = ["batch_expired", "expired"];
    private static readonly string[] s_cancelled = ["batch_cancelled", "batch_canceled", "cancelled", "canceled"];

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> BeforeId => "{\"custom_id\":\""u8;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> BeforeBody => "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":"u8;

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<byte> line, out BatchLine read)
    {
        string? id = null, requestId = null;
        ReadOnlySpan<byte> body = default, error = default;
        long? status = null;
        var isResult = false;
        var json = JsonText.Open(ref line);
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("custom_id"u8)) id = JsonText.ReadString(ref json);
            else if (json.ValueTextEquals("response"u8))
            {
                isResult = true;
                if (!JsonText.EntersObject(ref json)) continue;
                while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
                {
                    if (json.ValueTextEquals("status_code"u8)) status = JsonText.ReadCount(ref json);
                    else if (json.ValueTextEquals("request_id"u8)) requestId = JsonText.ReadString(ref json);
                    else if (json.ValueTextEquals("body"u8)) body = line[JsonText.ReadPlace(ref json)];
                    else json.Skip();
                }
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
        if (!isResult || string.IsNullOrEmpty(id)) return false;
        if (status is < 100 or > 999) status = null; // no status of HTTP
        if (!body.IsEmpty || error.IsEmpty)
        {
            read = new BatchLine(id) { Status = (int)(status ?? (body.IsEmpty ? 0 : 200)), TellsStatus = status is not null, Body = body, RequestId = requestId };
            return true;
        }

        // vLLM tells a refusal's status within the response, and its words beside it.
        var told = ServiceError.Read(error.ToArray());
        read = new BatchLine(id)
        {
            End = status is null ? End(told) : BatchLineEnd.Done,
            Status = status is >= 300 ? (int)status : StatusOf(told),
            TellsStatus = status is >= 300,
            Body = error,
            RequestId = requestId,
        };
        return true;
    }

    private static BatchLineEnd End(ServiceError error) =>
        error.Code is { } code && s_expired.Contains(code, StringComparer.Ordinal)
            || ServiceFailures.SaysAny(error.Message ?? "", "before the completion window expired") ? BatchLineEnd.Expired
        : error.Code is { } other && s_cancelled.Contains(other, StringComparer.Ordinal) ? BatchLineEnd.Cancelled
        : BatchLineEnd.Done;

    // A request without a response was not taken through: the service's own trouble, unless it names another.
    private static int StatusOf(ServiceError error) => (error.Code ?? error.Type) switch
    {
        "rate_limit_exceeded" => 429,
        "model_not_found" => 404,
        "invalid_request" or "invalid_request_error" or "invalid_url" or "unsupported_parameter" or "unsupported_value" or "context_length_exceeded" => 400,
        _ => error.Type is "invalid_request_error" ? 400 : 500,
    };
}
