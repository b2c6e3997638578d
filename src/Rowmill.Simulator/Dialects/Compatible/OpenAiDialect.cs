using System.Collections.Frozen;
using System.Text.Json;
using System.Text.RegularExpressions;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>OpenAI's manners, from its specification and captured replies.</summary>
internal partial class OpenAiDialect(SimulatorOptions options, SchemaLibrary schemas) : CompatibleDialect(options, schemas)
{
    private static readonly FrozenDictionary<string, FieldRule> s_fields = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["model"] = FieldRule.Any,
        ["messages"] = FieldRule.Any,
        ["response_format"] = FieldRule.Any,
        ["temperature"] = FieldRule.Number(0, 2),
        ["top_p"] = FieldRule.Number(0, 1),
        ["n"] = FieldRule.Integer(1, 128),
        ["seed"] = FieldRule.Integer(),
        ["max_tokens"] = FieldRule.Integer(1),
        ["max_completion_tokens"] = FieldRule.Integer(1),
        ["frequency_penalty"] = FieldRule.Number(-2, 2),
        ["presence_penalty"] = FieldRule.Number(-2, 2),
        ["stop"] = FieldRule.Stop,
        ["logprobs"] = FieldRule.Boolean,
        ["top_logprobs"] = FieldRule.Integer(0, 20),
        ["logit_bias"] = FieldRule.Map,
        ["metadata"] = FieldRule.Map,
        ["store"] = FieldRule.Boolean,
        ["user"] = FieldRule.Text,
        ["safety_identifier"] = FieldRule.Text with { MaxLength = 64 },
        ["prompt_cache_key"] = FieldRule.Text,
        ["prompt_cache_options"] = FieldRule.Map,
        ["prompt_cache_retention"] = FieldRule.Text,
        ["service_tier"] = FieldRule.Choice("auto", "default", "flex", "scale", "priority", "fast"),
        ["reasoning_effort"] = FieldRule.Choice("none", "minimal", "low", "medium", "high", "xhigh", "max"),
        ["verbosity"] = FieldRule.Choice("low", "medium", "high"),
        ["parallel_tool_calls"] = FieldRule.Boolean,
        ["stream"] = FieldRule.NotSimulated,
        ["stream_options"] = FieldRule.NotSimulated,
        ["tools"] = FieldRule.NotSimulated,
        ["tool_choice"] = FieldRule.NotSimulated,
        ["functions"] = FieldRule.NotSimulated,
        ["function_call"] = FieldRule.NotSimulated,
        ["audio"] = FieldRule.NotSimulated,
        ["modalities"] = FieldRule.NotSimulated,
        ["prediction"] = FieldRule.NotSimulated,
        ["web_search_options"] = FieldRule.NotSimulated,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public override IReadOnlyDictionary<string, FieldRule> Fields => s_fields;

    public override IReadOnlyList<string> Roles { get; } = ["system", "assistant", "user", "function", "tool", "developer"];

    public override IReadOnlyList<string> TranscriptForms { get; } = ["json", "text", "srt", "verbose_json", "vtt"];

    public override bool RefusesApart => true;

    public override string MessagePath(int index, string? field = null) => $"messages[{index}]{(field is null ? "" : $".{field}")}";

    public override ErrorReply? RefusedByModel(JsonElement body, string model, Place place)
    {
        if (Json.Has(body, "max_tokens", out _) && Json.Has(body, "max_completion_tokens", out _))
        {
            return ErrorReply.Bad(
                "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
                "max_tokens",
                "invalid_parameter_combination");
        }

        if (!ReasoningModel().IsMatch(model)) return null;
        if (Json.Has(body, "max_tokens", out _))
        {
            return ErrorReply.Bad(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                "max_tokens",
                "unsupported_parameter");
        }

        if (Json.Has(body, "temperature", out var temperature) && temperature.GetDouble() != 1)
        {
            return ErrorReply.Bad(
                $"Unsupported value: 'temperature' does not support {temperature.GetRawText()} with this model. "
                + "Only the default (1) value is supported.",
                "temperature",
                "unsupported_value");
        }

        return null;
    }

    public override ErrorReply UnknownUrl(string method, string path) => new(
        404,
        $"Unknown request URL: {method} {path}. Please check the URL for typos, or see the docs at "
        + "https://platform.openai.com/docs/api-reference/.",
        "invalid_request_error")
    {
        Code = "unknown_url",
    };

    public override ErrorReply WrongMethod(string method, string path) => new(
        405,
        $"Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a different HTTP method?)",
        "invalid_request_error")
    {
        Code = "method_not_supported",
    };

    public override ErrorReply NoKey() => Unauthorized(
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
        + "(i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the API from your "
        + "browser and are prompted for a username and password. You can obtain an API key from "
        + "https://platform.openai.com/account/api-keys.",
        code: null);

    public override ErrorReply WrongKey(string key) => Unauthorized(
        $"Incorrect API key provided: {Masked(key)}. You can find your API key at https://platform.openai.com/account/api-keys.",
        "invalid_api_key");

    public override ErrorReply BadContentType(string contentType) => ErrorReply.Bad(
        $"Invalid Content-Type header ({contentType}), expected application/json. "
        + "(HINT: If you're using curl, you can pass -H 'Content-Type: application/json')",
        code: "unsupported_content_type");

    public override ErrorReply BadJson() => ErrorReply.Bad(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. "
        + "The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)");

    public override ErrorReply UnknownFields(IReadOnlyList<string> names) => ErrorReply.Bad(
        $"Unrecognized request argument{(names.Count > 1 ? "s" : "")} supplied: {string.Join(", ", names)}");

    public override ErrorReply UnsupportedField(string name) => ErrorReply.Bad(
        $"Unsupported parameter: '{name}' is not supported with this model.", name, "unsupported_parameter");

    public override ErrorReply UnknownNested(string path) => ErrorReply.Bad($"Unknown parameter: '{path}'.", path, "unknown_parameter");

    public override ErrorReply Missing(string path) => path == "model"
        ? ErrorReply.Bad("you must provide a model parameter")
        : ErrorReply.Bad($"Missing required parameter: '{path}'.", path, "missing_required_parameter");

    public override ErrorReply WrongType(string path, string expected, string got) => ErrorReply.Bad(
        $"Invalid type for '{path}': expected {expected}, but got {got} instead.", path, "invalid_type");

    public override ErrorReply OutOfRange(string path, bool integer, bool above, double limit, string value)
    {
        var (kind, side, sign) = (integer ? "integer" : "decimal", above ? "above" : "below", above ? "<=" : ">=");
        var bound = above ? "maximum" : "minimum";
        return ErrorReply.Bad(
            $"Invalid '{path}': {kind} {side} {bound} value. Expected a value {sign} {limit}, but got {value} instead.",
            path,
            $"{kind}_{side}_{(above ? "max" : "min")}_value");
    }

    public override ErrorReply BadChoice(string path, string value, IReadOnlyList<string> choices)
    {
        var quoted = choices.Select(c => $"'{c}'").ToArray();
        var listed = quoted.Length == 1 ? quoted[0] : $"{string.Join(", ", quoted[..^1])}, and {quoted[^1]}";
        return ErrorReply.Bad($"Invalid value: '{value}'. Supported values are: {listed}.", path, "invalid_value");
    }

    public override ErrorReply EmptyArray(string path) => ErrorReply.Bad(
        $"Invalid '{path}': empty array. Expected an array with minimum length 1, but got an empty array instead.", path, "empty_array");

    public override ErrorReply TooLong(string path, int limit, int length) => ErrorReply.Bad(
        $"Invalid '{path}': string too long. Expected a string with maximum length {limit}, but got a string with length {length} instead.",
        path,
        "string_above_max_length");

    public override ErrorReply UnknownModel(string model) => new(
        404, $"The model `{model}` does not exist or you do not have access to it.", "invalid_request_error")
    {
        Code = "model_not_found",
    };

    public override ErrorReply RateLimited(string model, Refusal refusal) => new(
        429,
        $"Rate limit reached for {model} in organization org-simulated on {Name(refusal.Dimension)}: Limit {refusal.Limit}, "
        + $"Used {refusal.Used}, Requested {refusal.Requested}. Please try again in {GoDuration.Format(refusal.Wait)}. "
        + "Visit https://platform.openai.com/account/rate-limits to learn more.",
        Unit(refusal.Dimension))
    {
        Code = "rate_limit_exceeded",
        RetryAfter = refusal.Wait,
        Outcome = "rate_limited",
    };

    public override ErrorReply TooLarge(string model, Refusal refusal) => new(
        429,
        $"Request too large for {model} in organization org-simulated on {Name(refusal.Dimension)}: Limit {refusal.Limit}, "
        + $"Requested {refusal.Requested}. The input or output tokens must be reduced in order to run successfully. "
        + "Visit https://platform.openai.com/account/rate-limits to learn more.",
        Unit(refusal.Dimension))
    {
        Code = "rate_limit_exceeded",
        Outcome = "too_large",
    };

    public override ErrorReply ServerError() => new(
        500, "The server had an error while processing your request. Sorry about that!", "server_error");

    public override ErrorReply Overloaded() => new(
        503, "The engine is currently overloaded, please try again later", "service_unavailable_error");

    public override ErrorReply FlawedSchema(string name, SchemaFlaw flaw)
    {
        var what = flaw.Kind switch
        {
            SchemaFlawKind.NotAnObject => $"schema must be a JSON Schema of 'type: \"object\"', got 'type: {flaw.Subject}'.",
            SchemaFlawKind.Open => $"In context={flaw.Tuple}, 'additionalProperties' is required to be supplied and to be false.",
            SchemaFlawKind.NotRequired =>
                $"In context={flaw.Tuple}, 'required' is required to be supplied and to be an array including every key in properties. "
                + $"Missing '{flaw.Subject}'.",
            SchemaFlawKind.ExtraRequired => $"In context={flaw.Tuple}, 'required' is required to be supplied and to be an array including "
                + $"every key in properties. Extra required key '{flaw.Subject}' supplied.",
            SchemaFlawKind.Keyword => $"In context={flaw.Tuple}, '{flaw.Subject}' is not permitted.",
            SchemaFlawKind.NoType => $"In context={flaw.Tuple}, schema must have a 'type' key.",
            _ => $"In context={flaw.Tuple}, {flaw.Subject}.",
        };
        return ErrorReply.Bad($"Invalid schema for response_format '{name}': {what}", "response_format");
    }

    /// <summary>Its reasoning models look at a prompt first.</summary>
    public override ErrorReply? BlockedPrompt() => ErrorReply.Bad(
        "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt.",
        code: "invalid_prompt");

    /// <summary>Requests are told per minute where there is such a limit, else per day.</summary>
    public override IEnumerable<KeyValuePair<string, string>> LimitHeaders(IReadOnlyList<BucketReading> readings, DateTimeOffset now)
    {
        var requests = Find(readings, Dimension.RequestsPerMinute) ?? Find(readings, Dimension.RequestsPerDay);
        var tokens = Find(readings, Dimension.TokensPerMinute) ?? Find(readings, Dimension.TokensPerDay);
        return [.. requests is { } r ? Headers("requests", r) : [], .. tokens is { } t ? Headers("tokens", t) : []];
    }

    public override IEnumerable<KeyValuePair<string, string>> RetryHeaders(TimeSpan wait) =>
        [.. base.RetryHeaders(wait), new("retry-after-ms", $"{Math.Round(wait.TotalMilliseconds, MidpointRounding.AwayFromZero):0}")];

    public override void WriteMessage(Utf8JsonWriter writer, Spoken spoken)
    {
        writer.WriteString("refusal", spoken.Completion.Refusal);
        writer.WriteStartArray("annotations");
        writer.WriteEndArray();
    }

    public override void WriteChoice(Utf8JsonWriter writer, Spoken spoken) => writer.WriteNull("logprobs");

    public override void WriteUsage(Utf8JsonWriter writer, Spoken spoken)
    {
        Details(writer, "prompt_tokens_details", [("cached_tokens", spoken.Bill.Cached), ("audio_tokens", 0)]);
        Details(
            writer,
            "completion_tokens_details",
            [
                ("reasoning_tokens", spoken.Bill.Thoughts), ("audio_tokens", 0), ("accepted_prediction_tokens", 0),
                ("rejected_prediction_tokens", 0),
            ]);
    }

    public override void WriteReply(Utf8JsonWriter writer, Spoken spoken)
    {
        writer.WriteString("service_tier", spoken.Request.ServiceTier is "flex" or "priority" ? spoken.Request.ServiceTier : "default");
        base.WriteReply(writer, spoken);
    }

    /// <summary>A live probe: a JSON body, but <c>text/plain</c>, and the key masked.</summary>
    private static ErrorReply Unauthorized(string message, string? code) =>
        new(401, message, "invalid_request_error") { Code = code, ContentType = "text/plain" };

    private static string Masked(string key) =>
        key.Length <= 12 ? key : $"{key[..8]}{new string('*', key.Length - 12)}{key[^4..]}";

    private static string Name(Dimension dimension) => Dimensions.Words(dimension, "min");

    [GeneratedRegex(@"^(.*/)?(gpt-5|o\d)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ReasoningModel();
}
