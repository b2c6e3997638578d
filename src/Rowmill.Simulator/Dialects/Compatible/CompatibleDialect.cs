using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>The manners of those who speak OpenAI's chat completions, each a little differently.</summary>
internal abstract class CompatibleDialect : FieldDialect
{
    private static readonly Place s_chat = new(Operation.Chat, HttpMethods.Post);
    private static readonly Place s_models = new(Operation.Models, HttpMethods.Get);
    private static readonly Place s_embed = new(Operation.Embed, HttpMethods.Post);
    private static readonly Place s_transcribe = new(Operation.Transcribe, HttpMethods.Post);

    private readonly Lazy<FrozenDictionary<string, Place>> _places;
    private readonly Lazy<BatchWire?> _batches;

    protected CompatibleDialect(SimulatorOptions options, SchemaLibrary schemas)
        : base(options)
    {
        _places = new(() => new Dictionary<string, Place>(StringComparer.Ordinal)
        {
            [$"{BasePath}/chat/completions"] = s_chat,
            [$"{BasePath}/models"] = s_models,
            [$"{BasePath}/embeddings"] = s_embed,
            [$"{BasePath}/audio/transcriptions"] = s_transcribe,
        }.ToFrozenDictionary(StringComparer.Ordinal));
        _batches = new(() => BatchLimits is { } limits ? new CompatibleBatches(this, BasePath, limits) : null);
        Chat = new CompletionsWire(this, schemas);
        Embed = new EmbeddingsWire(this);
    }

    public override ChatWire Chat { get; }

    public override EmbedWire? Embed { get; }

    public override BatchWire? Batches => _batches.Value;

    /// <summary>What a batch may hold; null where there are none.</summary>
    public BatchLimits? BatchLimits { get; init; }

    /// <summary>The top-level fields of a request.</summary>
    public abstract IReadOnlyDictionary<string, FieldRule> Fields { get; }

    /// <summary>Values of <c>role</c>; empty for any.</summary>
    public abstract IReadOnlyList<string> Roles { get; }

    public virtual bool ReadsMaxCompletionTokens => true;

    /// <summary>True when a prompt beyond the context is cut without a word instead of refused.</summary>
    public virtual bool CutsLongPrompts => false;

    /// <summary>True when <c>strict</c> is obeyed and its schemas are checked.</summary>
    public virtual bool ObeysStrict => true;

    /// <summary>True when the schema may stand in <c>response_format</c> itself.</summary>
    public virtual bool TakesFlatSchema => false;

    /// <summary>True when the JSON mode wants the word in a message.</summary>
    public virtual bool WantsJsonWord => !IgnoresUnknownFields;

    /// <summary>True when a request must name a model.</summary>
    public virtual bool WantsModel => true;

    /// <summary>True when a message without a text has no field for it.</summary>
    public virtual bool LeavesOutNoContent => false;

    /// <summary>What this model refuses of an otherwise correct request; null for nothing.</summary>
    public virtual ErrorReply? RefusedByModel(JsonElement body, string model, Place place) => null;

    /// <summary>The name of a model as lists tell it.</summary>
    public virtual string ModelOf(string name) => name;

    /// <summary>The place of a message's field in an error.</summary>
    public abstract string MessagePath(int index, string? field = null);

    public override Place? Find(HttpRequest request)
    {
        var path = PathOf(request);
        var place = _places.Value.GetValueOrDefault(path) ?? Batches?.Find(path, request);
        return place == s_transcribe && TranscriptForms.Count == 0 ? null : place;
    }

    /// <summary>The path of a request as this dialect's places are written.</summary>
    protected virtual string PathOf(HttpRequest request) => request.Path.Value ?? "";

    public override Told Tell(Question question) => new(CompletionBody.Models(this, question.Models));

    public override ErrorReply Limited(string retryHeader) => ErrorReply.Limited(retryHeader);

    /// <summary>Source: OpenAI's own text, copied by its imitators.</summary>
    public override ErrorReply ContextExceeded(ChatRequest request, int limit, int tokens) => ErrorReply.Bad(
        $"This model's maximum context length is {limit} tokens. However, your messages resulted in {tokens} tokens. "
        + "Please reduce the length of the messages.",
        "messages",
        "context_length_exceeded");

    /// <summary>OpenAI's words; a strict schema and another one are the same to it.</summary>
    public override ErrorReply RefusedForm(string model, SimulatorForm form) => ErrorReply.Bad(
        form == SimulatorForm.JsonObject
            ? "Invalid parameter: 'response_format' of type 'json_object' is not supported with this model."
            : "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn more about supported models at "
                + "the Structured Outputs guide: https://platform.openai.com/docs/guides/structured-outputs");

    public ErrorReply NoJsonWord() => ErrorReply.Bad(
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.", "messages");

    public override ErrorReply OutOfCapacity() =>
        new(498, "Flex tier capacity exceeded. Please try again later.", "capacity_exceeded") { Code = "capacity_exceeded" };

    public override ErrorReply QuotaExceeded() => new(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: "
        + "https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "insufficient_quota")
    {
        Code = "insufficient_quota",
    };

    public override ErrorReply? BadGeneration(string text) => ErrorReply.Bad(
        "Failed to validate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
        code: "json_validate_failed") with
    {
        FailedGeneration = text,
    };

    public override byte[] Body(ErrorReply error, string requestId) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        WriteError(writer, error);
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    /// <summary>The fields within <c>error</c>: all four, null or not, as OpenAI's specification requires.</summary>
    protected virtual void WriteError(Utf8JsonWriter writer, ErrorReply error)
    {
        writer.WriteString("message", error.Message);
        writer.WriteString("type", error.Type);
        writer.WriteString("param", error.Param);
        writer.WriteString("code", error.Code);
        if (error.FailedGeneration is not null) writer.WriteString("failed_generation", error.FailedGeneration);
    }

    /// <summary>What a listed model tells beyond its name.</summary>
    public virtual void WriteModel(Utf8JsonWriter writer, string model)
    {
        writer.WriteNumber("created", 0);
        writer.WriteString("owned_by", "simulated");
    }

    /// <summary>What a message tells beyond role and content.</summary>
    public virtual void WriteMessage(Utf8JsonWriter writer, Spoken spoken)
    {
    }

    /// <summary>What a choice tells beyond its message and the end.</summary>
    public virtual void WriteChoice(Utf8JsonWriter writer, Spoken spoken)
    {
    }

    /// <summary>What the usage tells beyond its three sums.</summary>
    public virtual void WriteUsage(Utf8JsonWriter writer, Spoken spoken)
    {
    }

    /// <summary>What a reply tells at its end.</summary>
    public virtual void WriteReply(Utf8JsonWriter writer, Spoken spoken) => writer.WriteString("system_fingerprint", "simulated");

    /// <summary>What a transcript tells at its end.</summary>
    public virtual void WriteTranscript(Utf8JsonWriter writer, string id)
    {
    }

    protected static IEnumerable<KeyValuePair<string, string>> Headers(string suffix, BucketReading reading)
    {
        yield return new($"x-ratelimit-limit-{suffix}", $"{reading.Limit}");
        yield return new($"x-ratelimit-remaining-{suffix}", $"{reading.Remaining}");
        yield return new($"x-ratelimit-reset-{suffix}", GoDuration.Format(reading.Reset));
    }

    /// <summary><c>tokens</c> or <c>requests</c>: the error's type.</summary>
    protected static string Unit(Dimension dimension) =>
        dimension is Dimension.RequestsPerDay or Dimension.RequestsPerMinute ? "requests" : "tokens";

    protected static void Details(Utf8JsonWriter writer, string name, ReadOnlySpan<(string Name, int Value)> values)
    {
        writer.WriteStartObject(name);
        foreach (var (field, value) in values) writer.WriteNumber(field, value);
        writer.WriteEndObject();
    }
}
