using System.Collections.Frozen;
using System.Diagnostics;
using Rowmill.Simulator.Dialects.Ollama;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>Ollama's OpenAI-compatible endpoint, from its sources: lenient, without limits, silent about what it does not read.</summary>
internal sealed class OllamaV1Dialect(SimulatorOptions options, SchemaLibrary schemas) : CompatibleDialect(options, schemas)
{
    private static readonly FrozenDictionary<string, FieldRule> s_fields = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["model"] = FieldRule.Any,
        ["messages"] = FieldRule.Any,
        ["response_format"] = FieldRule.Any,
        ["temperature"] = new FieldRule(FieldKind.Number),
        ["top_p"] = new FieldRule(FieldKind.Number),
        ["frequency_penalty"] = new FieldRule(FieldKind.Number),
        ["presence_penalty"] = new FieldRule(FieldKind.Number),
        ["seed"] = FieldRule.Integer(),
        ["max_tokens"] = FieldRule.Integer(),
        ["stream"] = FieldRule.NotSimulated,
        ["tools"] = FieldRule.NotSimulated,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public override IReadOnlyDictionary<string, FieldRule> Fields => s_fields;

    public override IReadOnlyList<string> Roles => [];

    public override bool WantsJsonContentType => false;

    public override bool IgnoresUnknownFields => true;

    public override bool ReadsMaxCompletionTokens => false;

    public override bool CutsLongPrompts => true;

    public override bool ObeysStrict => false;

    public override bool TellsWrongMethod => false;

    public override string MessagePath(int index, string? field = null) => field is null ? "messages" : $"messages.{field}";

    public override ErrorReply UnknownUrl(string method, string path) =>
        new(404, OllamaWords.NoPage, "not_found_error") { Bare = true, ContentType = "text/plain" };

    public override ErrorReply WrongMethod(string method, string path) => UnknownUrl(method, path);

    public override ErrorReply NoKey() => WrongKey("");

    public override ErrorReply WrongKey(string key) => new(401, "unauthorized", "api_error");

    public override ErrorReply BadContentType(string contentType) => BadJson();

    public override ErrorReply BadJson() => ErrorReply.Bad(OllamaWords.BadJson);

    public override ErrorReply UnknownFields(IReadOnlyList<string> names) => UnsupportedField(names[0]);

    public override ErrorReply UnsupportedField(string name) => ErrorReply.Bad($"unsupported field {name}");

    public override ErrorReply UnknownNested(string path) => UnsupportedField(path);

    public override ErrorReply Missing(string path) => ErrorReply.Bad(path switch
    {
        "model" => "model is required",
        "messages" => "[] is too short - 'messages'",
        _ => $"invalid message format: {path} is missing",
    });

    public override ErrorReply WrongType(string path, string expected, string got)
    {
        if (path.EndsWith(".content", StringComparison.Ordinal)) return ErrorReply.Bad("invalid message content type");
        return ErrorReply.Bad(OllamaWords.WrongType("ChatCompletionRequest", path, expected, got));
    }

    public override ErrorReply OutOfRange(string path, bool integer, bool above, double limit, string value) =>
        ErrorReply.Bad($"{path} {value} is out of range");

    public override ErrorReply BadChoice(string path, string value, IReadOnlyList<string> choices) =>
        ErrorReply.Bad($"invalid {path}: {value}");

    public override ErrorReply EmptyArray(string path) => ErrorReply.Bad($"[] is too short - '{path}'");

    public override ErrorReply TooLong(string path, int limit, int length) => ErrorReply.Bad($"{path} is too long");

    public override ErrorReply UnknownModel(string model) => new(404, OllamaWords.NoModel(model, Options.OldServer), "not_found_error");

    /// <summary>Options with limits are refused for this dialect; only the injected fault comes here.</summary>
    public override ErrorReply RateLimited(string model, Refusal refusal) =>
        new(429, OllamaWords.TooManyRequests, "api_error") { Outcome = "rate_limited" };

    public override ErrorReply TooLarge(string model, Refusal refusal) => throw new UnreachableException();

    public override ErrorReply RefusedForm(string model, SimulatorForm form) => new(500, OllamaWords.RefusedForm(form, old: false), "api_error");

    public override ErrorReply ServerError() =>
        new(500, "an error was encountered while running the model: unexpected EOF", "api_error");

    public override ErrorReply Overloaded() =>
        new(503, OllamaWords.Busy, "api_error");

    public override ErrorReply OutOfMemory(bool old) => new(500, OllamaWords.OutOfMemory(old), "api_error");

    /// <summary>Its cloud's; a machine of one's own has no such thing.</summary>
    public override ErrorReply QuotaExceeded() => new(429, OllamaWords.UsageLimit, "api_error");

    public override ErrorReply FlawedSchema(string name, SchemaFlaw flaw) => throw new UnreachableException();

    public override IEnumerable<KeyValuePair<string, string>> RetryHeaders(TimeSpan wait) => [];
}
