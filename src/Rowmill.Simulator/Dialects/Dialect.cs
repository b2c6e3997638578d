using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects;

/// <summary>One provider's manners: what it reads, what it refuses, in which words and with which headers.</summary>
internal abstract class Dialect
{
    public static Dialect Of(SimulatorDialect kind) => kind switch
    {
        SimulatorDialect.Groq => new GroqDialect(),
        SimulatorDialect.OllamaV1 => new OllamaDialect(),
        _ => new OpenAiDialect(),
    };

    /// <summary>The top-level fields of a request.</summary>
    public abstract IReadOnlyDictionary<string, FieldRule> Fields { get; }

    /// <summary>Values of <c>role</c>; empty for any.</summary>
    public abstract IReadOnlyList<string> Roles { get; }

    public virtual bool WantsUserAgent => false;

    public virtual bool WantsJsonContentType => true;

    public virtual bool IgnoresUnknownFields => false;

    public virtual bool ReadsMaxCompletionTokens => true;

    /// <summary>True when a prompt beyond the context is cut without a word instead of refused.</summary>
    public virtual bool CutsLongPrompts => false;

    /// <summary>True when <c>strict</c> is obeyed and its schemas are checked.</summary>
    public virtual bool ObeysStrict => true;

    /// <summary>True when the JSON modes refuse a text that the output limit cut, instead of sending it.</summary>
    public virtual bool ValidatesJson => false;

    /// <summary>True when cached prompt tokens do not count towards the token limits.</summary>
    public virtual bool CachedTokensAreFree => false;

    /// <summary>The shortest system message that is cached, in tokens.</summary>
    public virtual int CacheFromTokens => 1024;

    /// <summary>True when the reply tells usage details, refusals and the tier.</summary>
    public virtual bool DetailedReplies => true;

    /// <summary>True when the reply carries <c>x_groq</c> and timings.</summary>
    public virtual bool GroqReplies => false;

    /// <summary>True when wrong methods are told apart from unknown paths.</summary>
    public virtual bool TellsWrongMethod => true;

    /// <summary>What this model refuses of an otherwise correct request; null for nothing.</summary>
    public virtual ErrorReply? RefusedByModel(JsonElement body, string model) => null;

    /// <summary>The place of a message's field in an error.</summary>
    public abstract string MessagePath(int index, string? field = null);

    public abstract ErrorReply UnknownUrl(string method, string path);

    public abstract ErrorReply WrongMethod(string method, string path);

    public abstract ErrorReply NoKey();

    public abstract ErrorReply WrongKey(string key);

    public abstract ErrorReply BadContentType(string contentType);

    public abstract ErrorReply BadJson();

    public abstract ErrorReply UnknownFields(IReadOnlyList<string> names);

    public abstract ErrorReply UnsupportedField(string name);

    public abstract ErrorReply UnknownNested(string path);

    public abstract ErrorReply Missing(string path);

    public abstract ErrorReply WrongType(string path, string expected, string got);

    public abstract ErrorReply OutOfRange(string path, bool integer, bool above, double limit, string value);

    public abstract ErrorReply BadChoice(string path, string value, IReadOnlyList<string> choices);

    public abstract ErrorReply EmptyArray(string path);

    public abstract ErrorReply TooLong(string path, int limit, int length);

    public abstract ErrorReply UnknownModel(string model);

    public abstract ErrorReply RateLimited(string model, Refusal refusal);

    public abstract ErrorReply TooLarge(string model, Refusal refusal);

    public abstract ErrorReply ServerError();

    public abstract ErrorReply Overloaded();

    public abstract ErrorReply FlawedSchema(string name, SchemaFlaw flaw);

    /// <summary>The headers that tell the limits; none where none are set.</summary>
    public abstract IEnumerable<KeyValuePair<string, string>> LimitHeaders(IReadOnlyList<BucketReading> readings);

    /// <summary>The headers that tell a wait.</summary>
    public virtual IEnumerable<KeyValuePair<string, string>> RetryHeaders(TimeSpan wait)
    {
        yield return new("retry-after", $"{Math.Ceiling(wait.TotalSeconds - 1e-6):0}");
    }

    public ErrorReply NotSimulated(string path) =>
        ErrorReply.Bad($"The simulator does not simulate '{path}'.", path, "unsupported_parameter");

    /// <summary>Source: OpenAI's own text, copied by its imitators.</summary>
    public ErrorReply ContextExceeded(int limit, int tokens) => ErrorReply.Bad(
        $"This model's maximum context length is {limit} tokens. However, your messages resulted in {tokens} tokens. "
        + "Please reduce the length of the messages.",
        "messages",
        "context_length_exceeded");

    public ErrorReply NoJsonWord() => ErrorReply.Bad(
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.", "messages");

    public ErrorReply OutOfCapacity() =>
        new(498, "Flex tier capacity exceeded. Please try again later.", "capacity_exceeded") { Code = "capacity_exceeded" };

    public ErrorReply QuotaExceeded() => new(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: "
        + "https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "insufficient_quota")
    {
        Code = "insufficient_quota",
    };

    public ErrorReply BadGeneration(string text) => ErrorReply.Bad(
        "Failed to validate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
        code: "json_validate_failed") with
    {
        FailedGeneration = text,
    };

    /// <summary>The body of a refusal.</summary>
    public byte[] Body(ErrorReply error)
    {
        if (error.Bare) return Encoding.UTF8.GetBytes(error.Message);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Json.Relaxed))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("error");
            WriteError(writer, error);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>The fields within <c>error</c>: all four, null or not, as OpenAI's specification requires.</summary>
    protected virtual void WriteError(Utf8JsonWriter writer, ErrorReply error)
    {
        writer.WriteString("message", error.Message);
        writer.WriteString("type", error.Type);
        writer.WriteString("param", error.Param);
        writer.WriteString("code", error.Code);
        if (error.FailedGeneration is not null) writer.WriteString("failed_generation", error.FailedGeneration);
    }

    protected static IEnumerable<KeyValuePair<string, string>> Headers(string suffix, BucketReading reading)
    {
        yield return new($"x-ratelimit-limit-{suffix}", $"{reading.Limit}");
        yield return new($"x-ratelimit-remaining-{suffix}", $"{reading.Remaining}");
        yield return new($"x-ratelimit-reset-{suffix}", GoDuration.Format(reading.Reset));
    }

    protected static BucketReading? Find(IReadOnlyList<BucketReading> readings, Dimension dimension)
    {
        foreach (var reading in readings)
        {
            if (reading.Dimension == dimension) return reading;
        }

        return null;
    }

    /// <summary><c>tokens</c> or <c>requests</c>: the error's type.</summary>
    protected static string Unit(Dimension dimension) =>
        dimension is Dimension.RequestsPerDay or Dimension.RequestsPerMinute ? "requests" : "tokens";
}
