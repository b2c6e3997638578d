using Rowmill.Providers.Http;

namespace Rowmill.Tests.Providers;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData("84ms", 0.084)]
    [InlineData("1.146s", 1.146)]
    [InlineData("6m0s", 360)]
    [InlineData("2m59.56s", 179.56)]
    [InlineData("9m38.016s", 578.016)]
    [InlineData("1h2m3s", 3723)]
    [InlineData("6m 11.52s", 371.52)]
    [InlineData("7", 7)]
    [InlineData("0.5", 0.5)]
    [InlineData("250µs", 0.00025)]
    [InlineData("250us", 0.00025)]
    [InlineData("900ns", 0.0000009)]
    [InlineData("20 seconds", 20)]
    [InlineData("0s", 0)]
    public void A_duration_is_read_as_Go_prints_it(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond)), GoDuration.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("5 apples")]
    [InlineData("1m x")]
    [InlineData("-5s")]
    [InlineData("s")]
    [InlineData(".5s")]
    public void Anything_else_is_none(string text) => Assert.Null(GoDuration.Parse(text));

    [Fact]
    public void Less_than_a_tick_is_rounded_up_so_that_no_wait_is_undercut() =>
        Assert.Equal(TimeSpan.FromTicks(1), GoDuration.Parse("1ns"));

    [Fact]
    public void A_number_beyond_reason_can_still_be_added_to_a_date() =>
        Assert.Equal(GoDuration.Longest, GoDuration.Parse(new string('9', 400) + "h"));
}
