using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using static Rowmill.Tests.Limits.ForecastWorld;

namespace Rowmill.Tests.Limits;

public sealed class LowerBoundTests
{
    [Fact]
    public void It_is_what_the_tightest_window_can_have_admitted()
    {
        // 200,000 tokens a day, full: 500,000 tokens take a day and a half.
        var tokens = Route(new() { TokensPerDay = 200_000, RequestsPerMinute = 30 }, 1000, rows: 10, latency: 0);
        Assert.Equal(1.5 * 86_400, Seconds([tokens], 5000), 0.1);

        // 30 at once, then one every two seconds.
        var requests = Route(new() { TokensPerDay = 200_000_000, RequestsPerMinute = 30 }, 1000, rows: 10, latency: 3);
        Assert.Equal(2 * 70 + 3, Seconds([requests], 1000), 0.1);
        Assert.Equal(3, Seconds([requests], 300));
        Assert.Equal(0, Seconds([requests], 0));
    }

    [Fact]
    public void Routes_together_admit_what_each_admits()
    {
        var routes = new[] { Route(new() { RequestsPerMinute = 30 }, latency: 0), Route(new() { RequestsPerMinute = 60 }, latency: 0) };

        Assert.Equal(600, Seconds(routes, 990), 0.1);
        Assert.Equal(0, Seconds([.. routes, Route(RouteLimits.None, latency: 0)], 1e9));
    }

    [Fact]
    public void A_calendar_day_gives_its_limit_at_each_midnight()
    {
        // 09:00 UTC is 01:00 in Los Angeles; on 8 March 2026 the clocks are set forward there.
        var route = Route(new() { RequestsPerDay = 100 }, latency: 0, owner: Google);
        Assert.Equal(0, Seconds([route], 100));
        Assert.Equal(23 * 3600, Seconds([route], 101), 0.001);
        Assert.Equal((23 + 24) * 3600, Seconds([route], 201), 0.001);
        Assert.Equal((23 + 5 * 24 + 23) * 3600, Seconds([route], 701), 0.001);
        Assert.Equal(Seconds([route], 701), Seconds(Forecast.Of([route], 701, Now, InOrder)), 0.001);
    }

    [Fact]
    public void It_is_met_by_long_jobs_with_exact_estimates()
    {
        var tokens = Route(new() { TokensPerMinute = 8000, TokensPerDay = 200_000, RequestsPerMinute = 30, Concurrency = 4 }, 2000, 1300);
        var requests = Route(new() { RequestsPerMinute = 1200, Concurrency = 64 }, 500);
        foreach (var (route, calls) in new[] { (tokens, 3000d), (requests, 30_000d) })
            Assert.InRange(Seconds([route], calls) / Seconds(Forecast.Of([route], calls, Now, InOrder)), 0.98, 1);
    }

    [Fact]
    public void No_forecast_is_earlier()
    {
        var chance = new Random(20260302);
        for (var i = 0; i < 400; i++)
        {
            var routes = Enumerable.Range(0, chance.Next(1, 4)).Select(_ => Some(chance)).ToList();
            var rows = Math.Ceiling(Math.Exp(chance.NextDouble() * 7));
            var forecast = Forecast.Of(routes, rows, Now, new(chance.Next(2) == 0, TimeSpan.FromSeconds(chance.Next(0, 300))));
            var bound = LowerBound.Of([.. routes.Select(Bound)], rows, Now);
            Assert.Equal(forecast is null, bound is null);
            if (forecast is not null) Assert.True(bound!.Value <= forecast.FinishAt.AddMilliseconds(1), $"case {i}: {bound:O} > {forecast.FinishAt:O}");
        }
    }

    [Fact]
    public void No_scheduler_is_earlier()
    {
        var chance = new Random(7);
        for (var i = 0; i < 300; i++)
        {
            var routes = Enumerable.Range(0, chance.Next(1, 3)).Select(_ => Some(chance)).Where(r => Forecast.Of([r], 1, Now, InOrder) is not null).ToList();
            if (routes.Count == 0) continue;
            var rows = chance.Next(1, 300);
            var bound = LowerBound.Of([.. routes.Select(Bound)], rows, Now)!.Value;
            var finish = Scheduled(routes, rows, chance);
            Assert.True(bound <= finish.AddMilliseconds(1), $"case {i}: {bound:O} > {finish:O}");
        }
    }

    /// <summary>
    /// A scheduler without sense: any route, any number of rows up to the most (a request of fewer takes proportionally less, which no
    /// real one does), anything that fits leaves at any time, refunds come at any time up to the latency.
    /// </summary>
    private static DateTimeOffset Scheduled(List<ForecastRoute> routes, double rows, Random chance)
    {
        var now = Now;
        var usage = routes.ConvertAll(r => r.Windows.Windows.Select(w => w.Usage).ToArray());
        var done = Now;
        for (var hasty = chance.Next(2) == 0; rows > 0;)
        {
            var tried = Enumerable.Range(0, routes.Count).OrderBy(_ => chance.Next()).ToList();
            var (wait, index) = tried.Select(r => (Wait(r), r)).MinBy(w => hasty ? w.Item1 : TimeSpan.Zero);
            now += wait;
            var route = routes[index];
            var share = Math.Min(rows / route.RowsPerCall, hasty ? 1 : 0.2 + 0.8 * chance.NextDouble());
            for (var w = 0; w < usage[index].Length; w++)
            {
                var spec = route.Windows.Windows[w].Spec;
                usage[index][w] = usage[index][w].AdvancedTo(now, spec).Plus(share * Math.Min(route.Settled[spec.Measure], route.Reserved[spec.Measure]), now, spec);
            }

            rows -= share * route.RowsPerCall;
            if (now + route.Latency > done) done = now + route.Latency;
            if (!hasty && chance.Next(3) == 0) now += TimeSpan.FromSeconds(chance.NextDouble() * 30);
        }

        return done;

        TimeSpan Wait(int r)
        {
            var wait = routes[r].Windows.Hold is { } hold && hold.Until > now ? hold.Until - now : TimeSpan.Zero;
            foreach (var (w, window) in routes[r].Windows.Windows.Index())
            {
                var least = Math.Min(routes[r].Settled[window.Spec.Measure], routes[r].Reserved[window.Spec.Measure]);
                var needed = usage[r][w].AdvancedTo(now, window.Spec).WaitFor(0, least, now, window.Spec);
                if (needed > wait) wait = needed;
            }

            return wait;
        }
    }

    internal static ForecastRoute Some(Random chance)
    {
        var limits = new RouteLimits
        {
            RequestsPerMinute = Maybe(10, 2000),
            TokensPerMinute = Maybe(3000, 100_000),
            InputTokensPerMinute = Maybe(3000, 100_000),
            OutputTokensPerMinute = Maybe(3000, 100_000),
            RequestsPerDay = Maybe(100, 5000),
            TokensPerDay = Maybe(50_000, 5_000_000),
            Concurrency = chance.Next(1, 20),
        };
        if (limits.RequestsPerMinute is { } rpm && chance.Next(2) == 0) limits = limits with { Burst = chance.NextInt64(1, rpm + 1) };
        var reserved = chance.NextInt64(100, 5000);
        var route = Route(limits, reserved, chance.NextInt64(50, 2 * reserved), chance.Next(1, 30), chance.NextDouble() * 10, chance.Next(3) == 0 ? Google : Groq);
        return route with
        {
            Windows = new(
                Now,
                [.. route.Windows.Windows.Select(w => w with { Usage = new(chance.NextDouble() * 1.2 * w.Spec.Capacity, Now.AddSeconds(-chance.Next(60))) })],
                chance.Next(5) == 0 ? new(Now.AddSeconds(chance.Next(1, 600)), "busy") : null),
        };

        long? Maybe(long least, long most) => chance.Next(3) == 0 ? chance.NextInt64(least, most) : null;
    }
}
