namespace Rowmill.Providers.Limits;

/// <summary>What a service means by its <c>x-ratelimit-*</c> headers.</summary>
internal enum HeaderMeaning
{
    /// <summary>Not known: the span follows from the numbers, and the reset counts only where they agree with one.</summary>
    Unknown,

    /// <summary>Buckets that refill; requests and tokens of a minute, unless the numbers show a day (OpenAI, guides/rate-limits).</summary>
    Buckets,

    /// <summary>Requests always of a day, tokens always of a minute (console.groq.com/docs/rate-limits).</summary>
    DailyRequestsMinuteTokens,

    /// <summary>Each header names its window (Anthropic).</summary>
    Named,
}
