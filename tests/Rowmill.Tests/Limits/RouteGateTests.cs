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
        double[] waits = [.. Enumerable.Range(0, 13).Select(_ => FailAndPass(FailureKind.Unavailable))];
        Assert.Equal([0, 0, 0, 0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60], waits);

        _gate.Succeeded(Now);
        Assert.Equal([0, 0, 0, 0.5], new[] { 0, 0, 0, 0 }.Select(_ => FailAndPass(FailureKind.TimedOut)).ToArray());
    }

    [Theory]
    [InlineData(0.03)]
    [InlineData(0.01)]
    public void Failures_now_and_then_cost_no_hold(double share)
    {
        var random = new Random(5);
        for (var i = 0; i < 20_000; i++)
        {
            Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));
            var sent = Now;
            _clock.Advance(TimeSpan.FromMilliseconds(7));
            if (random.NextDouble() < share) Fail(random.Next(2) == 0 ? FailureKind.Unavailable : FailureKind.ConnectionLost, sent);
            else _gate.Succeeded(sent);
        }
    }

    [Fact]
    public void A_service_that_fails_three_times_in_ten_is_held_now_and_then()
    {
        var random = new Random(5);
        var (calls, held) = (0, TimeSpan.Zero);
        for (; calls < 20_000; calls++)
        {
            var wait = _gate.Wait(Now);
            held += wait;
            _clock.Advance(wait);
            if (wait > TimeSpan.Zero) Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));
            if (random.NextDouble() < 0.3) Fail(FailureKind.Unavailable, Now);
            else _gate.Succeeded(Now);
        }

        // Once in 175 requests, for 0.5 / (1 - 2 x 0.3) = 1.25 seconds at most in the mean, those that follow when the next one fails included.
        Assert.InRange(held.TotalSeconds / calls, 0.005, 0.01);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public void An_outage_gets_what_was_in_flight_and_a_handful_of_requests_a_minute(int inFlight)
    {
        var chance = new Random(3);
        var gate = new RouteGate(chance.NextDouble);
        var (sent, end) = (0, Now + TimeSpan.FromMinutes(5));
        var (leftAt, open) = (Now, inFlight);
        while (Now < end)
        {
            // Each fails after a tenth of a second, and its place is free for the next.
            _clock.Advance(TimeSpan.FromSeconds(0.1));
            for (; open > 0; open--) gate.Failed(new ModelFailure(FailureKind.Unavailable, "down"), leftAt, Now);
            leftAt = Now;
            while (open < inFlight && gate.Wait(Now) == TimeSpan.Zero) open++;
            sent += open;
        }

        Assert.InRange(sent, 8, RouteGate.FailuresOfAnOutage + 8 + 5 * 4);
        Assert.True(gate.Outage(Now) > TimeSpan.FromMinutes(4));
    }

    [Fact]
    public void The_first_reply_after_an_outage_opens_the_route_to_all_at_once()
    {
        BreakDown();
        for (var i = 0; i < 5; i++) FailAndPass(FailureKind.Unavailable);
        Assert.True(_gate.Wait(Now) > TimeSpan.Zero);

        _gate.Succeeded(Now);

        Assert.All(Enumerable.Range(0, 64), _ => Assert.Equal(TimeSpan.Zero, _gate.Wait(Now)));
        Assert.Equal(TimeSpan.Zero, _gate.Outage(Now));
        Assert.Equal(0, FailAndPass(FailureKind.Unavailable));
    }

    [Fact]
    public void A_wait_that_a_broken_service_names_holds_the_route_at_the_first_failure()
    {
        Fail(FailureKind.Unavailable, Now, TimeSpan.FromSeconds(20));

        Assert.Equal(TimeSpan.FromSeconds(20), _gate.Wait(Now));
    }

    [Fact]
    public void After_any_hold_one_failure_is_enough_for_the_next()
    {
        _gate.Hold(Now, "the first request after a limit", Now);
        Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));

        Assert.Equal(0.5, FailAndPass(FailureKind.Unavailable));
    }

    [Fact]
    public void What_broke_by_itself_rests_longer_each_time_and_not_at_all_while_the_route_is_held()
    {
        Fail(FailureKind.Unavailable, Now);
        Assert.Equal([0.5, 1, 2, 4], new[] { 0, 1, 2, 3 }.Select(n => _gate.Rest(n).TotalSeconds).ToArray());
        _chance = 0.1;
        Assert.Equal(TimeSpan.FromSeconds(0.05), _gate.Rest(0));

        BreakDown();
        Assert.Equal(TimeSpan.Zero, _gate.Rest(0));
    }

    [Fact]
    public void The_wait_is_drawn_from_the_whole_span()
    {
        BreakDown();
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
        BreakDown();
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
        Fail(FailureKind.TimedOut, Now);
        _clock.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.FromSeconds(7), _gate.Outage(Now));
        BreakDown();
        FailAndPass(FailureKind.ConnectionLost);
        Assert.Equal(TimeSpan.FromSeconds(8.5), _gate.Outage(Now));

        Fail(FailureKind.BadRequest, Now);
        Assert.Equal(TimeSpan.Zero, _gate.Outage(Now));
        Assert.Equal(TimeSpan.Zero, _gate.Wait(Now));
    }

    [Fact]
    public void A_refusal_by_a_limit_is_no_outage()
    {
        BreakDown();
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

    [Fact]
    public void Refusals_by_windows_that_know_when_they_open_count_as_refusing_too_until_a_reply_comes()
    {
        _gate.Answered(Now);
        _clock.Advance(TimeSpan.FromSeconds(100));
        _gate.Answered(Now);
        Assert.Equal((TimeSpan.FromSeconds(100), TimeSpan.Zero), (_gate.Refused(Now), _gate.Wait(Now)));

        _gate.Succeeded(Now);
        Assert.Equal(TimeSpan.Zero, _gate.Refused(Now));
    }

    private void Fail(FailureKind kind, DateTimeOffset sent, TimeSpan? retryAfter = null) =>
        _gate.Failed(new ModelFailure(kind, kind.ToString()) { RetryAfter = retryAfter }, sent, Now);

    /// <summary>Requests fail until the route is held; the hold is waited out and the next one passes.</summary>
    private void BreakDown()
    {
        while (FailAndPass(FailureKind.ConnectionLost) == 0)
        {
        }
    }

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
