using System.Collections.Frozen;
using System.Text.Json;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>vLLM's manners: no limits, unknown fields ignored, codes that are numbers. Captured replies.</summary>
internal sealed class VllmDialect(SimulatorOptions options, SchemaLibrary schemas) : OpenAiDialect(options, schemas)
{
    private const string BadRequest = "BadRequestError";

    private static readonly FrozenDictionary<string, FieldRule> s_fields = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["model"] = FieldRule.Any,
        ["messages"] = FieldRule.Any,
        ["response_format"] = FieldRule.Any,
        ["temperature"] = FieldRule.Number(0, double.PositiveInfinity),
        ["top_p"] = FieldRule.Number(0, 1),
        ["n"] = FieldRule.Integer(1),
        ["seed"] = FieldRule.Integer(),
        ["max_tokens"] = FieldRule.Integer(1),
        ["max_completion_tokens"] = FieldRule.Integer(1),
        ["frequency_penalty"] = FieldRule.Number(-2, 2),
        ["presence_penalty"] = FieldRule.Number(-2, 2),
        ["stop"] = FieldRule.Stop,
        ["chat_template_kwargs"] = FieldRule.Map,
        ["structured_outputs"] = FieldRule.NotSimulated,
        ["guided_json"] = FieldRule.NotSimulated,
        ["stream"] = FieldRule.NotSimulated,
        ["tools"] = FieldRule.NotSimulated,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public override IReadOnlyDictionary<string, FieldRule> Fields => s_fields;

    public override IReadOnlyList<string> Roles => [];

    public override bool IgnoresUnknownFields => true;

    public override IReadOnlyList<string> TranscriptForms => [];

    public override bool ObeysStrict => false;

    public override bool RefusesApart => false;

    /// <summary>The output limit needs room too.</summary>
    public override bool Fits(ChatRequest request, int prompt, int limit) => (long)prompt + Math.Max(0, request.MaxTokens ?? 0) <= limit;

    public override ErrorReply? RefusedByModel(JsonElement body, string model, Place place) => null;

    public override ErrorReply UnknownUrl(string method, string path) =>
        new(404, """{"detail":"Not Found"}""", "") { Bare = true };

    public override ErrorReply WrongMethod(string method, string path) =>
        new(405, """{"detail":"Method Not Allowed"}""", "") { Bare = true };

    public override ErrorReply NoKey() => new(401, """{"error":"Unauthorized"}""", "") { Bare = true };

    public override ErrorReply WrongKey(string key) => NoKey();

    public override ErrorReply UnknownModel(string model) => new(404, $"The model `{model}` does not exist.", "NotFoundError");

    public override ErrorReply RateLimited(string model, Refusal refusal) => new(429, "Too Many Requests", "TooManyRequestsError") { Outcome = "rate_limited" };

    public override ErrorReply Limited(string retryHeader) => new(429, "Too Many Requests", "TooManyRequestsError") { RetryHeader = retryHeader };

    public override ErrorReply ContextExceeded(ChatRequest request, int limit, int tokens)
    {
        var asked = request.MaxTokens ?? 0;
        return ErrorReply.Bad(asked > 0 && tokens <= limit
            ? $"'max_tokens' or 'max_completion_tokens' is too large: {asked}. This model's maximum context length is {limit} tokens and your "
                + $"request has {tokens} input tokens ({asked} > {limit} - {tokens})."
            : $"This model's maximum context length is {limit} tokens. However, your request has {tokens} input tokens. Please reduce the "
                + "length of the input messages.");
    }

    /// <summary>Its back end takes not every schema, nor every tokenizer.</summary>
    public override ErrorReply RefusedForm(string model, SimulatorForm form) => new(
        400,
        form == SimulatorForm.JsonObject
            ? "Non-tekken mistral tokenizers are not supported for the 'xgrammar' structured output backend."
            : "The provided JSON schema contains features not supported by xgrammar.",
        "BadRequestError");

    public override ErrorReply ServerError() => new(500, "EngineCore encountered an issue. See stack trace (above) for the root cause.", "InternalServerError");

    public override ErrorReply Overloaded() => new(503, "Service Unavailable", "ServiceUnavailableError");

    public override ErrorReply OutOfMemory(bool old) => new(500, "CUDA out of memory.", "InternalServerError");

    public override ErrorReply? BadGeneration(string text) => null;

    public override ErrorReply? BlockedPrompt() => null;

    /// <summary>Older versions have the fields without anything around them.</summary>
    public override byte[] Body(ErrorReply error, string requestId)
    {
        return Options.OldServer ? Json.Bytes(Flat) : base.Body(error, requestId);

        void Flat(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteString("object", "error");
            WriteError(writer, error);
            writer.WriteEndObject();
        }
    }

    public override IEnumerable<KeyValuePair<string, string>> LimitHeaders(IReadOnlyList<BucketReading> readings, DateTimeOffset now) => [];

    public override IEnumerable<KeyValuePair<string, string>> RetryHeaders(TimeSpan wait) => [];

    public override void WriteModel(Utf8JsonWriter writer, string model)
    {
        writer.WriteNumber("created", 0);
        writer.WriteString("owned_by", "vllm");
        writer.WriteString("root", model);
        writer.WriteNull("parent");
        if (Options.ContextTokens is { } context) writer.WriteNumber("max_model_len", context);
    }

    public override void WriteMessage(Utf8JsonWriter writer, Spoken spoken)
    {
        writer.WriteNull("refusal");
        writer.WriteStartArray("tool_calls");
        writer.WriteEndArray();
        writer.WriteString(Options.OldServer ? "reasoning_content" : "reasoning", spoken.Completion.Thoughts);
    }

    public override void WriteUsage(Utf8JsonWriter writer, Spoken spoken) => writer.WriteNull("prompt_tokens_details");

    public override void WriteReply(Utf8JsonWriter writer, Spoken spoken) => writer.WriteNull("prompt_logprobs");

    /// <summary>A code is the status, as a number.</summary>
    protected override void WriteError(Utf8JsonWriter writer, ErrorReply error)
    {
        writer.WriteString("message", error.Message);
        writer.WriteString("type", error.Status == 400 ? BadRequest : error.Type);
        writer.WriteString("param", error.Param);
        writer.WriteNumber("code", error.Status);
    }
}
