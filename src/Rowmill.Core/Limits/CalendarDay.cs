namespace Rowmill.Core.Limits;

/// <summary>
/// A day as Google counts it: "Requests per day (RPD) quotas reset at midnight Pacific time" (its rate limit guide), so it has 23
/// or 25 hours when the clocks of Los Angeles are set.
/// </summary>
/// <param name="Start">Its first instant.</param>
/// <param name="End">The first instant of the next.</param>
public sealed record CalendarDay(DateTimeOffset Start, DateTimeOffset End)
{
    /// <summary>The longest a day can be.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(25);

    private const string Zone = "America/Los_Angeles";
    private const string Host = "generativelanguage.googleapis.com";
    private static readonly Func<DateTimeOffset, TimeSpan> s_offset =
        TimeZoneInfo.TryFindSystemTimeZoneById(Zone, out var zone) ? zone.GetUtcOffset : OffsetByRule;

    private static CalendarDay? s_last;

    /// <summary>True when this owner's days are such days.</summary>
    public static bool CountsFor(WindowOwner owner) =>
        owner.Provider == "gemini" || (Uri.TryCreate(owner.BaseUrl, UriKind.Absolute, out var url) && url.Host == Host);

    /// <summary>The day that an instant belongs to.</summary>
    public static CalendarDay Of(DateTimeOffset at)
    {
        // Nearly every question is about the same day as the one before.
        if (s_last is { } last && last.Start <= at && at < last.End) return last;
        return s_last = Of(at, s_offset);
    }

    /// <summary>The day, given the zone's distance from UTC at any instant.</summary>
    internal static CalendarDay Of(DateTimeOffset at, Func<DateTimeOffset, TimeSpan> offset)
    {
        var date = (at.UtcDateTime + offset(at)).Date;
        return new(Midnight(date, offset), Midnight(date.AddDays(1), offset));
    }

    /// <summary>
    /// The distance from UTC where the system knows no zones: since 2007 daylight saving is from the second Sunday of March to the
    /// first of November, 02:00 local time each (15 U.S.C. § 260a).
    /// </summary>
    internal static TimeSpan OffsetByRule(DateTimeOffset at)
    {
        var utc = at.UtcDateTime;
        var begin = Sunday(utc.Year, 3, 2).AddHours(2 + 8);
        var end = Sunday(utc.Year, 11, 1).AddHours(2 + 7);
        return TimeSpan.FromHours(utc >= begin && utc < end ? -7 : -8);
    }

    private static DateTimeOffset Midnight(DateTime date, Func<DateTimeOffset, TimeSpan> offset)
    {
        // The clocks are set at 02:00: the distance that holds at about midnight holds at midnight.
        var about = new DateTimeOffset(date, TimeSpan.Zero) + TimeSpan.FromHours(8);
        return new DateTimeOffset(date, TimeSpan.Zero) - offset(about);
    }

    private static DateTime Sunday(int year, int month, int count)
    {
        var first = new DateTime(year, month, 1, 0, 0, 0, DateTimeKind.Utc);
        return first.AddDays((7 - (int)first.DayOfWeek) % 7 + 7 * (count - 1));
    }
}
