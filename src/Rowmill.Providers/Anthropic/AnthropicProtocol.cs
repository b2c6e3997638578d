using System.Net.Http.Headers;
using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;
using Rowmill.Providers.Limits;

namespace Rowmill.Providers.Anthropic;

/// <summary>Anthropic's messages (docs.anthropic.com/en/api/messages).</summary>
internal sealed class AnthropicProtocol(Route route, TimeProvider clock) : ChatProtocol(route)
{
    private const string Prefix = "/v1";

    private static readonly string[] s_formWords =
    [
        "output_config", "output_format", "output format", "compiled grammar", "schema is too complex",
        "tool_choice", "tools.", "input_schema", "forced tool",
    ];

    private static readonly string[] s_refusing =
        ["not supported", "does not support", "unsupported", "deprecated", "not available", "not permitted", "not enabled"];

    // The last one names the day on which the account may go on: no span of ours.
    private static readonly string[] s_moneyWords = ["credit balance is too low", "spend limit", "spending limit", "specified API usage limits"];

    private static readonly KeyValuePair<string, string>[] s_headers = [new("anthropic-version", "2023-06-01")];

    /// <inheritdoc/>
    public override Uri Url { get; } = new(Root(route.BaseUrl) + "/messages");

    /// <inheritdoc/>
    public override StructuredOutput Best => StructuredOutput.StrictSchema;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Headers => s_headers;

    /// <inheritdoc/>
    public override string RequestIdHeader => "request-id";

    /// <inheritdoc/>
    public override HeaderMeaning HeaderMeaning => HeaderMeaning.Named;

    /// <inheritdoc/>
    public override IReadOnlyList<string> FormWords => s_formWords;

    /// <inheritdoc/>
    public override KeyValuePair<string, string> KeyHeader(string key) => new("x-api-key", key);

    /// <inheritdoc/>
    public override void Write(TemplateWriter body, ModelRequest request, WireHabits habits) => AnthropicRequest.Write(body, Route.Model, request, habits);

    /// <inheritdoc/>
    public override WireReply Read(ReadOnlySpan<byte> body) => AnthropicReply.Read(body);

    /// <inheritdoc/>
    public override IReadOnlyList<LimitReading> Limits(HttpResponseHeaders headers, bool refused) => AnthropicHeaders.Read(headers, refused, clock);

    /// <inheritdoc/>
    public override WireHabits? Heed(ServiceError error, ModelRequest request, WireHabits sent)
    {
        var words = error.Message ?? "";
        // "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
        if (Says(words, "temperature") && Says(words, "top_p") && Says(words, "both")) return sent.Without(Refusable.TopP, request.Sampling);
        if (!ServiceFailures.SaysAny(words, s_refusing)) return null;
        if (Says(words, "thinking") || Says(words, "effort"))
        {
            // "`thinking.type.enabled` is not supported for this model. Use `thinking.type.adaptive` and `output_config.effort`."
            return !sent.AdaptiveThinking && Says(words, "adaptive") && (Says(words, "enabled") || Says(words, "budget_tokens"))
                && sent.Sent(request.Sampling).ReasoningEffort is not null
                ? sent with { AdaptiveThinking = true }
                : sent.Without(Refusable.ReasoningEffort, request.Sampling);
        }

        return Says(words, "temperature") ? sent.Without(Refusable.Temperature, request.Sampling)
            : Says(words, "top_p") ? sent.Without(Refusable.TopP, request.Sampling)
            : null;
    }

    /// <inheritdoc/>
    public override FailureKind? Kind(int status, ServiceError error, string words)
    {
        if (error.Type is "billing_error" || status is 400 or 403 or 429 && ServiceFailures.SaysAny(words, s_moneyWords)) return FailureKind.QuotaExhausted;
        // "model: claude-x"
        if (status is 404 && error.Type is "not_found_error" && Says(words, "model")) return FailureKind.ModelRefused;
        return status is 400 && ServiceFailures.SaysAny(words, "exceed context limit", "maximum allowed number of output tokens") ? FailureKind.TooLarge : null;
    }

    /// <inheritdoc/>
    public override string? Advice(FailureKind kind, int status, string words) =>
        kind is FailureKind.BadRequest && Says(words, "budget_tokens") ? "; raise max_output_tokens, or leave reasoning_effort out" : null;

    private static bool Says(string words, string phrase) => ServiceFailures.SaysAny(words, phrase);

    /// <summary>The address under which all operations are; without a slash at its end.</summary>
    internal static string Root(string baseUrl)
    {
        var root = baseUrl.TrimEnd('/');
        return root.EndsWith(Prefix, StringComparison.Ordinal) ? root : root + Prefix;
    }
}
