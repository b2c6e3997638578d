using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>Which tokens of a request each provider counts, when it lets the request in and when the request is done.</summary>
public static class Reservations
{
    /// <summary>What the provider takes from its windows when it lets a request in.</summary>
    /// <remarks>
    /// OpenAI: "the maximum of max_tokens and the estimated number of tokens based on the character count" (its rate limit guide).
    /// Groq: the prompt and the reply's limit together (its 413 names both in <c>Requested</c>). Others are taken to do as Groq does,
    /// which is never too little.
    /// </remarks>
    public static Charge For(string provider, Demand demand) => new(
        1,
        provider == "openai" ? Math.Max(demand.InputTokens, demand.OutputTokens) : demand.InputTokens + demand.OutputTokens,
        demand.InputTokens,
        demand.OutputTokens);

    /// <summary>What the request has taken in the end.</summary>
    /// <remarks>
    /// Groq gives back the unused part of the reply's limit, and cached prompt tokens, which "do not count towards your rate limits"
    /// (its prompt caching guide). OpenAI is not known to give anything back, so there a settlement can only add.
    /// </remarks>
    public static Charge Settled(string provider, Charge reserved, TokenUsage used)
    {
        var input = provider == "groq" ? used.Input - used.CachedInput : used.Input;
        var tokens = input + used.Output;
        return new(reserved.Requests, provider == "openai" ? Math.Max(reserved.Tokens, tokens) : tokens, input, used.Output);
    }
}
