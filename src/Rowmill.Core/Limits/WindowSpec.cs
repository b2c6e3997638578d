using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>One limit over one span: a bucket that refills continuously and starts full, or a calendar day.</summary>
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

    private static readonly WindowSpec[] s_shapes =
    [
        new(LimitNames.RequestsPerMinute, WindowMeasure.Requests, s_minute, 0, 0),
        new(LimitNames.TokensPerMinute, WindowMeasure.Tokens, s_minute, 0, 0),
        new(LimitNames.InputTokensPerMinute, WindowMeasure.InputTokens, s_minute, 0, 0),
        new(LimitNames.OutputTokensPerMinute, WindowMeasure.OutputTokens, s_minute, 0, 0),
        new(LimitNames.RequestsPerDay, WindowMeasure.Requests, s_day, 0, 0),
        new(LimitNames.TokensPerDay, WindowMeasure.Tokens, s_day, 0, 0),
    ];

    /// <summary>The windows that limits name, in a fixed order.</summary>
    /// <param name="limits">The limits.</param>
    /// <param name="owner">Whose: some providers count days by the calendar. Null where that makes no difference.</param>
    /// <remarks>
    /// <c>burst</c> counts requests. Windows of tokens per minute shrink in the same proportion, since a service that admits a tenth
    /// of a minute's requests at once keeps a tenth of a minute's bucket; day windows keep their size.
    /// </remarks>
    public static IReadOnlyList<WindowSpec> Of(RouteLimits limits, WindowOwner? owner = null)
    {
        var share = limits is { Burst: { } burst, RequestsPerMinute: > 0 and var requests } ? Math.Min(1, (double)burst / requests) : 1;
        var windows = new List<WindowSpec>(s_shapes.Length);
        foreach (var shape in s_shapes)
        {
            if (LimitIn(limits, shape.Name) is not { } limit) continue;
            var capacity = shape.Name == LimitNames.RequestsPerMinute ? Math.Min(limit, limits.Burst ?? limit)
                : shape.Span == s_minute ? limit * share : limit;
            windows.Add(shape with { Limit = limit, Capacity = capacity, Calendar = shape.IsDay && owner is not null && CalendarDay.CountsFor(owner) });
        }

        return windows;
    }

    /// <summary>A window that a service told of.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="limit">What it admits per span.</param>
    /// <param name="owner">Whose.</param>
    /// <returns>Null when nothing is known by that name.</returns>
    public static WindowSpec? Told(string name, long limit, WindowOwner owner)
    {
        foreach (var shape in s_shapes)
        {
            if (shape.Name == name)
                return shape with { Limit = limit, Capacity = limit, Calendar = shape.IsDay && CalendarDay.CountsFor(owner) };
        }

        return null;
    }

    /// <summary>The window that a reading begins where it is not known yet; null when it says no limit that anybody could reach.</summary>
    /// <param name="reading">What the service said.</param>
    /// <param name="owner">Whose.</param>
    public static WindowSpec? Begun(LimitReading reading, WindowOwner owner) =>
        reading.Limit is > 0 and var limit && !IsBoundless(reading.Window, limit) ? Told(reading.Window, limit, owner) : null;

    /// <summary>
    /// True for a limit that nobody reaches, as servers without limits tell one: a million requests a second, a thousand million tokens.
    /// It is not learned, since every request would have to be reserved for nothing.
    /// </summary>
    private static bool IsBoundless(string name, long limit)
    {
        var shape = Array.Find(s_shapes, s => s.Name == name);
        return shape is not null && limit / shape.Span.TotalSeconds >= (shape.Measure == WindowMeasure.Requests ? 1e6 : 1e9);
    }

    /// <summary>True for a window over a day.</summary>
    public bool IsDay => Span == s_day;

    /// <summary>What refills in a second.</summary>
    public double PerSecond => Limit / Span.TotalSeconds;

    /// <summary>What the bucket must be able to hold for one request: a single one larger than a shrunken bucket passes when it is full.</summary>
    public double CapacityFor(double amount) => Math.Max(Capacity, Math.Min(amount, Limit));

    private static long? LimitIn(RouteLimits limits, string name) => name switch
    {
        LimitNames.RequestsPerMinute => limits.RequestsPerMinute,
        LimitNames.TokensPerMinute => limits.TokensPerMinute,
        LimitNames.InputTokensPerMinute => limits.InputTokensPerMinute,
        LimitNames.OutputTokensPerMinute => limits.OutputTokensPerMinute,
        LimitNames.RequestsPerDay => limits.RequestsPerDay,
        _ => limits.TokensPerDay,
    };
}
