namespace Rowmill.Core.Models;

/// <summary>The names of the windows: the job file's keys.</summary>
public static class LimitNames
{
    /// <summary>Requests in a minute.</summary>
    public const string RequestsPerMinute = "requests_per_minute";

    /// <summary>Tokens in a minute, prompt and reply together.</summary>
    public const string TokensPerMinute = "tokens_per_minute";

    /// <summary>Prompt tokens in a minute.</summary>
    public const string InputTokensPerMinute = "input_tokens_per_minute";

    /// <summary>Reply tokens in a minute.</summary>
    public const string OutputTokensPerMinute = "output_tokens_per_minute";

    /// <summary>Requests in a day.</summary>
    public const string RequestsPerDay = "requests_per_day";

    /// <summary>Tokens in a day.</summary>
    public const string TokensPerDay = "tokens_per_day";

    /// <summary>Tokens of all batch jobs that wait or are under way at a time.</summary>
    public const string EnqueuedTokens = "enqueued_tokens";
}

/// <summary>
/// One window as a service tells of it, in the headers of a reply or in a refusal; null where it is silent. The client of the
/// service reads its headers by that service's own meaning: what stands here means the same for all.
/// </summary>
/// <param name="Window">One of <see cref="LimitNames"/>.</param>
public sealed record LimitReading(string Window)
{
    /// <summary>What the window admits per span; 0 is no allowance at all.</summary>
    public long? Limit { get; init; }

    /// <summary>What is left of it, this request taken off.</summary>
    public double? Remaining { get; init; }

    /// <summary>What was used of it before this request, as a refusal says.</summary>
    public double? Used { get; init; }

    /// <summary>What the service took this request for, as a refusal says.</summary>
    public long? Requested { get; init; }

    /// <summary>How long until the window is full again if nothing else is asked (the reset headers of OpenAI and Groq).</summary>
    public TimeSpan? FullIn { get; init; }

    /// <summary>How long until this request would have fitted, as a refusal says.</summary>
    public TimeSpan? OpensIn { get; init; }

    /// <summary>True for a window that refused the request; of several the first rules.</summary>
    public bool Refused { get; init; }

    /// <summary>True when the window is a calendar day of the service (Google's, which ends at midnight in Los Angeles) and no refilling bucket.</summary>
    public bool Calendar { get; init; }
}
