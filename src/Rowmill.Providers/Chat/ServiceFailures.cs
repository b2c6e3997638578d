using System.Globalization;
using System.Text;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;
using Rowmill.Providers.Limits;

namespace Rowmill.Providers.Chat;

/// <summary>Tells from status, headers and body what a refusal means. The words count as much as the codes: imitators share few codes.</summary>
internal sealed class ServiceFailures(ChatProtocol protocol, SecretMask mask, TimeProvider clock)
{
    private static readonly string[] s_contextWords =
    [
        "maximum context length", "longer than the context length", "exceeds the context length", "exceeds the available context size", "request too large",
        "reduce the length of the messages", "context window", "prompt is too long", "supports at most",
        "max_tokens` must be less", "max_completion_tokens` must be less",
    ];

    private static readonly string[] s_formWords =
        ["response_format", "response format", "json_schema", "json schema", "structured output", "json mode", "guided_json", "guided decoding", "grammar", "required for format", "Request.format of type"];

    // Ollama up to 0.29, its llama-server since 0.30, CUDA.
    private static readonly string[] s_memoryWords =
    [
        "out of memory", "out-of-memory", "failed to allocate", "cudaMalloc failed", "requires more system memory",
        "memory layout cannot be allocated", "may be due to resource limitations",
    ];

    private static readonly string[] s_modelCodes = ["model_not_found", "model_decommissioned", "model_not_active", "invalid_model", "DeploymentNotFound"];

    private static readonly string[] s_modelWords =
        ["not found", "does not exist", "decommissioned", "invalid model", "unknown model", "not have access to"];

    private static readonly string[] s_filterCodes = ["content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"];

    // Azure of a prompt, Anthropic of what its model had written.
    private static readonly string[] s_filterWords = ["content management policy", "content filtering policy"];

    // OpenAI's code for it is that of other bad prompts too.
    private const string FlaggedPrompt = "flagged as potentially violating";

    private static readonly string[] s_keyCodes = ["invalid_api_key", "organization_restricted", "account_deactivated"];

    /// <summary>Reads a refusal, or an error sent with status 200.</summary>
    /// <returns>The failure, and what words and headers say of the service's windows.</returns>
    public (ModelFailure Failure, IReadOnlyList<LimitReading> Limits) Of(
        HttpResponseMessage response, ReadOnlySpan<byte> body, StructuredOutput form, ServiceError error)
    {
        var sent = (int)response.StatusCode;
        var words = error.Message ?? $"HTTP {sent} {response.ReasonPhrase}".TrimEnd() + " without a word";
        var status = sent < 400 ? StatusIn(error, sent) : sent;
        var queue = LimitRefusal.OfQueue(error);
        var kind = queue?.Kind ?? protocol.Kind(status, error, words) ?? (status is 429 && !IsBadGeneration(error) ? null : Kind(status, error, words, form));
        var refusal = queue ?? (kind is null ? LimitRefusal.Of(error) : kind is FailureKind.TooLarge ? LimitRefusal.TooLarge(error.Message) : null);
        kind ??= refusal!.Kind;
        TimeSpan? wait = kind is FailureKind.RateLimited or FailureKind.Unavailable && refusal is not { WaitIsFalse: true }
            ? RetryAfter.Read(response.Headers, error.Message, refusal?.Wait, clock) : null;
        var told = protocol.Limits(response.Headers, refused: status is 429);
        var failure = new ModelFailure(kind.Value, mask.Hide(Evidence.OneLine(mask.Hide(words), Advice(kind.Value, sent, words, response))))
        {
            HttpStatus = sent,
            RetryAfter = wait,
            Window = refusal?.Window,
            PartialText = kind is FailureKind.BadGeneration && error.FailedGeneration is { } text ? Encoding.UTF8.GetBytes(text) : default,
            Evidence = mask.Hide(Evidence.Of(response, body)),
            Billed = kind is FailureKind.BadGeneration || (kind is FailureKind.Filtered && !Says(words, FlaggedPrompt)),
        };
        return (failure, refusal?.With(told, protocol.HeaderMeaning is HeaderMeaning.DailyRequestsMinuteTokens or HeaderMeaning.Named, wait) ?? told);
    }

    private FailureKind Kind(int status, ServiceError error, string words, StructuredOutput form)
    {
        if (IsBadGeneration(error)) return FailureKind.BadGeneration;
        if (status is 402 || LimitRefusal.IsQuotaCode(error)) return FailureKind.QuotaExhausted;
        if (status is 413 || error.Code is "context_length_exceeded" or "string_above_max_length"
            || error.Type is "exceed_context_size_error" || status is 400 or 422 or 500 && SaysAny(words, s_contextWords))
        {
            return FailureKind.TooLarge;
        }

        if (IsOfMemory(words)) return FailureKind.Unavailable;
        if (status is 403 && IsCloudflareBlock(words)) return FailureKind.BadReply;
        if (status is 400 or 403 or 404 or 422 && IsModel(error, words)) return FailureKind.ModelRefused;
        if (status is 401 or 403 || HasCode(error, s_keyCodes) || SaysAny(words, "API key not valid", "Incorrect API key"))
            return FailureKind.KeyRefused;
        // Ollama fails with 500 when it cannot make a grammar of a form, behind its /v1 too.
        if (form is not StructuredOutput.Text && status is 500 && SaysAny(words, s_formWords)) return FailureKind.FormRefused;
        if (status is 408 or 409 or 425 or 498 or 499 or >= 500) return FailureKind.Unavailable;
        // Azure charges for what its filter stops (its page of prices), and what a filter stops on its way back has been written.
        if (HasCode(error, s_filterCodes) || SaysAny(words, [.. s_filterWords, FlaggedPrompt])) return FailureKind.Filtered;
        if (form is not StructuredOutput.Text && status is 400 or 422
            && (error.Param?.StartsWith("response_format", StringComparison.Ordinal) is true || SaysAny(words, s_formWords) || SaysAny(words, [.. protocol.FormWords])))
        {
            return FailureKind.FormRefused;
        }

        return status < 300 ? FailureKind.BadReply : FailureKind.BadRequest;
    }

    /// <summary>Whether words say that the server's memory does not suffice.</summary>
    public static bool IsOfMemory(string words) => SaysAny(words, s_memoryWords);

    /// <summary>Whether words say that a request is larger than the model's context.</summary>
    public static bool IsOfContext(string words) => SaysAny(words, s_contextWords);

    private static bool IsBadGeneration(ServiceError error) => error.Code is "json_validate_failed" || error.FailedGeneration is not null;

    private static bool IsModel(ServiceError error, string words) =>
        HasCode(error, s_modelCodes)
        || error.Code?.StartsWith("model_permission_blocked", StringComparison.Ordinal) is true
        || Says(words, "model") && SaysAny(words, s_modelWords);

    // Cloudflare's own refusals are plain text: "error code: 1010".
    private static bool IsCloudflareBlock(string words) => Says(words, "error code: 10");

    // Gateways put an upstream's refusal into a 200.
    private static int StatusIn(ServiceError error, int status) =>
        int.TryParse(error.Code, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 400 and < 600 ? code : status;

    private string Advice(FailureKind kind, int status, string words, HttpResponseMessage response) => protocol.Advice(kind, status, words) ?? kind switch
    {
        FailureKind.BadRequest when status is 404 or 405 => $"; nothing answers at this path: is base_url {protocol.Route.BaseUrl} right?",
        FailureKind.BadRequest when status is >= 300 and < 400 =>
            $"; base_url {protocol.Route.BaseUrl} redirects to {response.Headers.Location}, and a key is not sent after a redirect",
        FailureKind.BadReply when status is 403 => "; a filter in front of the service blocked this program, the key was not looked at",
        FailureKind.Unavailable when IsOfMemory(words) =>
            "; the server has too little memory: take a smaller model or context",
        _ => "",
    };

    /// <summary>Whether words hold one of some phrases, in whatever case.</summary>
    public static bool SaysAny(string words, params ReadOnlySpan<string> phrases)
    {
        foreach (var phrase in phrases)
            if (Says(words, phrase)) return true;
        return false;
    }

    private static bool HasCode(ServiceError error, string[] codes) =>
        Array.IndexOf(codes, error.Code) >= 0 || Array.IndexOf(codes, error.Type) >= 0;

    private static bool Says(string words, string phrase) => words.Contains(phrase, StringComparison.OrdinalIgnoreCase);
}
