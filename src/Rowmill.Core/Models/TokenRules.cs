namespace Rowmill.Core.Models;

/// <summary>Which tokens each provider counts towards its windows of tokens.</summary>
public static class TokenRules
{
    /// <summary>What a request takes from a window of prompt and reply tokens when it is let in.</summary>
    /// <remarks>
    /// OpenAI: "the maximum of max_tokens and the estimated number of tokens based on the character count" (its rate limit guide).
    /// Groq: the prompt and the reply's limit together (its 413 names both in <c>Requested</c>). Others are taken to do as Groq does,
    /// which is never too little.
    /// </remarks>
    public static long Admitted(string provider, long input, long output) => TakesTheLarger(provider) ? Math.Max(input, output) : input + output;

    /// <summary>The most reply tokens that fit such a window beside a prompt, or prompt tokens beside a reply; negative when not even none do.</summary>
    public static long Beside(string provider, long window, long other) => !TakesTheLarger(provider) ? window - other : other <= window ? window : -1;

    /// <summary>Prompt tokens of a request that a provider took for so many in all; 0 when that does not tell.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="requested">What it says was requested.</param>
    /// <param name="output">The reply's limit.</param>
    public static long InputOf(string provider, long requested, long output) =>
        !TakesTheLarger(provider) ? Math.Max(0, requested - output) : requested > output ? requested : 0;

    /// <summary>Whether cached prompt tokens count. At Groq they "do not count towards your rate limits" (its prompt caching guide).</summary>
    public static bool CountsCached(string provider) => provider != "groq";

    private static bool TakesTheLarger(string provider) => provider == "openai";
}
