using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Ollama;

/// <summary>Ollama's own manners, from its sources: no limits, unknown fields ignored, long prompts cut without a word.</summary>
internal sealed class OllamaDialect : FieldDialect
{
    private static readonly Place s_chat = new(Operation.Chat, HttpMethods.Post);
    private static readonly Place s_embed = new(Operation.Embed, HttpMethods.Post);
    private static readonly Place s_show = new(Operation.Show, HttpMethods.Post);
    private static readonly Place s_tags = new(Operation.Models, HttpMethods.Get);
    private static readonly Place s_running = new(Operation.Running, HttpMethods.Get);
    private static readonly Place s_version = new(Operation.Version, HttpMethods.Get);
    private static readonly Place s_root = new(Operation.Version, HttpMethods.Get) { Form = "root" };

    private readonly OllamaModels _models;

    public OllamaDialect(SimulatorOptions options, SchemaLibrary schemas)
        : base(options)
    {
        Chat = new OllamaWire(this, schemas, options);
        Embed = new OllamaEmbedWire(this, options);
        _models = new OllamaModels(this, options);
    }

    public override string BasePath => "";

    public override ChatWire Chat { get; }

    public override EmbedWire? Embed { get; }

    public override bool WantsJsonContentType => false;

    public override bool IgnoresUnknownFields => true;

    public override bool TellsWrongMethod => false;

    public override string? RequestIdHeader => null;

    /// <summary>True when a model can think, which a request may then forbid, and otherwise may not ask for.</summary>
    public bool Thinks => Options.ThoughtTokens > 0;

    public override Place? Find(HttpRequest request) => request.Path.Value switch
    {
        "/api/chat" => s_chat,
        "/api/embed" => s_embed,
        "/api/show" => s_show,
        "/api/tags" => s_tags,
        "/api/ps" => s_running,
        "/api/version" => s_version,
        "/" => s_root,
        _ => null,
    };

    public override Told Tell(Question question) => _models.Tell(question);

    public override ErrorReply UnknownUrl(string method, string path) =>
        new(404, OllamaWords.NoPage, "") { Bare = true, ContentType = "text/plain" };

    public override ErrorReply WrongMethod(string method, string path) => UnknownUrl(method, path);

    public override ErrorReply NoKey() => WrongKey("");

    public override ErrorReply WrongKey(string key) => new(401, "unauthorized", "");

    public override ErrorReply BadContentType(string contentType) => BadJson();

    public override ErrorReply BadJson() => Refuse(OllamaWords.BadJson);

    public override ErrorReply UnknownModel(string model) => new(404, OllamaWords.NoModel(model, Options.OldServer), "");

    public override ErrorReply UnknownFields(IReadOnlyList<string> names) => UnsupportedField(names[0]);

    public override ErrorReply UnsupportedField(string name) => Refuse($"unsupported field {name}");

    public override ErrorReply UnknownNested(string path) => UnsupportedField(path);

    public override ErrorReply Missing(string path) => Refuse($"{path} is required");

    public override ErrorReply WrongType(string path, string expected, string got) =>
        Refuse(OllamaWords.WrongType("ChatRequest", path, expected, got));

    public override ErrorReply OutOfRange(string path, bool integer, bool above, double limit, string value) => Refuse($"{path} {value} is out of range");

    public override ErrorReply BadChoice(string path, string value, IReadOnlyList<string> choices) => Refuse($"invalid {path}: {value}");

    public override ErrorReply EmptyArray(string path) => Refuse($"{path} is empty");

    public override ErrorReply TooLong(string path, int limit, int length) => Refuse($"{path} is too long");

    public override ErrorReply FlawedSchema(string name, SchemaFlaw flaw) => Refuse($"invalid format: {flaw.Subject}");

    public override ErrorReply NotSimulated(string path) => Refuse($"the simulator does not simulate '{path}'");

    /// <summary>Options with limits are refused for this dialect; only the injected faults come here.</summary>
    public override ErrorReply RateLimited(string model, Refusal refusal) => new(429, OllamaWords.TooManyRequests, "") { Outcome = "rate_limited" };

    public override ErrorReply TooLarge(string model, Refusal refusal) => RateLimited(model, refusal);

    public override ErrorReply Limited(string retryHeader) => new(429, OllamaWords.TooManyRequests, "") { RetryHeader = retryHeader };

    public override ErrorReply ContextExceeded(ChatRequest request, int limit, int tokens) => Refuse(
        "the prompt is longer than the context length currently available to the model; shorten the prompt or increase num_ctx");

    public override ErrorReply RefusedForm(string model, SimulatorForm form) =>
        new(Options.OldServer && form != SimulatorForm.JsonObject ? 400 : 500, OllamaWords.RefusedForm(form, Options.OldServer), "");

    public override ErrorReply ServerError() => new(500, OllamaWords.Ended(Options.OldServer), "");

    public override ErrorReply Overloaded() => new(503, OllamaWords.Busy, "");

    public override ErrorReply OutOfMemory(bool old) => new(500, OllamaWords.OutOfMemory(old), "");

    /// <summary>Its cloud's; a machine of one's own has no such thing.</summary>
    public override ErrorReply QuotaExceeded() => new(429, OllamaWords.UsageLimit, "");

    public override ErrorReply DayUsedUp(string model, long limit) => QuotaExceeded();

    public override ErrorReply NoAllowance(string model) => QuotaExceeded();

    public override byte[] Body(ErrorReply error, string requestId) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("error", error.Message);
        writer.WriteEndObject();
    });

    public ErrorReply Refuse(string message) => new(400, message, "");
}
