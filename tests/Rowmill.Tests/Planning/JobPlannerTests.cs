using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Planning;
using Rowmill.Core.Runs;
using Rowmill.Tests.Runs;

namespace Rowmill.Tests.Planning;

public sealed class JobPlannerTests
{
    [Fact]
    public async Task Rows_are_counted_as_a_run_takes_them()
    {
        using var world = new PlanWorld(0).With(5, RunWorld.Route("a"));
        world.Runs.Job = world.Runs.Job with { Source = world.Runs.Job.Source with { Require = ["title"] } };
        world.Runs.Table("one", "two", "one", "", "three", "two");
        var before = (await world.PlanAsync()).Rows;
        Assert.Equal((6, 3, 2, 1, 0, true), (before.Total, before.ToAsk, before.Equal, before.Invalid, before.FromCache, before.Exact));

        await world.Runs.RunAsync(new RunOptions { Limit = 1 });
        var after = (await world.PlanAsync()).Rows;
        Assert.Equal((6, 2, 1, 1, 2), (after.Total, after.ToAsk, after.Equal, after.Invalid, after.FromCache));
        Assert.Equal(3, (await world.PlanAsync(new RunOptions { Fresh = true })).Rows.ToAsk);
        var some = (await world.PlanAsync(new RunOptions { Offset = 1, Limit = 2 })).Rows;
        Assert.Equal((2, 1, 1), (some.Total, some.ToAsk, some.FromCache));

        world.Runs.Job = world.Runs.Job with { Dedupe = false };
        Assert.Equal((4, 0), ((await world.PlanAsync()).Rows.ToAsk, (await world.PlanAsync()).Rows.Equal));
    }

    [Fact]
    public async Task Equal_rows_far_apart_count_once()
    {
        using var world = new PlanWorld(0).With(5, RunWorld.Route("a"));
        world.Runs.Table([.. RunWorld.Titles(2000), .. RunWorld.Titles(2000), "another"]);
        var rows = (await world.PlanAsync()).Rows;

        Assert.Equal((4001, 2001, 2000, 2001), (rows.Total, rows.ToAsk, rows.Equal, rows.Tokens.Count));
    }

    [Fact]
    public async Task With_nothing_to_ask_it_is_done_now()
    {
        using var world = new PlanWorld(3).With(5, RunWorld.Route("a", new() { RequestsPerMinute = 1 }));
        await world.Runs.RunAsync();
        var plan = await world.PlanAsync();

        Assert.Equal((0, 3), (plan.Rows.ToAsk, plan.Rows.FromCache));
        Assert.Equal((0, TimeSpan.Zero, TimeSpan.Zero), (plan.Whole.Calls, plan.Whole.Finish, plan.Whole.LowerBound));
        Assert.Empty(plan.Assumptions);
    }

    [Fact]
    public async Task Without_a_measurement_the_ends_are_wide_and_said_so()
    {
        using var world = new PlanWorld(100).With(10, RunWorld.Route("a") with { Price = new Price(1, 2) });
        var plan = await world.PlanAsync();
        var (route, work) = (plan.Routes[0], plan.Routes[0].Work);

        Assert.Equal((0, false), (route.CallsMeasured, route.LatencyMeasured));
        Assert.Equal(work.Input.Expected / 2, work.Input.Low, 1d);
        Assert.Equal(100, work.Output.Low);
        Assert.Equal((work.Input.Expected + 2 * work.Output.Expected) / 1e6, work.Usd!.Value.Expected, 1e-5);
        Assert.True(work.Usd.Value.Low < work.Usd.Value.Expected);
        Assert.Contains(plan.Assumptions, a => a.StartsWith("Nothing is measured of fake/a", StringComparison.Ordinal));
        Assert.Contains(plan.Assumptions, a => a.StartsWith("A call of fake/a is assumed to take", StringComparison.Ordinal));
        Assert.Contains(plan.Assumptions, a => a.StartsWith("No limits of fake/a are known", StringComparison.Ordinal));

        await world.MeasureAsync(world.Runs.Job.Routes[0], 10, await world.EstimateAsync(10), 30, seconds: 3);
        var measured = (await world.PlanAsync()).Routes[0];
        Assert.Equal((200, true, TimeSpan.FromSeconds(3)), (measured.CallsMeasured, measured.LatencyMeasured, measured.Latency));
        Assert.Equal(3000, measured.Work.Output.Expected, 1d);
        Assert.InRange(measured.InputError, 0, 0.01);
        Assert.InRange(measured.OutputError, 0, 0.01);
    }

    [Fact]
    public async Task What_is_left_of_the_windows_and_a_hold_count()
    {
        using var world = new PlanWorld(10).With(10, RunWorld.Route("a", new() { RequestsPerDay = 24 }));
        world.Windows.Used = 24;
        Assert.InRange((await world.PlanAsync()).Whole.LowerBound!.Value.TotalMinutes, 59.99, 60.01);

        world.Windows.Hold = new WindowHold(world.Now.AddHours(3), "too many requests");
        var plan = await world.PlanAsync();
        Assert.Equal(3, plan.Whole.LowerBound!.Value.TotalHours, 0.01);
        Assert.True(plan.Whole.Finish >= plan.Whole.LowerBound);
        Assert.Contains(plan.Assumptions, a => a.Contains("too many requests", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_job_as_a_whole_uses_its_routes_as_it_says()
    {
        using var world = new PlanWorld(1000).With(
            10, RunWorld.Route("a", new() { RequestsPerDay = 50 }), RunWorld.Route("b", new() { RequestsPerMinute = 10 }));
        var order = await world.PlanAsync();

        // 50 at once of the first; ten at once of the second, then one every six seconds.
        Assert.Equal((100, "fake/a, fake/b"), (order.Whole.Calls, order.Whole.Model));
        Assert.True(order.Whole.Finish < order.Routes[0].Work.Finish && order.Whole.Finish < order.Routes[1].Work.Finish);
        Assert.All(order.Routes.Select(r => r.Work).Append(order.Whole), w => Assert.True(w.LowerBound <= w.Finish));
        Assert.True(order.Whole.LowerBound <= order.Routes.Min(r => r.Work.LowerBound));

        world.Runs.Job = world.Runs.Job with { Routing = Routing.Spread };
        Assert.True((await world.PlanAsync()).Whole.Finish <= order.Whole.Finish);
    }

    [Fact]
    public async Task A_request_that_no_window_admits_is_told_before_anything_is_read()
    {
        using var world = new PlanWorld(10).With(5, RunWorld.Route("a", new() { TokensPerMinute = 150 }));
        var problem = Assert.Single((await Assert.ThrowsAsync<ProblemException>(() => world.PlanAsync())).Problems);
        Assert.Equal("limits.tokens_per_minute", problem.Key);
        Assert.Matches(@"^A request to fake/a needs [\d,]+ tokens .* tokens per minute never admits more than 150\.$", problem.Message);

        // Another model can do it.
        world.With(5, RunWorld.Route("a", new() { TokensPerMinute = 150 }), RunWorld.Route("b"));
        var plan = await world.PlanAsync();
        Assert.Null(plan.Routes[0].Work.Finish);
        Assert.NotNull(plan.Routes[1].Work.Finish);
        Assert.NotNull(plan.Whole.Finish);
        Assert.Contains(plan.Assumptions, a => a.StartsWith("A request to fake/a needs", StringComparison.Ordinal));
    }

    [Fact]
    public void Distinct_rows_beyond_the_exact_number_are_counted_closely()
    {
        var rows = new DistinctRows(exact: 1000);
        var chance = new Random(1);
        var keys = Enumerable.Range(0, 300_000).Select(_ => new Core.Rows.RowKey((ulong)chance.NextInt64(), (ulong)chance.NextInt64())).ToList();
        foreach (var key in keys.Take(1000)) Assert.True(rows.Add(key));
        foreach (var key in keys.Take(1000)) Assert.False(rows.Add(key));
        Assert.Equal((true, 1000), (rows.IsExact, rows.Count));
        foreach (var key in keys.Concat(keys)) rows.Add(key);
        Assert.False(rows.IsExact);
        Assert.InRange(rows.Count, 299_970, 300_030);
    }
}
