using Rowmill.Core.Models;
using Rowmill.Core.Planning;
using Rowmill.Tests.Runs;

namespace Rowmill.Tests.Planning;

/// <summary>The source systems' cases, with the magnitudes computed by hand.</summary>
public sealed class ScenarioTests
{
    private const double Day = 86_400;

    [Fact]
    public async Task A_hundred_and_fifty_rows_at_fifteen_requests_a_minute()
    {
        using var world = new PlanWorld(150).With(20, RunWorld.Route("a", new() { RequestsPerMinute = 15, Concurrency = 8 }));
        await world.MeasureAsync(world.Runs.Job.Routes[0], 20, await world.EstimateAsync(20), 15, seconds: 4);
        var route = Assert.Single((await world.PlanAsync()).Routes);

        // Eight calls fit the full window: the time of one call. Packed by one, 135 of the 150 wait four seconds each.
        Assert.Equal((20, 8, null), (route.Work.PackRows, route.Work.Calls, route.Work.BindingWindow));
        Assert.InRange(route.Work.Finish!.Value.TotalSeconds, 3.5, 4.5);
        Assert.Equal(TimeSpan.Zero, route.Work.LowerBound);
        var single = route.PackSizes[0];
        Assert.Equal((1, 150, LimitNames.RequestsPerMinute), (single.PackRows, single.Calls, single.BindingWindow));
        Assert.InRange(single.LowerBound!.Value.TotalSeconds, 539.9, 540);
        Assert.InRange(single.Finish!.Value.TotalSeconds, 540, 545);
    }

    [Fact]
    public async Task The_segments_of_a_session_under_a_hundred_thousand_tokens_a_day()
    {
        using var world = new PlanWorld(5726, new string('x', 200)).With(20, RunWorld.Route("a", new() { TokensPerDay = 100_000, Concurrency = 4 }));
        await world.MeasureAsync(world.Runs.Job.Routes[0], 20, await world.EstimateAsync(20), 40, seconds: 6);
        var (work, single) = Works(await world.PlanAsync());

        // 287 packs instead of 5,726 calls; each call carries the fixed prompt, each row its text and 40 tokens of reply.
        Assert.Equal((287, 5726), (work.Calls, single.Calls));
        foreach (var (w, calls, rows) in new[] { (work, 287, 5726 / 287d), (single, 5726, 1d) })
        {
            var tokens = calls * await Prompt(rows) + 5726 * 40;
            Near(tokens, w.Input.Expected + w.Output.Expected, 0.03);
            Near((tokens - 100_000) / 100_000 * Day, w.Finish!.Value.TotalSeconds, 0.03);
            Assert.Equal(LimitNames.TokensPerDay, w.BindingWindow);
            Assert.True(w.LowerBound <= w.Finish);
        }

        // The packs were measured, so their bound is near.
        Assert.InRange(work.LowerBound!.Value / work.Finish!.Value, 0.95, 1);
        Assert.True(single.Finish > 2 * work.Finish);

        async Task<double> Prompt(double rows)
        {
            var (one, two) = (await world.EstimateAsync(1), await world.EstimateAsync(2));
            return one + (rows - 1) * (two - one);
        }
    }

    [Fact]
    public async Task The_catalogue_of_songs_under_four_limits()
    {
        var limits = new RouteLimits { RequestsPerMinute = 30, RequestsPerDay = 1000, TokensPerMinute = 8000, TokensPerDay = 200_000, Concurrency = 4 };
        using var world = new PlanWorld(19_935).With(20, RunWorld.Route("a", limits));
        await world.MeasureAsync(world.Runs.Job.Routes[0], 20, await world.EstimateAsync(20), 60, seconds: 8);
        var plan = await world.PlanAsync();
        var (work, single) = Works(plan);

        Assert.Equal((997, 19_935), (work.Calls, single.Calls));
        Assert.Equal(1_196_100, work.Output.Expected, 100d);

        // Packed, tokens of the day bind: what is beyond the full window, over 200,000 a day.
        Assert.Equal(LimitNames.TokensPerDay, work.BindingWindow);
        Near((work.Input.Expected + work.Output.Expected - 200_000) / 200_000 * Day, work.Finish!.Value.TotalSeconds, 0.01);
        Assert.InRange(work.LowerBound!.Value / work.Finish!.Value, 0.97, 1);

        // By one, 19,935 calls at 1,000 a day would take 18.9 days by themselves.
        Assert.True(single.Finish > TimeSpan.FromDays(18.9));
        Assert.True(single.LowerBound >= TimeSpan.FromDays(18.9) && single.LowerBound <= single.Finish);

        // The job has this one route: the same in all.
        Assert.Equal((work.Calls, work.Finish, work.LowerBound), (plan.Whole.Calls, plan.Whole.Finish, plan.Whole.LowerBound));
    }

    private static (PlannedWork Chosen, PlannedWork Single) Works(JobPlan plan) => (plan.Routes[0].Work, plan.Routes[0].PackSizes[0]);

    private static void Near(double expected, double actual, double part) => Assert.InRange(actual, expected * (1 - part), expected * (1 + part));
}
