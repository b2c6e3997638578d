using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Dialects.Gemini;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects;

/// <summary>One provider's manners: its paths, what it wants of a request, in which words it refuses and with which headers.</summary>
internal abstract class Dialect(SimulatorOptions options)
{
    /// <summary>How a client's address of the service ends; empty for the root.</summary>
    public virtual string BasePath => "/v1";

    /// <summary>How chats are read and written.</summary>
    public abstract ChatWire Chat { get; }

    /// <summary>How vectors are asked for; null where there are none.</summary>
    public virtual EmbedWire? Embed => null;

    /// <summary>How batches are made and fetched; null where there are none.</summary>
    public virtual BatchWire? Batches => null;

    /// <summary>The forms in which a transcript may come; empty where there are none.</summary>
    public virtual IReadOnlyList<string> TranscriptForms => [];

    public virtual bool WantsUserAgent => false;

    public virtual bool WantsJsonContentType => true;

    /// <summary>True when wrong methods are told apart from unknown paths.</summary>
    public virtual bool TellsWrongMethod => true;

    /// <summary>True when the JSON modes refuse a text that the output limit cut, instead of sending it.</summary>
    public virtual bool ValidatesJson => false;

    /// <summary>True when a refusal in words stands beside the content, or ends the reply, instead of being its text.</summary>
    public virtual bool RefusesApart => false;

    /// <summary>True when a model of another name than the known ones does not exist.</summary>
    public virtual bool ChecksModel => true;

    /// <summary>True when cached prompt tokens do not count towards the token limits.</summary>
    public virtual bool CachedTokensAreFree => false;

    /// <summary>The shortest prefix that is cached, in tokens.</summary>
    public virtual int CacheFromTokens => 1024;

    /// <summary>True when limits by day are of calendar days and not buckets that refill all the time.</summary>
    public virtual bool CalendarDays => false;

    /// <summary>The header in which a reply carries its number; null for none.</summary>
    public virtual string? RequestIdHeader => "x-request-id";

    protected SimulatorOptions Options => options;

    /// <summary>Where a request goes; null when this dialect has no such path.</summary>
    public abstract Place? Find(HttpRequest request);

    /// <summary>The key of a request; null for none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="misplaced">True when there is one where this provider does not look, or in a form that it does not read.</param>
    public virtual string? KeyOf(HttpRequest request, out bool misplaced)
    {
        const string Scheme = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        misplaced = false;
        if (header.Length == 0) return null;
        misplaced = header.Length == Scheme.Length || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            || header.AsSpan(Scheme.Length).Contains(' ');
        return misplaced ? null : header[Scheme.Length..];
    }

    /// <summary>What is wrong with the headers of a request whose key is right; null for nothing.</summary>
    public virtual ErrorReply? Headers(HttpRequest request, Place place) => null;

    /// <summary>True when a request finds room in a context of so many tokens.</summary>
    public virtual bool Fits(ChatRequest request, int prompt, int limit) => prompt <= limit;

    /// <summary>What a request claims of the limits when it is let in.</summary>
    public virtual Claim Reserve(int prompt, int output, TokenReservation reservation) => new(
        reservation == TokenReservation.LargerOfBoth ? Math.Max(prompt, output) : (long)prompt + output, prompt, output);

    /// <summary>What counts towards the limits in the end.</summary>
    public virtual Claim Count(int prompt, int output) => new((long)prompt + output, prompt, output);

    /// <summary>Answers what needs no model.</summary>
    public abstract Told Tell(Question question);

    public abstract ErrorReply UnknownUrl(string method, string path);

    public abstract ErrorReply WrongMethod(string method, string path);

    public abstract ErrorReply NoKey();

    public abstract ErrorReply WrongKey(string key);

    public abstract ErrorReply BadContentType(string contentType);

    public abstract ErrorReply BadJson();

    public abstract ErrorReply UnknownModel(string model);

    public abstract ErrorReply RateLimited(string model, Refusal refusal);

    public abstract ErrorReply TooLarge(string model, Refusal refusal);

    /// <summary>The model does not take this form.</summary>
    public abstract ErrorReply RefusedForm(string model, SimulatorForm form);

    /// <summary>A limit told without numbers, with this in <c>retry-after</c>.</summary>
    public abstract ErrorReply Limited(string retryHeader);

    /// <summary>The prompt does not fit the model.</summary>
    public abstract ErrorReply ContextExceeded(ChatRequest request, int limit, int tokens);

    public abstract ErrorReply ServerError();

    public abstract ErrorReply Overloaded();

    /// <summary>There is no money left.</summary>
    public abstract ErrorReply QuotaExceeded();

    /// <summary>The user's own cap on spending is reached.</summary>
    public virtual ErrorReply SpendCap() => QuotaExceeded();

    /// <summary>No room for a request of low priority.</summary>
    public virtual ErrorReply OutOfCapacity() => Overloaded();

    /// <summary>The model does not fit the machine.</summary>
    /// <param name="old">True for the words of older versions.</param>
    public virtual ErrorReply OutOfMemory(bool old) => ServerError();

    /// <summary>The refusal of a text that is not the JSON asked for; null when it is sent all the same.</summary>
    public virtual ErrorReply? BadGeneration(string text) => null;

    /// <summary>The refusal of a text that a filter stopped; null when a 200 tells it.</summary>
    public virtual ErrorReply? Filtered() => null;

    /// <summary>The refusal of a prompt that a filter stopped; null when a 200 tells it.</summary>
    public virtual ErrorReply? BlockedPrompt() => null;

    /// <summary>The day's requests are used up, as Google says it unless the provider has words of its own.</summary>
    public virtual ErrorReply DayUsedUp(string model, long limit) => GoogleErrors.Foreign(GoogleQuota.DayUsedUp(model, limit));

    /// <summary>The account may not ask this model at all, as Google says it unless the provider has words of its own.</summary>
    public virtual ErrorReply NoAllowance(string model) => GoogleErrors.Foreign(GoogleQuota.NoAllowance(model));

    /// <summary>The body of a refusal.</summary>
    /// <param name="error">The refusal.</param>
    /// <param name="requestId">The reply's number.</param>
    public abstract byte[] Body(ErrorReply error, string requestId);

    /// <summary>The headers that tell the limits; none where none are set.</summary>
    public virtual IEnumerable<KeyValuePair<string, string>> LimitHeaders(IReadOnlyList<BucketReading> readings, DateTimeOffset now) => [];

    /// <summary>The headers that tell a wait.</summary>
    public virtual IEnumerable<KeyValuePair<string, string>> RetryHeaders(TimeSpan wait)
    {
        yield return new("retry-after", $"{Math.Ceiling(wait.TotalSeconds - 1e-6):0}");
    }

    protected static BucketReading? Find(IReadOnlyList<BucketReading> readings, Dimension dimension)
    {
        foreach (var reading in readings)
        {
            if (reading.Dimension == dimension) return reading;
        }

        return null;
    }
}
