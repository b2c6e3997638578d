using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Dialects.Gemini;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>Google's OpenAI-compatible endpoint: OpenAI's fields as far as Google knows them, Google's errors, in arrays. Captures.</summary>
internal sealed class GeminiOpenAiDialect(SimulatorOptions options, SchemaLibrary schemas) : OpenAiDialect(options, schemas)
{
    private static readonly FrozenDictionary<string, FieldRule> s_fields = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["model"] = FieldRule.Any,
        ["messages"] = FieldRule.Any,
        ["response_format"] = FieldRule.Any,
        ["temperature"] = FieldRule.Number(0, 2),
        ["top_p"] = FieldRule.Number(0, 1),
        ["n"] = FieldRule.Integer(1, 8),
        ["seed"] = FieldRule.Integer(),
        ["max_tokens"] = FieldRule.Integer(1),
        ["max_completion_tokens"] = FieldRule.Integer(1),
        ["frequency_penalty"] = FieldRule.Number(-2, 2),
        ["presence_penalty"] = FieldRule.Number(-2, 2),
        ["stop"] = FieldRule.Stop,
        ["reasoning_effort"] = FieldRule.Choice("none", "minimal", "low", "medium", "high"),
        ["extra_body"] = FieldRule.Map,
        ["service_tier"] = FieldRule.Text,
        ["stream"] = FieldRule.NotSimulated,
        ["stream_options"] = FieldRule.NotSimulated,
        ["tools"] = FieldRule.NotSimulated,
        ["tool_choice"] = FieldRule.NotSimulated,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public override string BasePath => "/v1beta/openai";

    public override IReadOnlyDictionary<string, FieldRule> Fields => s_fields;

    public override IReadOnlyList<string> TranscriptForms => [];

    public override bool ObeysStrict => false;

    public override bool WantsJsonWord => false;

    public override bool RefusesApart => false;

    public override bool LeavesOutNoContent => true;

    public override bool CalendarDays => true;

    public override bool TellsWrongMethod => false;

    public override string? RequestIdHeader => null;

    public override string ModelOf(string name) => name.StartsWith("models/", StringComparison.Ordinal) ? name["models/".Length..] : name;

    public override Claim Reserve(int prompt, int output, TokenReservation reservation) => new(prompt, prompt, 0);

    public override Claim Count(int prompt, int output) => new(prompt, prompt, output);

    public override Told Tell(Question question) => new(CompletionBody.Models(this, [.. question.Models.Select(m => $"models/{m}")]));

    public override ErrorReply? RefusedByModel(JsonElement body, string model, Place place) => null;

    public override ErrorReply UnknownUrl(string method, string path) => GoogleErrors.NoPage;

    public override ErrorReply WrongMethod(string method, string path) => GoogleErrors.NoPage;

    public override ErrorReply NoKey() => GoogleErrors.Invalid("Missing or invalid Authorization header.");

    public override ErrorReply WrongKey(string key) => GoogleErrors.WrongKey();

    public override ErrorReply BadContentType(string contentType) => BadJson();

    public override ErrorReply BadJson() => GoogleErrors.BadJson();

    public override ErrorReply UnknownFields(IReadOnlyList<string> names) => GoogleErrors.BadFields(
        [.. names.Select(n => ("", $"Invalid JSON payload received. Unknown name \"{n}\": Cannot find field."))]);

    public override ErrorReply UnsupportedField(string name) => UnknownFields([name]);

    public override ErrorReply UnknownNested(string path)
    {
        var dot = path.LastIndexOf('.');
        return GoogleErrors.BadFields(
            [(path[..dot], $"Invalid JSON payload received. Unknown name \"{path[(dot + 1)..]}\" at '{path[..dot]}': Cannot find field.")]);
    }

    public override ErrorReply Missing(string path) => GoogleErrors.Invalid(path == "model" ? "Model is not specified." : $"Missing required field: {path}.");

    public override ErrorReply WrongType(string path, string expected, string got) => GoogleErrors.Invalid($"Invalid value at '{path}': expected {expected}, got {got}.");

    public override ErrorReply OutOfRange(string path, bool integer, bool above, double limit, string value) =>
        GoogleErrors.Invalid($"Invalid value at '{path}': {value} is {(above ? "above" : "below")} {limit}.");

    public override ErrorReply BadChoice(string path, string value, IReadOnlyList<string> choices) =>
        GoogleErrors.Invalid($"Invalid value at '{path}': \"{value}\". Supported values are: {string.Join(", ", choices)}.");

    public override ErrorReply EmptyArray(string path) => GoogleErrors.Invalid($"{path} is not specified.");

    public override ErrorReply TooLong(string path, int limit, int length) => GoogleErrors.Invalid($"{path} is longer than {limit}.");

    public override ErrorReply NotSimulated(string path) => GoogleErrors.Invalid($"The simulator does not simulate '{path}'.");

    public override ErrorReply UnknownModel(string model) => GoogleErrors.UnknownModel(model);

    public override ErrorReply RateLimited(string model, Refusal refusal) => GoogleQuota.Of(model, refusal);

    public override ErrorReply TooLarge(string model, Refusal refusal) => GoogleQuota.Of(model, refusal);

    public override ErrorReply Limited(string retryHeader) => GoogleErrors.Exhausted with { RetryHeader = retryHeader };

    public override ErrorReply ContextExceeded(ChatRequest request, int limit, int tokens) => GoogleErrors.ContextExceeded(limit, tokens);

    public override ErrorReply RefusedForm(string model, SimulatorForm form) => GoogleErrors.RefusedForm(model, form, native: false);

    public override ErrorReply ServerError() => GoogleErrors.ServerError();

    public override ErrorReply Overloaded() => GoogleErrors.Overloaded();

    public override ErrorReply OutOfCapacity() => GoogleErrors.Overloaded();

    public override ErrorReply QuotaExceeded() => GoogleQuota.NoAllowance("simulated");

    public override ErrorReply DayUsedUp(string model, long limit) => GoogleQuota.DayUsedUp(model, limit);

    public override ErrorReply NoAllowance(string model) => GoogleQuota.NoAllowance(model);

    public override ErrorReply? BadGeneration(string text) => null;

    public override ErrorReply? BlockedPrompt() => null;

    public override byte[] Body(ErrorReply error, string requestId) =>
        Encoding.UTF8.GetBytes(GoogleErrors.Body(error, array: true).ToJsonString(Json.Nodes));

    public override IEnumerable<KeyValuePair<string, string>> LimitHeaders(IReadOnlyList<BucketReading> readings, DateTimeOffset now) => [];

    public override void WriteModel(Utf8JsonWriter writer, string model) => writer.WriteString("owned_by", "google");

    public override void WriteMessage(Utf8JsonWriter writer, Spoken spoken)
    {
    }

    public override void WriteChoice(Utf8JsonWriter writer, Spoken spoken)
    {
    }

    public override void WriteUsage(Utf8JsonWriter writer, Spoken spoken)
    {
    }

    public override void WriteReply(Utf8JsonWriter writer, Spoken spoken)
    {
    }
}
