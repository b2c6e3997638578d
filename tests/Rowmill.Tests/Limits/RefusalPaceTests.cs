using Rowmill.Core.Limits;

namespace Rowmill.Tests.Limits;

/// <summary>A pace against a bucket of 20 requests a second that holds one second's worth and names no window.</summary>
public sealed class RefusalPaceTests
{
    private const double Rate = 20;

    private readonly RefusalPace _pace = new();
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void A_pace_found_while_this_side_was_slow_is_left_within_a_minute()
    {
        FindPace(replies: 20, within: TimeSpan.FromSeconds(5));
        Assert.Equal(0.255, _pace.Interval!.Value.TotalSeconds, 0.001);

        Work(TimeSpan.FromSeconds(60));
        var (sent, refused) = Work(TimeSpan.FromSeconds(60));

        Assert.InRange(sent, 0.97 * 60 * Rate, 1.03 * 60 * Rate);
        Assert.InRange(refused, 0, 0.03 * sent);
    }

    [Fact]
    public void A_pace_far_too_fast_is_left_after_few_refusals()
    {
        FindPace(replies: 1000, within: TimeSpan.FromSeconds(5));

        var refused = Work(TimeSpan.FromSeconds(10)).Refused;
        var later = Work(TimeSpan.FromSeconds(60));

        Assert.InRange(refused, 1, 60);
        Assert.InRange(later.Sent, 0.95 * 60 * Rate, 1.03 * 60 * Rate);
        Assert.InRange(later.Refused, 0, 0.03 * later.Sent);
    }

    [Fact]
    public void What_a_crowd_is_told_counts_where_little_was_let_through()
    {
        _pace.Refused(_now);
        for (var i = 1; i <= 50; i++) _pace.Told(TimeSpan.FromMilliseconds(i));
        for (var i = 0; i < 10; i++) _pace.Replied();
        _now += TimeSpan.FromSeconds(5);
        _pace.Refused(_now);

        Assert.Equal(TimeSpan.FromMilliseconds(50), _pace.Interval);
    }

    [Fact]
    public void A_long_wait_that_a_crowd_is_told_is_no_pace()
    {
        _pace.Refused(_now);
        for (var i = 1; i <= 50; i++) _pace.Told(TimeSpan.FromSeconds(30));
        for (var i = 0; i < 10; i++) _pace.Replied();
        _now += TimeSpan.FromSeconds(1);
        _pace.Refused(_now);

        Assert.Equal(0.102, _pace.Interval!.Value.TotalSeconds, 0.001);
    }

    private void FindPace(int replies, TimeSpan within)
    {
        _pace.Refused(_now);
        for (var i = 0; i < replies; i++) _pace.Replied();
        _now += within;
        _pace.Refused(_now);
    }

    /// <summary>One sender that takes its turns: requests let through, and refused.</summary>
    private (int Sent, int Refused) Work(TimeSpan span)
    {
        var (sent, refused, left, at) = (0, 0, Rate, _now);
        for (var end = _now + span; _now < end;)
        {
            var wait = _pace.Take(_now);
            if (wait > TimeSpan.Zero)
            {
                _now += wait;
                continue;
            }

            left = Math.Min(Rate, left + (_now - at).TotalSeconds * Rate);
            at = _now;
            if (left >= 1)
            {
                left--;
                sent++;
                _pace.Replied();
                continue;
            }

            refused++;
            _pace.Refused(_now);
            // The service says when the next one fits, and nobody asks before.
            _now += TimeSpan.FromSeconds((1 - left) / Rate);
        }

        return (sent, refused);
    }
}
