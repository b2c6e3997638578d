using System.Net.Http.Headers;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;
using Rowmill.Providers.Limits;

namespace Rowmill.Providers.Chat;

/// <summary>
/// One provider's wire for one route: where a request goes, what it looks like, what replies and refusals mean. It holds no state of
/// requests; <see cref="ChatClient"/> does the rest. Safe for concurrent use.
/// </summary>
/// <param name="route">Whom it asks.</param>
internal abstract class ChatProtocol(Route route)
{
    /// <summary>Whom it asks.</summary>
    public Route Route { get; } = route;

    /// <summary>The address of a generation.</summary>
    public abstract Uri Url { get; }

    /// <summary>The best form of structured output of the model.</summary>
    public abstract StructuredOutput Best { get; }

    /// <summary>What is known of the model's fields before the first refusal.</summary>
    public virtual WireHabits Habits => WireHabits.None;

    /// <summary>Headers beside those of every request.</summary>
    public virtual IReadOnlyList<KeyValuePair<string, string>> Headers => [];

    /// <summary>The header of a reply that carries the service's id of the request.</summary>
    public virtual string RequestIdHeader => "x-request-id";

    /// <summary>What the headers' limits mean.</summary>
    public virtual HeaderMeaning HeaderMeaning => HeaderMeaning.Unknown;

    /// <summary>Words with which this service refuses a form of structured output, beside those that all use.</summary>
    public virtual IReadOnlyList<string> FormWords => [];

    /// <summary>The header that carries a key.</summary>
    public virtual KeyValuePair<string, string> KeyHeader(string key) => new("Authorization", "Bearer " + key);

    /// <summary>The room for prompt and reply that a request sets aside, where the wire can say it; 0 where it cannot.</summary>
    public virtual int Context(ModelRequest request, WireHabits habits) => 0;

    /// <summary>Writes the body, and notes what it cannot say.</summary>
    public abstract void Write(TemplateWriter body, ModelRequest request, WireHabits habits);

    /// <summary>Reads the body of a success.</summary>
    /// <exception cref="JsonException">It is not of this wire's form.</exception>
    public abstract WireReply Read(ReadOnlySpan<byte> body);

    /// <summary>What a reply shows to be no reply to what was asked (a prompt that was cut); null when all is well.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="sent">Bytes of the request's body.</param>
    public virtual ModelFailure? Doubt(in WireReply reply, ModelRequest request, int sent) => null;

    /// <summary>The tokens of a reply as far as its counts can be meant so; null when they cannot.</summary>
    public virtual TokenUsage? Counted(in WireReply reply, ModelRequest request) => reply.Usage;

    /// <summary>What a refusal teaches of the model's fields; null when nothing, or when it is already known.</summary>
    /// <param name="error">The refusal.</param>
    /// <param name="request">What was refused.</param>
    /// <param name="sent">The habits it was written with.</param>
    public virtual WireHabits? Heed(ServiceError error, ModelRequest request, WireHabits sent) => null;

    /// <summary>What the headers say of the service's windows.</summary>
    public virtual IReadOnlyList<LimitReading> Limits(HttpResponseHeaders headers, bool refused) =>
        LimitHeaders.Read(headers, HeaderMeaning, refused);

    /// <summary>What a refusal means where this service's words differ from the others'; null where they do not.</summary>
    public virtual FailureKind? Kind(int status, ServiceError error, string words) => null;

    /// <summary>What a person can do about a failure, to be added to the service's words; null for the common advice.</summary>
    public virtual string? Advice(FailureKind kind, int status, string words) => null;
}
