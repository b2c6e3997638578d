using Rowmill.Providers.Http;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Providers;

public sealed class RetryAfterTests
{
    private readonly VirtualClock _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("2", 2)]
    [InlineData("0.25", 0.25)]
    [InlineData(" 7 ", 7)]
    [InlineData("-3", 0)]
    [InlineData("Sun, 01 Mar 2026 12:01:30 GMT", 90)]
    [InlineData("Sunday, 01-Mar-26 12:01:30 GMT", 90)]
    [InlineData("Sun Mar  1 12:01:30 2026", 90)]
    [InlineData("Sun, 01 Mar 2026 11:00:00 GMT", 0)]
    [InlineData("Mon, 01 Mar 2027 12:00:00 GMT", 31536000)]
    [InlineData("2026-03-01T12:01:30Z", 90)]
    [InlineData("2026-03-01T13:01:30.5+01:00", 90.5)]
    [InlineData("1m30s", 90)]
    [InlineData("34560000", 34560000)]
    [InlineData("99999999999999999999", 3650 * 86400.0)]
    public void The_header_is_a_number_or_a_date(string header, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(null, ("retry-after", header)));

    [Theory]
    [InlineData("soon")]
    [InlineData("Sun, 31 Feb 2026 12:01:30 GMT")]
    [InlineData("2026-03-01")]
    [InlineData("")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1e9")]
    public void Garbage_is_no_time(string header) => Assert.Null(Read(null, ("retry-after", header)));

    [Theory]
    [InlineData("Please try again in 11m0.528s. Need more?", "661", null, 660.528)]
    [InlineData("Please try again in 84ms. Visit", "1", null, 0.084)]
    [InlineData("Please try again in 84ms. Visit", null, null, 0.084)]
    [InlineData("Please retry in 32.5s.", null, null, 32.5)]
    [InlineData("Please retry after 20 seconds.", null, null, 20)]
    [InlineData("no time", "3", "2500", 2.5)]
    [InlineData("try again in 1s", "60", null, 60)]
    [InlineData("try again in 1s", null, "90000", 90)]
    [InlineData("please try again.  maximum pending requests exceeded", "5", null, 5)]
    [InlineData("try again in a while", "5", null, 5)]
    public void The_exact_time_counts_unless_another_is_longer(string words, string? header, string? milliseconds, double seconds)
    {
        var headers = new List<(string, string)>();
        if (header is not null) headers.Add(("retry-after", header));
        if (milliseconds is not null) headers.Add(("retry-after-ms", milliseconds));
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(words, [.. headers]));
    }

    [Theory]
    [InlineData("-5", 0.0)]
    [InlineData("0.5", 0.0005)]
    [InlineData("1500.7", 1.5007)]
    [InlineData("99999999999999999999", 3650 * 86400.0)]
    [InlineData("1s", null)]
    [InlineData("soon", null)]
    [InlineData("NaN", null)]
    public void Milliseconds_are_a_number(string header, double? seconds) =>
        Assert.Equal(seconds, Read(null, ("retry-after-ms", header))?.TotalSeconds);

    [Fact]
    public void Of_two_the_longer_counts_and_garbage_beside_a_time_does_not_matter()
    {
        Assert.Equal(TimeSpan.FromSeconds(9), Read(null, ("retry-after", "3"), ("retry-after", "9")));
        Assert.Equal(TimeSpan.FromSeconds(3), Read(null, ("retry-after", "soon"), ("retry-after", "3")));
        Assert.Equal(TimeSpan.FromSeconds(3), Read(null, ("retry-after", "3"), ("retry-after-ms", "soon")));
    }

    [Fact]
    public void A_wait_in_the_body_is_as_exact_as_its_words()
    {
        using var response = new HttpResponseMessage();
        Assert.Equal(TimeSpan.FromSeconds(40), RetryAfter.Read(response.Headers, "Please retry in 32.5s.", TimeSpan.FromSeconds(40), _clock));
        Assert.Equal(TimeSpan.FromSeconds(32.5), RetryAfter.Read(response.Headers, "Please retry in 32.5s.", TimeSpan.FromSeconds(32), _clock));
    }

    [Fact]
    public void Silence_is_no_time() => Assert.Null(Read("Overloaded"));

    private TimeSpan? Read(string? words, params (string Name, string Value)[] headers)
    {
        using var response = new HttpResponseMessage();
        foreach (var (name, value) in headers) response.Headers.TryAddWithoutValidation(name, value);
        return RetryAfter.Read(response.Headers, words, inBody: null, _clock);
    }
}
