using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Limits;

public sealed class RouteGateTests
{
    private readonly VirtualClock _clock = new();
    private readonly RouteGate _gate;
    private double _chance = 1;

    public RouteGateTests() => _gate = new(() => _chance);

    private DateTimeOffset Now => _clock.GetUtcNow();

    [Fact]
    public void An_open_route_lets_everybody_pass()
    {
        Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));
        Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));
        Assert.Null(_gate.Reason);
        Assert.Null(_gate.HeldUntil);
    }

    [Fact]
    public void Failures_in_a_row_double_the_wait_up_to_a_minute_and_a_success_starts_afresh()
    {
        double[] waits = [.. Enumerable.Range(0, 10).Select(_ => FailAndPass(FailureKind.Unavailable))];
        Assert.Equal([0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60], waits);

        _gate.Succeeded(Now);
        Assert.Equal(0.5, FailAndPass(FailureKind.TimedOut));
    }

    [Fact]
    public void The_wait_is_drawn_from_the_whole_span()
    {
        FailAndPass(FailureKind.ConnectionLost);
        _chance = 0.25;
        Assert.Equal(0.25, FailAndPass(FailureKind.ConnectionLost));
        _chance = 0;
        Assert.Equal(0, FailAndPass(FailureKind.ConnectionLost));
    }

    [Fact]
    public void Requests_that_break_together_are_one_failure()
    {
        var sent = Now;
        _clock.Advance(TimeSpan.FromSeconds(3));
        for (var i = 0; i < 8; i++) Fail(FailureKind.Unavailable, sent);

        Assert.Equal(TimeSpan.FromSeconds(0.5), _gate.Wait(Now));
    }

    [Theory]
    [InlineData(7, 7.05)]
    [InlineData(0.2, 0.21)]
    public void The_wait_that_a_refusal_names_is_kept_with_a_little_added(double told, double kept)
    {
        Fail(FailureKind.RateLimited, Now, TimeSpan.FromSeconds(told));
        Assert.Equal(kept, _gate.Wait(Now).TotalSeconds, 6);
    }

    [Fact]
    public void The_longest_of_several_named_waits_counts_even_from_requests_sent_before()
    {
        var sent = Now;
        _clock.Advance(TimeSpan.FromSeconds(1));
        _chance = 0;
        Fail(FailureKind.RateLimited, sent, TimeSpan.FromSeconds(5));
        Fail(FailureKind.RateLimited, sent, TimeSpan.FromSeconds(20));
        Fail(FailureKind.RateLimited, sent, TimeSpan.FromSeconds(1));

        Assert.Equal(TimeSpan.FromSeconds(20), _gate.Wait(Now));
        Assert.Equal(Now + TimeSpan.FromSeconds(20), _gate.HeldUntil);
    }

    [Fact]
    public void Refusals_that_name_no_wait_back_off_from_a_second_and_never_less_than_half()
    {
        Assert.Equal([1, 2, 4], new[] { 0, 0, 0 }.Select(_ => FailAndPass(FailureKind.RateLimited)).ToArray());
        _chance = 0;
        Assert.Equal(4, FailAndPass(FailureKind.RateLimited));
    }

    [Fact]
    public void After_a_hold_one_may_try_and_the_others_wait_for_what_comes_of_it()
    {
        _gate.Hold(Now + TimeSpan.FromSeconds(10), "parked", Now);
        Assert.Equal("parked", _gate.Reason);
        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));
        var probe = Now;
        Assert.Equal(TimeSpan.FromSeconds(1), _gate.Wait(Now));
        _clock.Advance(TimeSpan.FromSeconds(0.4));
        Assert.Equal(TimeSpan.FromSeconds(1), _gate.Wait(Now));

        _gate.Succeeded(probe);
        Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));
        Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));
        Assert.Null(_gate.Reason);
    }

    [Fact]
    public void Another_may_try_when_the_first_says_nothing_for_long()
    {
        _gate.Hold(Now + TimeSpan.FromSeconds(10), "parked", Now);
        _clock.Advance(TimeSpan.FromSeconds(10));
        _gate.Wait(Now);
        _clock.Advance(RouteGate.ProbeTime - TimeSpan.FromSeconds(0.4));
        Assert.Equal(TimeSpan.FromSeconds(0.4), _gate.Wait(Now));
        _clock.Advance(TimeSpan.FromSeconds(0.4));

        Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));
        Assert.Equal(TimeSpan.FromSeconds(1), _gate.Wait(Now));
    }

    [Fact]
    public void A_probe_that_fails_holds_the_route_again_though_for_less_than_a_probe_s_time()
    {
        FailAndPass(FailureKind.Unavailable);
        _chance = 0.1;

        Assert.Equal(0.1, FailAndPass(FailureKind.Unavailable), 6);
    }

    [Fact]
    public void A_late_reply_does_not_lift_a_hold()
    {
        var sent = Now;
        _clock.Advance(TimeSpan.FromSeconds(1));
        Fail(FailureKind.RateLimited, sent, TimeSpan.FromSeconds(30));
        _gate.Succeeded(sent);

        Assert.True(_gate.Wait(Now) >= TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void An_outage_lasts_from_the_first_failure_to_the_first_sign_of_life()
    {
        FailAndPass(FailureKind.Unavailable);
        FailAndPass(FailureKind.ConnectionLost);
        Assert.Equal(TimeSpan.FromSeconds(1.5), _gate.Outage(Now));

        Fail(FailureKind.BadRequest, Now);
        Assert.Equal(TimeSpan.Zero, _gate.Outage(Now));
        Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));
    }

    [Fact]
    public void A_refusal_by_a_limit_is_no_outage()
    {
        FailAndPass(FailureKind.Unavailable);
        Fail(FailureKind.RateLimited, Now, TimeSpan.FromSeconds(3));
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(TimeSpan.Zero, _gate.Outage(Now));
        Assert.Equal("RateLimited", _gate.Reason);
    }

    [Fact]
    public void A_clock_set_back_makes_no_hold_and_no_probe_longer()
    {
        _gate.Hold(Now + TimeSpan.FromSeconds(2), "parked", Now);
        _clock.Advance(TimeSpan.FromHours(-3));
        Assert.Equal(TimeSpan.FromSeconds(2), _gate.Wait(Now));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));

        _clock.Advance(TimeSpan.FromHours(-3));
        Assert.Equal(RouteGate.ProbeStep, _gate.Wait(Now));
        _clock.Advance(RouteGate.ProbeTime);
        Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));
    }

    [Fact]
    public void A_clock_set_back_makes_no_pace_slower()
    {
        var pace = new RefusalPace();
        pace.Refused(Now);
        for (var i = 0; i < 10; i++) pace.Replied();
        _clock.Advance(TimeSpan.FromSeconds(10));
        pace.Refused(Now);
        Assert.Equal(TimeSpan.Zero, pace.Take(Now));
        var wait = pace.Take(Now);
        Assert.True(wait > TimeSpan.Zero);
        _clock.Advance(TimeSpan.FromHours(-3));

        Assert.Equal(wait, pace.Take(Now));
    }

    [Fact]
    public void A_probe_s_own_time_is_no_refusing_and_a_route_used_again_counts_anew()
    {
        Fail(FailureKind.RateLimited, Now, TimeSpan.FromSeconds(10));
        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(TimeSpan.FromSeconds(11), _gate.Refused(Now));
        _gate.Wait(Now);
        Assert.Equal(TimeSpan.Zero, _gate.Refused(Now));

        Fail(FailureKind.RateLimited, Now, TimeSpan.FromSeconds(10));
        _gate.Hold(Now, "again", Now);
        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(TimeSpan.Zero, _gate.Refused(Now));
    }

    private void Fail(FailureKind kind, DateTimeOffset sent, TimeSpan? retryAfter = null) =>
        _gate.Failed(new ModelFailure(kind, kind.ToString()) { RetryAfter = retryAfter }, sent, Now);

    /// <summary>A request fails at once; the hold is waited out and the next one passes.</summary>
    private double FailAndPass(FailureKind kind)
    {
        Fail(kind, Now);
        var wait = _gate.Wait(Now);
        if (wait == TimeSpan.Zero) return 0;
        _clock.Advance(wait);
        Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));
        return wait.TotalSeconds;
    }
}
