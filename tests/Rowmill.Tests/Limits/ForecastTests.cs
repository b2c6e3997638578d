using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using static Rowmill.Tests.Limits.ForecastWorld;

namespace Rowmill.Tests.Limits;

public sealed class ForecastTests
{
    [Fact]
    public void Without_windows_the_slots_and_the_latency_decide()
    {
        var result = Forecast.Of([Route(new() { Concurrency = 4 }, rows: 10)], 95, Now, InOrder);

        // Ten requests, four at a time, two seconds each.
        Assert.Equal(6, Seconds(result));
        Assert.Equal((9.5, null), (Assert.Single(result!.Calls), result.BindingWindow));
    }

    [Fact]
    public void Requests_beyond_a_full_window_leave_as_it_refills()
    {
        var result = Forecast.Of([Route(new() { RequestsPerMinute = 15 }, latency: 1)], 150, Now, InOrder);

        // 15 at once; the other 135 one every 4 s; the last takes a second.
        Assert.Equal(541, Seconds(result), 1e-3);
        Assert.Equal(LimitNames.RequestsPerMinute, result!.BindingWindow);
    }

    [Fact]
    public void What_a_request_did_not_use_is_given_back_when_its_reply_is_there()
    {
        var limits = new RouteLimits { TokensPerMinute = 6000, Concurrency = 2 };
        // Two requests in flight reserve all; each gives 2,500 of its 3,000 back after 2 s.
        var result = Forecast.Of([Route(limits, reserved: 3000, settled: 500)], 100, Now, InOrder);
        var kept = Forecast.Of([Route(limits, reserved: 3000)], 100, Now, InOrder);

        // 50,000 tokens at 100 a second, less the full bucket; against 300,000.
        Assert.InRange(Seconds(result), 440, 500);
        Assert.InRange(Seconds(kept), 2940, 2960);
    }

    [Fact]
    public void The_window_waited_for_longest_binds()
    {
        var limits = new RouteLimits { RequestsPerMinute = 30, RequestsPerDay = 1000, TokensPerMinute = 8000, TokensPerDay = 200_000 };

        Assert.Equal(LimitNames.TokensPerMinute, Forecast.Of([Route(limits, 2000)], 60, Now, InOrder)!.BindingWindow);
        Assert.Equal(LimitNames.TokensPerDay, Forecast.Of([Route(limits, 2000)], 600, Now, InOrder)!.BindingWindow);
        Assert.Equal(LimitNames.RequestsPerMinute, Forecast.Of([Route(limits, 10)], 900, Now, InOrder)!.BindingWindow);
    }

    [Fact]
    public void What_is_used_already_and_a_hold_are_waited_for()
    {
        var route = Route(new() { TokensPerDay = 86_400 }, 1000, latency: 0);
        var used = route with { Windows = new(Now, [new(route.Windows.Windows[0].Spec, new(86_400, Now))], null) };
        var held = route with { Windows = route.Windows with { Hold = new(Now.AddMinutes(7), "busy") } };

        Assert.Equal(1000, Seconds(Forecast.Of([used], 1, Now, InOrder)), 1e-3);
        Assert.Equal(420, Seconds(Forecast.Of([held], 1, Now, InOrder)));
        Assert.Equal(420, Seconds([held], 1));
    }

    [Fact]
    public void A_request_that_no_window_admits_is_never_done_and_another_route_does_it()
    {
        var never = Route(new() { TokensPerMinute = 999 }, 1000);

        Assert.Null(Forecast.Of([never], 1, Now, InOrder));
        Assert.Null(Forecast.Of([never], 1e12, Now, InOrder));
        Assert.Equal([0d, 1d], Forecast.Of([never, Route(RouteLimits.None)], 1, Now, InOrder)!.Calls);
        Assert.Equal(Now, Forecast.Of([never], 0, Now, InOrder)!.FinishAt);
        Assert.Null(LowerBound.Of([Bound(never)], 1, Now));
        Assert.Null(Forecast.Of([Route(new() { RequestsPerDay = 1 })], 1e6, Now, InOrder));
    }

    [Fact]
    public void In_order_a_route_is_left_when_its_wait_is_longer_than_the_patience_and_used_again_when_it_opens()
    {
        // Six at once, then one every ten minutes: longer than the patience. The other takes one every 20 s.
        var first = Route(new() { RequestsPerDay = 144 }, latency: 0) with { Windows = Used(144, 138) };
        var second = Route(new() { RequestsPerMinute = 3 }, latency: 0) with { Windows = Used(3, 3, TimeSpan.FromMinutes(1)) };
        var result = Forecast.Of([first, second], 6 + 31 * 6, Now, InOrder)!;

        // In each ten minutes 30 of the second and one of the first.
        Assert.InRange(Seconds(result), 3580, 3620);
        Assert.InRange(result.Calls[0], 11, 13);

        // A wait within the patience is waited: the second is not used at all.
        var patient = Forecast.Of([first, second], 12, Now, InOrder with { Patience = TimeSpan.FromMinutes(10) })!;
        Assert.Equal((3600, 0), (Seconds(patient), patient.Calls[1]));

        static WindowSnapshot Used(long limit, double used, TimeSpan? span = null) =>
            new(Now, [new(new("w", WindowMeasure.Requests, span ?? TimeSpan.FromDays(1), limit, limit), new(used, Now))], null);
    }

    [Fact]
    public void Side_by_side_all_routes_are_used_at_once()
    {
        var routes = new[] { Route(new() { RequestsPerMinute = 30 }, latency: 0), Route(new() { RequestsPerMinute = 60 }, latency: 0) };
        var result = Forecast.Of(routes, 990, Now, SideBySide)!;

        // 90 at once, then 1.5 a second.
        Assert.InRange(Seconds(result), 598, 602);
        Assert.InRange(result.Calls[0], 328, 332);
    }

    [Fact]
    public void Side_by_side_the_day_that_ends_first_is_spent_first()
    {
        var routes = new[] { Route(new() { RequestsPerDay = 100 }, latency: 0), Route(new() { RequestsPerDay = 100 }, latency: 0, owner: Google) };

        Assert.Equal([20d, 100d], Forecast.Of(routes, 120, Now, SideBySide)!.Calls);
    }

    [Theory]
    [MemberData(nameof(Long))]
    public void A_long_job_is_forecast_without_playing_every_call(int job)
    {
        var (routes, rules, calls) = s_long[job];
        var whole = Forecast.Of(routes, calls, Now, rules, skip: false)!;
        var skipped = Forecast.Of(routes, calls, Now, rules)!;

        var seconds = Seconds(whole);
        Assert.InRange(Seconds(skipped), 0.995 * seconds, 1.005 * seconds);
        Assert.Equal(whole.BindingWindow, skipped.BindingWindow);
        for (var i = 0; i < routes.Length; i++) Assert.Equal(whole.Calls[i], skipped.Calls[i], 0.005 * calls);
    }

    [Fact]
    public void Any_long_job_is_forecast_without_playing_every_call()
    {
        var chance = new Random(1);
        var worst = 0d;
        for (var i = 0; i < 25; i++)
        {
            var routes = Enumerable.Range(0, chance.Next(1, 3)).Select(_ => LowerBoundTests.Some(chance) with { RowsPerCall = 1 }).ToList();
            var rules = new ForecastRules(chance.Next(2) == 0, TimeSpan.FromSeconds(chance.Next(0, 300)));
            var whole = Forecast.Of(routes, 25_000, Now, rules, skip: false);
            if (whole is null) continue;
            var off = Math.Abs(Seconds(Forecast.Of(routes, 25_000, Now, rules)) / Seconds(whole) - 1);
            worst = Math.Max(worst, off);
        }

        Assert.InRange(worst, 0, 0.005);
    }

    private static readonly (ForecastRoute[] Routes, ForecastRules Rules, double Calls)[] s_long =
    [
        ([Route(RouteLimits.None, latency: 1.7)], InOrder, 100_000),
        ([Route(new() { RequestsPerMinute = 1200 }, 100)], InOrder, 60_000),
        ([Route(new() { RequestsPerMinute = 300, TokensPerDay = 20_000_000, TokensPerMinute = 250_000 }, 1500, 900)], InOrder, 120_000),
        ([Route(new() { TokensPerMinute = 90_000, RequestsPerDay = 20_000, Concurrency = 3 }, 6000, 1200, latency: 7.3)], InOrder, 60_000),
        ([Route(new() { RequestsPerDay = 1000 }, 100), Route(new() { RequestsPerMinute = 120 }, 100)], InOrder, 60_000),
        ([Route(new() { RequestsPerDay = 1000 }, 100), Route(new() { RequestsPerMinute = 120, TokensPerDay = 1_000_000 }, 100)], InOrder, 60_000),
        ([Route(new() { RequestsPerMinute = 100 }, 100), Route(new() { TokensPerMinute = 50_000, TokensPerDay = 10_000_000 }, 700, 350)], SideBySide, 80_000),
        ([Route(new() { RequestsPerDay = 1500, RequestsPerMinute = 10 }, 100, owner: Google)], InOrder, 60_000),
        ([Route(new() { RequestsPerDay = 20_000, RequestsPerMinute = 10 }, 100, owner: Google)], InOrder, 40_000),
        ([Route(new() { RequestsPerDay = 1000 }, 100, owner: Google), Route(new() { RequestsPerMinute = 3, TokensPerDay = 300_000 }, 100)], InOrder, 60_000),
        ([Route(new() { RequestsPerDay = 1000 }, 100, owner: Google), Route(new() { RequestsPerDay = 900 }, 100)], SideBySide, 60_000),
        ([Route(new() { OutputTokensPerMinute = 40_000, InputTokensPerMinute = 300_000, Burst = 5, RequestsPerMinute = 60 }, 800, 500)], InOrder, 40_000),
    ];

    public static TheoryData<int> Long => [.. Enumerable.Range(0, s_long.Length)];

    [Fact]
    public void Ten_million_calls_take_no_longer_than_some_thousand()
    {
        var limits = new RouteLimits { RequestsPerMinute = 3000, TokensPerMinute = 4_000_000, TokensPerDay = 3_000_000_000, Concurrency = 200 };
        var result = Forecast.Of([Route(limits, 2000, 1500)], 10_000_000, Now, InOrder)!;

        // 1.5 × 10¹⁰ tokens, of which the full day window gives 3 × 10⁹ at once: four days.
        Assert.Equal(4 * 86_400, Seconds(result), 0.005 * 4 * 86_400);
        Assert.InRange(result!.Played, 1, 200_000);
    }
}
