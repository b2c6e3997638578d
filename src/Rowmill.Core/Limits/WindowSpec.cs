using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>One limit over one span, as a bucket that refills continuously and starts full.</summary>
/// <remarks>
/// The day windows of OpenAI and Groq are such buckets too, not calendar days: the waits their refusals name all follow
/// (used + requested − limit) / limit × span.
/// </remarks>
/// <param name="Name">One of <see cref="LimitNames"/>.</param>
/// <param name="Measure">What it counts.</param>
/// <param name="Span">How long an empty bucket of <paramref name="Limit"/> takes to fill.</param>
/// <param name="Limit">What refills within the span.</param>
/// <param name="Capacity">What the full bucket holds.</param>
public sealed record WindowSpec(string Name, WindowMeasure Measure, TimeSpan Span, long Limit, double Capacity)
{
    /// <summary>True for a calendar day of the provider: unused again at its midnight, and not before.</summary>
    public bool Calendar { get; init; }

    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);

    /// <summary>The windows that limits name, in a fixed order.</summary>
    /// <remarks>
    /// <c>burst</c> counts requests. Windows of tokens per minute shrink in the same proportion, since a service that admits a tenth
    /// of a minute's requests at once keeps a tenth of a minute's bucket; day windows keep their size.
    /// </remarks>
    public static IReadOnlyList<WindowSpec> Of(RouteLimits limits)
    {
        var share = limits is { Burst: { } burst, RequestsPerMinute: > 0 and var requests } ? Math.Min(1, (double)burst / requests) : 1;
        var windows = new List<WindowSpec>(6);
        if (limits.RequestsPerMinute is { } rpm)
            windows.Add(new(LimitNames.RequestsPerMinute, WindowMeasure.Requests, s_minute, rpm, Math.Min(rpm, limits.Burst ?? rpm)));
        Add(LimitNames.TokensPerMinute, WindowMeasure.Tokens, s_minute, limits.TokensPerMinute, share);
        Add(LimitNames.InputTokensPerMinute, WindowMeasure.InputTokens, s_minute, limits.InputTokensPerMinute, share);
        Add(LimitNames.OutputTokensPerMinute, WindowMeasure.OutputTokens, s_minute, limits.OutputTokensPerMinute, share);
        Add(LimitNames.RequestsPerDay, WindowMeasure.Requests, s_day, limits.RequestsPerDay, 1);
        Add(LimitNames.TokensPerDay, WindowMeasure.Tokens, s_day, limits.TokensPerDay, 1);
        return windows;

        void Add(string name, WindowMeasure measure, TimeSpan span, long? limit, double share)
        {
            if (limit is { } l) windows.Add(new(name, measure, span, l, l * share));
        }
    }

    /// <summary>What the bucket must be able to hold for one request: a single one larger than a shrunken bucket passes when it is full.</summary>
    public double CapacityFor(double amount) => Math.Max(Capacity, Math.Min(amount, Limit));
}
