using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>The manners of llama.cpp's server: one model whatever its name, schemas in three places, no limits. Its sources and captures.</summary>
internal sealed class LlamaCppDialect(SimulatorOptions options, SchemaLibrary schemas) : OpenAiDialect(options, schemas)
{
    private const string Bad = "invalid_request_error";

    private static readonly FrozenDictionary<string, FieldRule> s_fields = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["model"] = FieldRule.Any,
        ["messages"] = FieldRule.Any,
        ["response_format"] = FieldRule.Any,
        ["temperature"] = new FieldRule(FieldKind.Number),
        ["top_p"] = new FieldRule(FieldKind.Number),
        ["n"] = FieldRule.Integer(1),
        ["seed"] = FieldRule.Integer(),
        ["max_tokens"] = FieldRule.Integer(),
        ["max_completion_tokens"] = FieldRule.Integer(),
        ["stop"] = FieldRule.Stop,
        ["stream"] = FieldRule.NotSimulated,
        ["tools"] = FieldRule.NotSimulated,
        ["json_schema"] = FieldRule.NotSimulated,
        ["grammar"] = FieldRule.NotSimulated,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public override IReadOnlyDictionary<string, FieldRule> Fields => s_fields;

    public override IReadOnlyList<string> Roles => [];

    public override bool IgnoresUnknownFields => true;

    public override IReadOnlyList<string> TranscriptForms => [];

    public override bool ObeysStrict => false;

    public override bool TakesFlatSchema => true;

    public override bool RefusesApart => false;

    public override bool ChecksModel => false;

    public override bool WantsModel => false;

    public override bool WantsJsonContentType => false;

    public override bool TellsWrongMethod => false;

    /// <summary>It serves one model.</summary>
    public override Told Tell(Question question) => new(CompletionBody.Models(this, [question.Models[0]]));

    public override ErrorReply? RefusedByModel(JsonElement body, string model, Place place) => null;

    public override ErrorReply UnknownUrl(string method, string path) => new(404, "File Not Found", "not_found_error");

    public override ErrorReply NoKey() => new(401, "Invalid API Key", "authentication_error");

    public override ErrorReply WrongKey(string key) => NoKey();

    public override ErrorReply BadJson() => new(500, "[json.exception.parse_error.101] parse error: syntax error while parsing value", "server_error");

    public override ErrorReply RateLimited(string model, Refusal refusal) => Overloaded() with { Outcome = "rate_limited" };

    public override ErrorReply Limited(string retryHeader) => Overloaded() with { RetryHeader = retryHeader };

    public override ErrorReply ContextExceeded(ChatRequest request, int limit, int tokens) => new(
        400, $"request ({tokens} tokens) exceeds the available context size ({limit} tokens), try increasing it", "exceed_context_size_error")
    {
        Details = new JsonObject { ["n_prompt_tokens"] = tokens, ["n_ctx"] = limit },
    };

    public override ErrorReply RefusedForm(string model, SimulatorForm form) => new(
        400,
        form == SimulatorForm.JsonObject ? "failed to parse grammar" : "JSON schema conversion failed: Pattern must start with '^' and end with '$'",
        "invalid_request_error");

    public override ErrorReply ServerError() => new(500, "Compute error.", "server_error");

    /// <summary>It says so while it starts.</summary>
    public override ErrorReply Overloaded() => new(503, "Loading model", "unavailable_error");

    public override ErrorReply OutOfMemory(bool old) => ServerError();

    public override ErrorReply? BadGeneration(string text) => null;

    public override ErrorReply? BlockedPrompt() => null;

    public override IEnumerable<KeyValuePair<string, string>> LimitHeaders(IReadOnlyList<BucketReading> readings, DateTimeOffset now) => [];

    public override IEnumerable<KeyValuePair<string, string>> RetryHeaders(TimeSpan wait) => [];

    public override void WriteModel(Utf8JsonWriter writer, string model)
    {
        writer.WriteNumber("created", 0);
        writer.WriteString("owned_by", "llamacpp");
        writer.WriteStartObject("meta");
        if (Options.ContextTokens is { } context) writer.WriteNumber("n_ctx_train", context);
        writer.WriteNumber("size", Options.ModelBytes);
        writer.WriteEndObject();
    }

    public override void WriteMessage(Utf8JsonWriter writer, Spoken spoken)
    {
        if (spoken.Completion.Thoughts is { } thoughts) writer.WriteString("reasoning_content", thoughts);
    }

    public override void WriteChoice(Utf8JsonWriter writer, Spoken spoken)
    {
    }

    public override void WriteUsage(Utf8JsonWriter writer, Spoken spoken)
    {
    }

    public override void WriteReply(Utf8JsonWriter writer, Spoken spoken)
    {
        base.WriteReply(writer, spoken);
        writer.WriteStartObject("timings");
        writer.WriteNumber("prompt_n", spoken.Bill.Prompt);
        writer.WriteNumber("predicted_n", spoken.Bill.Output);
        writer.WriteNumber("predicted_ms", spoken.Took.TotalMilliseconds);
        writer.WriteEndObject();
    }

    protected override void WriteError(Utf8JsonWriter writer, ErrorReply error)
    {
        writer.WriteNumber("code", error.Status);
        writer.WriteString("message", error.Message);
        writer.WriteString("type", error.Type.Length == 0 ? Bad : error.Type);
        if (error.Details is not JsonObject details) return;
        foreach (var (name, value) in details)
        {
            writer.WritePropertyName(name);
            value!.WriteTo(writer);
        }
    }
}
