using System.Text.Json.Nodes;

namespace Rowmill.Simulator.Protocol;

/// <summary>A refusal as a value; the dialect knows how its body is written.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Message">The provider's words.</param>
/// <param name="Type">The error's <c>type</c>.</param>
internal sealed record ErrorReply(int Status, string Message, string Type)
{
    public string? Param { get; init; }

    public string? Code { get; init; }

    /// <summary>Text the model wrote all the same.</summary>
    public string? FailedGeneration { get; init; }

    /// <summary>The wait told in the retry headers; null for none.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What stands in <c>retry-after</c>, whatever it is; null for what <see cref="RetryAfter"/> tells.</summary>
    public string? RetryHeader { get; init; }

    /// <summary>More that a machine may read, in the provider's own form; null for none.</summary>
    public JsonNode? Details { get; init; }

    /// <summary>True when the message is the whole body, without JSON.</summary>
    public bool Bare { get; init; }

    public string ContentType { get; init; } = "application/json";

    /// <summary>True when the request is charged for all the same.</summary>
    public bool Charged { get; init; }

    /// <summary>What the statistics call it; null for <c>http_</c> and the status.</summary>
    public string? Outcome { get; init; }

    /// <summary>What Cloudflare tells a client that it takes for a robot, whoever stands behind it.</summary>
    public static ErrorReply TurnedAway { get; } =
        new(403, "error code: 1010", "") { Bare = true, ContentType = "text/plain; charset=UTF-8" };

    /// <summary>A limit that names neither window nor numbers, as older services write it.</summary>
    public static ErrorReply Limited(string retryHeader) =>
        new(429, "Rate limit reached for requests", "requests") { Code = "rate_limit_exceeded", RetryHeader = retryHeader };

    public static ErrorReply Bad(string message, string? param = null, string? code = null) =>
        new(400, message, "invalid_request_error") { Param = param, Code = code };
}
