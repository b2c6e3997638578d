using Rowmill.Core.Jobs;

namespace Rowmill.Tests.Jobs;

public sealed class DurationTests
{
    [Theory]
    [InlineData("2m", 120)]
    [InlineData("30s", 30)]
    [InlineData("1h30m", 5400)]
    [InlineData("1h 30m", 5400)]
    [InlineData("2d", 172800)]
    [InlineData("90", 90)]
    [InlineData("0", 0)]
    [InlineData("1.5h", 5400)]
    [InlineData("500ms", 0.5)]
    [InlineData("1m500ms", 60.5)]
    [InlineData("1d2h3m4s5ms", 93784.005)]
    public void A_duration_is_read(string text, double seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-5s")]
    [InlineData("m")]
    [InlineData("30m1h")]
    [InlineData("2 minutes")]
    [InlineData("2M")]
    [InlineData("1e3")]
    [InlineData("99999d")]
    public void What_is_no_duration_is_refused(string text) =>
        Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData("0s")]
    [InlineData("1h30m")]
    [InlineData("2d5ms")]
    public void A_duration_is_written_as_it_is_read(string text)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(text, Duration.Format(duration));
    }
}
