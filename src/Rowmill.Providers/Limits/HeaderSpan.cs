namespace Rowmill.Providers.Limits;

/// <summary>Tells a minute from a day by the numbers of a limit's headers.</summary>
/// <remarks>
/// A refilling bucket tells <c>reset = (limit − remaining) / limit × span</c>: 5000 / 4999 / 12ms is a minute's, 1000 / 999 / 1m26.4s a
/// day's. What is told of it is rounded: remaining down to a whole number, so that what is used lies between one less than shown and
/// shown, and never below the one that has just been taken; the reset to its last digit.
/// </remarks>
internal static class HeaderSpan
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);

    // Milliseconds are missing in some captures: what is used is rounded before the reset is computed from it.
    private const double Slack = 0.02;

    /// <summary>
    /// The span; a minute where the numbers do not decide. Null when a service of unknown manners tells numbers that fit neither a
    /// minute nor a day: it is then no window of ours.
    /// </summary>
    public static TimeSpan? Of(in HeaderGroup group, HeaderMeaning meaning)
    {
        if (group is not { Limit: > 0 and var limit, Remaining: { } left, Reset: { } reset } || left >= limit) return s_minute;
        if (Agrees(group, s_minute)) return s_minute;
        var isDay = Agrees(group, s_day);
        if (meaning is HeaderMeaning.Buckets) return isDay ? s_day : s_minute;

        // Services unknown to us may count within a fixed minute and tell its end, which can look like the beginning of a day's
        // bucket, but is never more than a minute away.
        if (reset <= s_minute + group.ResetStep) return isDay ? null : s_minute;
        return isDay ? s_day : null;
    }

    /// <summary>The reset as the time until the window is full, where that is what it means.</summary>
    public static TimeSpan? TimeToFull(in HeaderGroup group, TimeSpan span, HeaderMeaning meaning) =>
        group.Reset is not { } reset ? null
        : meaning is HeaderMeaning.Unknown ? (Agrees(group, span) ? reset : null)
        // A bucket overdrawn by more than its own size is no bucket.
        : reset <= 2 * span ? reset : null;

    private static bool Agrees(in HeaderGroup group, TimeSpan span)
    {
        if (group is not { Limit: > 0 and var limit, Remaining: { } left, Reset: { } reset }) return false;
        var perSecond = limit / span.TotalSeconds;
        var used = reset.TotalSeconds * perSecond;
        var slack = group.ResetStep.TotalSeconds * perSecond + Slack;
        var shown = limit - left;
        if (shown <= 0) return used <= slack;
        // An empty bucket may be overdrawn, and shows it only in its reset.
        var most = left == 0 ? 2.0 * limit : shown;
        return used >= Math.Max(Math.Min(1, shown), shown - 1) - slack && used <= most + slack;
    }
}
