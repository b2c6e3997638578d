using Rowmill.Core.Models;

namespace Rowmill.Providers.Chat;

/// <summary>
/// The most tokens one call can have taken. A count beyond it is a fault of the service: believed, it would charge an account's windows
/// for days and spoil every later estimate.
/// </summary>
/// <param name="Input">Prompt tokens.</param>
/// <param name="Output">Reply tokens, thinking included.</param>
internal readonly record struct UsageBounds(long Input, long Output)
{
    /// <summary>A token is one byte at the least, and a service may show the model the schema a second time, as text.</summary>
    private const long TokensPerByteSent = 2;

    /// <summary>What a chat template and a service's own instructions may add; they are a few hundred tokens.</summary>
    private const long TemplateTokens = 4096;

    /// <summary>Thinking counts within the output limit; some services run a little past it.</summary>
    private const long OverOutputLimit = 2;

    /// <summary>The bounds of a call.</summary>
    /// <param name="route">Whom it asked; a prompt may fill its context, for instance with what the service adds.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="sent">Bytes of the request's body.</param>
    /// <param name="received">Bytes of the reply's body: a service that ignores the output limit shows what it wrote.</param>
    public static UsageBounds Of(Route route, ModelRequest request, long sent, long received) => new(
        Math.Max(route.ContextTokens, TokensPerByteSent * sent + TemplateTokens),
        Math.Max(OverOutputLimit * request.MaxOutputTokens, received));

    /// <summary>The bounds of a call of which only the reply is at hand: no request is made that is larger than the route's context.</summary>
    /// <param name="route">Whom it asked.</param>
    /// <param name="received">Bytes of the reply's body.</param>
    public static UsageBounds OfReply(Route route, long received) => new(
        TokensPerByteSent * route.ContextTokens + TemplateTokens, Math.Max(OverOutputLimit * route.MaxOutputTokens, received));

    /// <summary>The usage, when it can be true; otherwise null, as if the service had not told.</summary>
    public TokenUsage? Believed(TokenUsage? told) =>
        told is { Input: >= 0, CachedInput: >= 0, Output: >= 0 } usage && usage.Input <= Input && usage.Output <= Output ? usage : null;
}
