namespace Rowmill.Core.Models;

/// <summary>Which tokens each provider counts towards its windows of tokens.</summary>
public static class TokenRules
{
    /// <summary>What a request takes from a window of tokens when it is let in.</summary>
    /// <remarks>
    /// OpenAI: "the maximum of max_tokens and the estimated number of tokens based on the character count" (its rate limit guide).
    /// Groq: the prompt and the reply's limit together (its 413 names both in <c>Requested</c>). Gemini: "tokens per minute (input)" (its
    /// rate limit guide). Anthropic: "max_tokens does not factor into" what is let in (its rate limit guide), replies count as they are
    /// written. Others are taken to do as Groq does, which is never too little.
    /// </remarks>
    public static long Admitted(string provider, long input, long output) => Of(provider) switch
    {
        Rule.Larger => Math.Max(input, output),
        Rule.Sum => input + output,
        _ => input,
    };

    /// <summary>What a request has taken from a window of tokens in the end.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="admitted">What it took when it was let in.</param>
    /// <param name="input">Prompt tokens that count.</param>
    /// <param name="output">Reply tokens.</param>
    public static long Settled(string provider, long admitted, long input, long output) => Of(provider) switch
    {
        // OpenAI is not known to give anything back, so there a settlement can only add.
        Rule.Larger => Math.Max(admitted, input + output),
        Rule.PromptAlone => input,
        _ => input + output,
    };

    /// <summary>What a request takes from a window of reply tokens when it is let in: its limit, or what it will probably write where only that counts (Anthropic).</summary>
    public static long AdmittedOutput(string provider, long most, long expected) => Of(provider) is Rule.PromptFirst ? Math.Min(most, expected) : most;

    /// <summary>The most reply tokens that fit a window of tokens beside a prompt; negative when not even none do.</summary>
    public static long ReplyBeside(string provider, long window, long input) => Of(provider) switch
    {
        Rule.Sum => window - input,
        _ when input > window => -1,
        Rule.Larger => window,
        _ => long.MaxValue,
    };

    /// <summary>The most prompt tokens that fit a window of tokens beside a reply; negative when not even none do.</summary>
    public static long PromptBeside(string provider, long window, long output) => Of(provider) switch
    {
        Rule.Sum => window - output,
        Rule.Larger when output > window => -1,
        _ => window,
    };

    /// <summary>Prompt tokens of a request that a provider took for so many in all; 0 when that does not tell.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="requested">What it says was requested.</param>
    /// <param name="output">The reply's limit.</param>
    public static long InputOf(string provider, long requested, long output) => Of(provider) switch
    {
        Rule.Sum => Math.Max(0, requested - output),
        Rule.Larger => requested > output ? requested : 0,
        _ => requested,
    };

    /// <summary>
    /// Whether cached prompt tokens count. At Groq they "do not count towards your rate limits" (its prompt caching guide), at Anthropic
    /// only "uncached input tokens" do, for all but its oldest models (its rate limit guide).
    /// </summary>
    public static bool CountsCached(string provider) => provider is not ("groq" or "anthropic");

    /// <summary>Whether tokens of replies count towards a window of tokens, as soon or as late as it may be.</summary>
    public static bool CountsReplies(string provider) => Of(provider) is not Rule.PromptAlone;

    private static Rule Of(string provider) => provider switch
    {
        "openai" => Rule.Larger,
        "gemini" => Rule.PromptAlone,
        "anthropic" => Rule.PromptFirst,
        _ => Rule.Sum,
    };

    private enum Rule
    {
        /// <summary>Prompt and the reply's limit; in the end the reply as it is.</summary>
        Sum,

        /// <summary>The larger of prompt and the reply's limit.</summary>
        Larger,

        /// <summary>The prompt; replies never count.</summary>
        PromptAlone,

        /// <summary>The prompt; the reply counts when it is written.</summary>
        PromptFirst,
    }
}
