using Rowmill.Core.Limits;

namespace Rowmill.Tests.Limits;

public sealed class CalendarDayTests
{
    [Theory]
    [InlineData("2026-03-07T20:00Z", "2026-03-07T08:00Z", 24)]
    [InlineData("2026-03-08T20:00Z", "2026-03-08T08:00Z", 23)]
    [InlineData("2026-03-09T06:59Z", "2026-03-08T08:00Z", 23)]
    [InlineData("2026-03-09T07:00Z", "2026-03-09T07:00Z", 24)]
    [InlineData("2026-11-01T06:59Z", "2026-10-31T07:00Z", 24)]
    [InlineData("2026-11-01T09:30Z", "2026-11-01T07:00Z", 25)]
    [InlineData("2026-11-02T07:59Z", "2026-11-01T07:00Z", 25)]
    [InlineData("2026-11-02T08:00Z", "2026-11-02T08:00Z", 24)]
    public void A_day_begins_at_midnight_and_has_23_or_25_hours_when_the_clocks_are_set(string at, string start, int hours)
    {
        var day = CalendarDay.Of(Time(at));

        Assert.Equal((Time(start), Time(start).AddHours(hours)), (day.Start, day.End));
        Assert.Equal(day, CalendarDay.Of(Time(at), CalendarDay.OffsetByRule));
    }

    [Fact]
    public void The_rule_for_systems_without_zones_agrees_with_the_zone()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("America/Los_Angeles");
        for (var at = new DateTimeOffset(2007, 1, 1, 0, 0, 0, TimeSpan.Zero); at.Year < 2036; at = at.AddHours(1))
            if (zone.GetUtcOffset(at) != CalendarDay.OffsetByRule(at)) Assert.Fail(at.ToString("O"));
    }

    [Theory]
    [InlineData("gemini", "http://127.0.0.1:1", true)]
    [InlineData("openai-compatible", "https://generativelanguage.googleapis.com/v1beta/openai", true)]
    [InlineData("groq", "https://api.groq.com/openai/v1", false)]
    [InlineData("openai-compatible", "not an address", false)]
    public void Google_s_days_are_of_the_calendar(string provider, string url, bool counts) =>
        Assert.Equal(counts, CalendarDay.CountsFor(new(provider, url, "me", "m")));

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
