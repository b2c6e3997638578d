using Rowmill.Core.Models;

namespace Rowmill.Benchmarks.Limits;

/// <summary>What a window of the service counts.</summary>
internal enum Counted
{
    Requests,
    Tokens,
    Input,
    Output,
}

/// <summary>How the service takes tokens from its windows.</summary>
internal enum TokenRule
{
    /// <summary>Prompt and the most the reply may take at admission; what was not used comes back at the end (Groq).</summary>
    Refunded,

    /// <summary>The larger of the prompt and the most the reply may take, and nothing comes back (OpenAI).</summary>
    Larger,
}

/// <summary>What the service says with a reply.</summary>
internal enum Telling
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>Requests and tokens of the minute (OpenAI).</summary>
    Minute,

    /// <summary>Tokens of the minute, requests of the day (Groq).</summary>
    MinuteTokensDayRequests,
}

/// <summary>What the service says with a refusal.</summary>
internal enum Refusing
{
    /// <summary>The window, its limit, what is used and requested, and the wait.</summary>
    Numbers,

    /// <summary>Milliseconds to wait, and no window.</summary>
    Wait,

    /// <summary>Whole seconds to wait, rounded up.</summary>
    RetryAfter,

    /// <summary>Nothing.</summary>
    Nothing,
}

/// <summary>One window of the service.</summary>
/// <param name="Name">As the job file calls it.</param>
/// <param name="Counts">What it counts.</param>
/// <param name="Limit">What it admits in its span.</param>
/// <param name="Span">Its span.</param>
internal sealed record ServiceWindow(string Name, Counted Counts, long Limit, TimeSpan Span)
{
    /// <summary>What it holds when full; null for the limit.</summary>
    public double? Burst { get; init; }

    /// <summary>True for a day that ends at midnight in Los Angeles; otherwise it refills all the time.</summary>
    public bool Calendar { get; init; }

    public double Capacity => Burst ?? Limit;

    public double PerSecond => Limit / Span.TotalSeconds;

    public static ServiceWindow Rpm(long limit, double? burst = null) =>
        new(LimitNames.RequestsPerMinute, Counted.Requests, limit, TimeSpan.FromMinutes(1)) { Burst = burst };

    public static ServiceWindow Tpm(long limit, double? burst = null) =>
        new(LimitNames.TokensPerMinute, Counted.Tokens, limit, TimeSpan.FromMinutes(1)) { Burst = burst };

    public static ServiceWindow InputPerMinute(long limit) => new(LimitNames.InputTokensPerMinute, Counted.Input, limit, TimeSpan.FromMinutes(1));

    public static ServiceWindow OutputPerMinute(long limit) => new(LimitNames.OutputTokensPerMinute, Counted.Output, limit, TimeSpan.FromMinutes(1));

    public static ServiceWindow Rpd(long limit, bool calendar = false) =>
        new(LimitNames.RequestsPerDay, Counted.Requests, limit, TimeSpan.FromDays(1)) { Calendar = calendar };

    public static ServiceWindow Tpd(long limit, bool calendar = false) =>
        new(LimitNames.TokensPerDay, Counted.Tokens, limit, TimeSpan.FromDays(1)) { Calendar = calendar };
}

/// <summary>What a pretend service is like.</summary>
internal sealed record ServiceOptions(params IReadOnlyList<ServiceWindow> Windows)
{
    public TokenRule Rule { get; init; } = TokenRule.Refunded;

    public Telling Tells { get; init; }

    public Refusing Refuses { get; init; }

    /// <summary>From one side to the other: evenly spread between these.</summary>
    public (TimeSpan Least, TimeSpan Most) Transit { get; init; } = (TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(50));

    /// <summary>From admission to the first token.</summary>
    public TimeSpan FirstToken { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>For each token of the reply.</summary>
    public TimeSpan Token { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Latency varies by this share, up and down.</summary>
    public double Spread { get; init; } = 0.2;

    /// <summary>How many requests it works on at once, others wait in line (a local server); null for any number.</summary>
    public int? Slots { get; init; }

    /// <summary>How many may wait in line; more are turned away as overload.</summary>
    public int Line { get; init; } = 512;
}

/// <summary>What a request takes, by what the windows count.</summary>
internal readonly record struct Taken(double Requests, double Tokens, double Input, double Output)
{
    public double this[Counted counts] => counts switch
    {
        Counted.Requests => Requests,
        Counted.Tokens => Tokens,
        Counted.Input => Input,
        _ => Output,
    };

    public static Taken operator +(Taken a, Taken b) => new(a.Requests + b.Requests, a.Tokens + b.Tokens, a.Input + b.Input, a.Output + b.Output);

    public static Taken operator -(Taken a, Taken b) => new(a.Requests - b.Requests, a.Tokens - b.Tokens, a.Input - b.Input, a.Output - b.Output);
}

/// <summary>Google's day: ends at midnight in Los Angeles.</summary>
internal static class LosAngeles
{
    /// <summary>The first midnight there after an instant.</summary>
    public static DateTimeOffset NextMidnight(DateTimeOffset at)
    {
        var day = at.ToOffset(OffsetAt(at)).Date.AddDays(1);
        // No change of the hour happens at midnight, so either offset that yields itself is the right one.
        var guess = new DateTimeOffset(day, TimeSpan.FromHours(-8));
        return new DateTimeOffset(day, OffsetAt(guess)).ToUniversalTime();
    }

    // Since 2007: from the second Sunday of March, 10:00 UTC, to the first Sunday of November, 09:00 UTC.
    private static TimeSpan OffsetAt(DateTimeOffset at)
    {
        var year = at.UtcDateTime.Year;
        var summer = at >= Sunday(year, 3, 2).AddHours(10) && at < Sunday(year, 11, 1).AddHours(9);
        return TimeSpan.FromHours(summer ? -7 : -8);
    }

    private static DateTimeOffset Sunday(int year, int month, int nth)
    {
        var first = new DateTimeOffset(year, month, 1, 0, 0, 0, TimeSpan.Zero);
        return first.AddDays((7 - (int)first.DayOfWeek) % 7 + 7 * (nth - 1));
    }
}
