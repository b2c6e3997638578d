using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>Which tokens of a request each provider counts, when it lets the request in and when the request is done.</summary>
public static class Reservations
{
    /// <summary>What the provider takes from its windows when it lets a request in.</summary>
    /// <remarks>See <see cref="TokenRules.Admitted"/>.</remarks>
    public static Charge For(string provider, Demand demand) => new(
        1,
        TokenRules.Admitted(provider, demand.InputTokens, demand.OutputTokens),
        demand.InputTokens,
        TokenRules.AdmittedOutput(provider, demand.OutputTokens, demand.ExpectedOutputTokens ?? demand.OutputTokens));

    /// <summary>What the request has taken in the end.</summary>
    /// <remarks>Groq gives back the unused part of the reply's limit, and cached prompt tokens; see <see cref="TokenRules.Settled"/>.</remarks>
    public static Charge Settled(string provider, Charge reserved, TokenUsage used)
    {
        var input = TokenRules.CountsCached(provider) ? used.Input : used.Input - used.CachedInput;
        return new(reserved.Requests, TokenRules.Settled(provider, reserved.Tokens, input, used.Output), input, used.Output);
    }
}
