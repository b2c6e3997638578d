using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>Groq's manners, from its SDK, its pages and captured replies.</summary>
internal sealed class GroqDialect(SimulatorOptions options, SchemaLibrary schemas) : CompatibleDialect(options, schemas)
{
    private const string Organization = "org_simulated";
    private const string Upgrade = "Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing";

    private static readonly FrozenDictionary<string, FieldRule> s_fields = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["model"] = FieldRule.Any,
        ["messages"] = FieldRule.Any,
        ["response_format"] = FieldRule.Any,
        ["temperature"] = FieldRule.Number(0, 2),
        ["top_p"] = FieldRule.Number(0, 1),
        ["n"] = FieldRule.Integer(1, 1),
        ["seed"] = FieldRule.Integer(),
        ["max_tokens"] = FieldRule.Integer(1),
        ["max_completion_tokens"] = FieldRule.Integer(1),
        ["stop"] = FieldRule.Stop,
        ["user"] = FieldRule.Text,
        ["service_tier"] = FieldRule.Choice("auto", "on_demand", "flex", "performance"),
        ["reasoning_effort"] = FieldRule.Choice("none", "default", "low", "medium", "high"),
        ["reasoning_format"] = FieldRule.Choice("hidden", "raw", "parsed"),
        ["include_reasoning"] = FieldRule.Boolean,
        ["parallel_tool_calls"] = FieldRule.Boolean,
        ["logprobs"] = FieldRule.Unsupported,
        ["top_logprobs"] = FieldRule.Unsupported,
        ["logit_bias"] = FieldRule.Unsupported,
        ["frequency_penalty"] = FieldRule.Unsupported,
        ["presence_penalty"] = FieldRule.Unsupported,
        ["metadata"] = FieldRule.Unsupported,
        ["store"] = FieldRule.Unsupported,
        ["stream"] = FieldRule.NotSimulated,
        ["stream_options"] = FieldRule.NotSimulated,
        ["tools"] = FieldRule.NotSimulated,
        ["tool_choice"] = FieldRule.NotSimulated,
        ["functions"] = FieldRule.NotSimulated,
        ["function_call"] = FieldRule.NotSimulated,
        ["search_settings"] = FieldRule.NotSimulated,
        ["documents"] = FieldRule.NotSimulated,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public override IReadOnlyDictionary<string, FieldRule> Fields => s_fields;

    public override IReadOnlyList<string> Roles { get; } = ["system", "developer", "user", "assistant", "tool", "function"];

    public override IReadOnlyList<string> TranscriptForms { get; } = ["json", "text", "verbose_json"];

    /// <summary>Its gateway takes a client without a name for a robot.</summary>
    public override bool WantsUserAgent => true;

    public override bool ValidatesJson => true;

    public override bool CachedTokensAreFree => true;

    public override int CacheFromTokens => 128;

    public override bool TellsWrongMethod => false;

    public override string MessagePath(int index, string? field = null) => $"messages.{index}{(field is null ? "" : $".{field}")}";

    public override ErrorReply? RefusedByModel(JsonElement body, string model, Place place)
    {
        if (body.TryGetProperty("reasoning_format", out var format) && format.ValueKind == JsonValueKind.String
            && body.TryGetProperty("include_reasoning", out var include) && include.ValueKind != JsonValueKind.Null)
        {
            return ErrorReply.Bad("cannot specify both `reasoning_format` and `include_reasoning`");
        }

        if (body.TryGetProperty("reasoning_effort", out var effort) && effort.ValueKind == JsonValueKind.String)
        {
            string[] allowed = model.Contains("gpt-oss", StringComparison.Ordinal) ? ["low", "medium", "high"]
                : model.Contains("qwen", StringComparison.Ordinal) ? ["none", "default"]
                : [];
            if (allowed.Length == 0) return ErrorReply.Bad("`reasoning_effort` is not supported with this model");
            var given = effort.GetString()!;
            if (!allowed.Contains(given, StringComparer.Ordinal)) return BadChoice("reasoning_effort", given, allowed);
        }

        return model.Contains("llama-3", StringComparison.Ordinal)
            && body.TryGetProperty("response_format", out var form) && form.ValueKind == JsonValueKind.Object
            && form.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("json_schema")
            ? RefusedForm(model, SimulatorForm.Schema)
            : null;
    }

    public override ErrorReply RefusedForm(string model, SimulatorForm form) => ErrorReply.Bad(
        $"This model does not support response format `{(form == SimulatorForm.JsonObject ? "json_object" : "json_schema")}`. See supported models at "
        + "https://console.groq.com/docs/structured-outputs#supported-models");

    public override ErrorReply UnknownUrl(string method, string path) => new(
        404,
        $"Unknown request URL: {method} {path}. Please check the URL for typos, or see the docs at https://console.groq.com/docs/",
        "invalid_request_error")
    {
        Code = "unknown_url",
    };

    public override ErrorReply WrongMethod(string method, string path) => UnknownUrl(method, path);

    public override ErrorReply NoKey() => WrongKey("");

    public override ErrorReply WrongKey(string key) =>
        new(401, "Invalid API Key", "invalid_request_error") { Code = "invalid_api_key" };

    public override ErrorReply BadContentType(string contentType) =>
        ErrorReply.Bad($"Invalid Content-Type header ({contentType}), expected application/json");

    public override ErrorReply BadJson() => ErrorReply.Bad("could not parse the request body: it is not valid JSON");

    public override ErrorReply UnknownFields(IReadOnlyList<string> names) => UnsupportedField(names[0]);

    public override ErrorReply UnsupportedField(string name) => ErrorReply.Bad($"property '{name}' is unsupported");

    public override ErrorReply UnknownNested(string path)
    {
        var (parent, name) = Split(path);
        return ErrorReply.Bad($"'{parent}' : property '{name}' is unsupported");
    }

    public override ErrorReply Missing(string path)
    {
        var (parent, name) = Split(path);
        return ErrorReply.Bad(parent.Length == 0 ? $"property '{name}' is missing" : $"'{parent}' : property '{name}' is missing");
    }

    public override ErrorReply WrongType(string path, string expected, string got) =>
        ErrorReply.Bad($"'{path}' : value must be {expected.Replace("a decimal", "a number", StringComparison.Ordinal)}");

    public override ErrorReply OutOfRange(string path, bool integer, bool above, double limit, string value) =>
        ErrorReply.Bad($"'{path}' : number must be at {(above ? "most" : "least")} {limit}");

    public override ErrorReply BadChoice(string path, string value, IReadOnlyList<string> choices) =>
        ErrorReply.Bad($"'{path}' : value must be one of [{string.Join(", ", choices.Select(c => $"'{c}'"))}]");

    public override ErrorReply EmptyArray(string path) => ErrorReply.Bad($"'{path}' : minimum number of items is 1");

    public override ErrorReply TooLong(string path, int limit, int length) =>
        ErrorReply.Bad($"'{path}' : maximum string length is {limit}");

    public override ErrorReply UnknownModel(string model) => new(
        404, $"The model `{model}` does not exist or you do not have access to it.", "invalid_request_error")
    {
        Code = "model_not_found",
    };

    public override ErrorReply RateLimited(string model, Refusal refusal) => new(
        429,
        $"Rate limit reached for model `{model}` in organization `{Organization}` service tier `on_demand` on {Name(refusal.Dimension)}: "
        + $"Limit {refusal.Limit}, Used {refusal.Used}, Requested {refusal.Requested}. "
        + $"Please try again in {GoDuration.Format(refusal.Wait)}. {Upgrade}",
        Unit(refusal.Dimension))
    {
        Code = "rate_limit_exceeded",
        RetryAfter = refusal.Wait,
        Outcome = "rate_limited",
    };

    /// <summary>The wait in its header is misleading: the request never fits. A capture: limit 6000, remaining 5774, requested 12089 → 64.</summary>
    public override ErrorReply TooLarge(string model, Refusal refusal) => new(
        413,
        $"Request too large for model `{model}` in organization `{Organization}` service tier `on_demand` on {Name(refusal.Dimension)}: "
        + $"Limit {refusal.Limit}, Requested {refusal.Requested}, please reduce your message size and try again. {Upgrade}",
        Unit(refusal.Dimension))
    {
        Code = "rate_limit_exceeded",
        RetryAfter = refusal.Wait,
        Outcome = "too_large",
    };

    public override ErrorReply ServerError() => new(500, "Internal Server Error", "internal_server_error");

    public override ErrorReply Overloaded() => new(503, "Service Unavailable", "internal_server_error");

    public override ErrorReply FlawedSchema(string name, SchemaFlaw flaw)
    {
        var what = flaw.Kind switch
        {
            SchemaFlawKind.NotAnObject => "`type` must be `object` at the root",
            SchemaFlawKind.Open => "`additionalProperties:false` must be set on every object",
            SchemaFlawKind.NotRequired => "`required` is required to be supplied and to be an array including every key in properties. "
                + $"Missing '{flaw.Subject}'",
            SchemaFlawKind.ExtraRequired => $"`required` names '{flaw.Subject}', which is not in properties",
            SchemaFlawKind.Keyword => $"`{flaw.Subject}` is not supported",
            SchemaFlawKind.NoType => "schema must have a `type`",
            _ => flaw.Subject,
        };
        var place = flaw.Path.Count == 0 ? "" : $"{flaw.Pointer}: ";
        return ErrorReply.Bad($"invalid JSON schema for response_format: '{name}': {place}{what}", "response_format");
    }

    /// <summary>The requests header is always per day, the tokens header always per minute; other limits are in no header.</summary>
    public override IEnumerable<KeyValuePair<string, string>> LimitHeaders(IReadOnlyList<BucketReading> readings, DateTimeOffset now) =>
    [
        .. Find(readings, Dimension.RequestsPerDay) is { } requests ? Headers("requests", requests) : [],
        .. Find(readings, Dimension.TokensPerMinute) is { } tokens ? Headers("tokens", tokens) : [],
    ];

    public override void WriteMessage(Utf8JsonWriter writer, Spoken spoken)
    {
        if (spoken is { Request.ShowsThoughts: true, Completion.Thoughts: { } thoughts }) writer.WriteString("reasoning", thoughts);
    }

    public override void WriteChoice(Utf8JsonWriter writer, Spoken spoken) => writer.WriteNull("logprobs");

    public override void WriteUsage(Utf8JsonWriter writer, Spoken spoken)
    {
        writer.WriteNumber("queue_time", 0);
        writer.WriteNumber("prompt_time", 0);
        writer.WriteNumber("completion_time", spoken.Took.TotalSeconds);
        writer.WriteNumber("total_time", spoken.Took.TotalSeconds);
        if (spoken.Bill.Cached > 0) Details(writer, "prompt_tokens_details", [("cached_tokens", spoken.Bill.Cached)]);
        if (spoken.Bill.Thoughts > 0) Details(writer, "completion_tokens_details", [("reasoning_tokens", spoken.Bill.Thoughts)]);
    }

    public override void WriteReply(Utf8JsonWriter writer, Spoken spoken)
    {
        base.WriteReply(writer, spoken);
        WriteTranscript(writer, $"req_{spoken.Id}");
    }

    public override void WriteTranscript(Utf8JsonWriter writer, string id)
    {
        writer.WriteStartObject("x_groq");
        writer.WriteString("id", id);
        writer.WriteEndObject();
    }

    /// <summary>Captures hold no <c>param</c>, and <c>code</c> only where there is one.</summary>
    protected override void WriteError(Utf8JsonWriter writer, ErrorReply error)
    {
        writer.WriteString("message", error.Message);
        writer.WriteString("type", error.Type);
        if (error.Code is not null) writer.WriteString("code", error.Code);
        if (error.FailedGeneration is not null) writer.WriteString("failed_generation", error.FailedGeneration);
    }

    /// <summary>Its own addresses begin with <c>/openai</c>.</summary>
    protected override string PathOf(HttpRequest request)
    {
        var path = base.PathOf(request);
        return path.StartsWith("/openai/v1/", StringComparison.Ordinal) ? path["/openai".Length..] : path;
    }

    private static (string Parent, string Name) Split(string path)
    {
        var dot = path.LastIndexOf('.');
        return dot < 0 ? ("", path) : (path[..dot], path[(dot + 1)..]);
    }

    private static string Name(Dimension dimension) => Dimensions.Words(dimension, "minute");
}
