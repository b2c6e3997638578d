using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Planning;
using Rowmill.Core.Runs;
using Rowmill.Tests.Batches;
using Rowmill.Tests.Runs;

namespace Rowmill.Tests.Planning;

public sealed class BatchPlanTests
{
    private static readonly BatchCaps s_wide = new(50_000, 200_000_000);

    [Fact]
    public async Task Batches_stand_beside_single_requests_with_their_price_and_time()
    {
        using var world = new PlanWorld(1000).With(10, RunWorld.Route("a") with { Price = new Price(1, 2) { BatchInput = 0.4m } });
        world.Caps = s_wide;
        var plan = await world.PlanAsync();
        var (online, batch) = (plan.Routes[0].Work, plan.Routes[0].InBatches!);

        Assert.Equal((100, 10, 1, 1L), (batch.Work.Calls, batch.Work.PackRows, batch.Batches, batch.Waves));
        Assert.Equal(online.Input.Expected, batch.Work.Input.Expected, 1d);
        Assert.Equal((0.4 * batch.Work.Input.Expected + batch.Work.Output.Expected) / 1e6, batch.Work.Usd!.Value.Expected, 1e-5);
        Assert.Equal((TimeSpan.FromHours(24), TimeSpan.Zero, (string?)null), (batch.Work.Finish, batch.Work.LowerBound, batch.Work.BindingWindow));
        Assert.Equal((0, TimeSpan.FromHours(24)), (batch.Measured, batch.Duration));
        Assert.Contains("fake/a in batches: 1 batch, each taken to be under way for 24 h, within which the service means to be done; it may be done much sooner, which nobody promises.", plan.Assumptions);
        Assert.Contains("The price of fake/a in batches is taken to be half of the other.", plan.Assumptions);

        var routes = PlanJson.Write(plan)["routes"]!.AsArray();
        Assert.Equal(["online", "batch"], routes.Select(r => (string?)r!["mode"]));
        Assert.Equal((1L, 86400d, 0d, 86400d), ((long)routes[1]!["batches"]!, (double)routes[1]!["finish_seconds"]!, (double)routes[1]!["lower_bound_seconds"]!, (double)routes[1]!["batch_seconds"]!));
        Assert.Equal(online.Calls, (long)routes[0]!["calls"]!);
        Assert.Equal("online", (string?)PlanJson.Write(plan)["job"]!["mode"]);
    }

    [Fact]
    public async Task Limits_per_minute_do_not_hold_for_batches()
    {
        using var world = new PlanWorld(1000).With(10, RunWorld.Route("a", new() { RequestsPerDay = 10 }));
        world.Caps = s_wide;
        var route = (await world.PlanAsync()).Routes[0];

        Assert.True(route.Work.Finish > TimeSpan.FromDays(8));
        Assert.Equal(TimeSpan.FromHours(24), route.InBatches!.Work.Finish);
    }

    [Fact]
    public async Task A_service_without_batches_has_none()
    {
        using var world = new PlanWorld(10).With(10, RunWorld.Route("a"));
        var plan = await world.PlanAsync();

        Assert.Null(plan.Routes[0].InBatches);
        Assert.Single(PlanJson.Write(plan)["routes"]!.AsArray());
    }

    [Theory]
    [InlineData(30, 200_000_000, 4)]
    [InlineData(50_000, 20_000, 4)]
    public async Task Batches_are_cut_under_every_cap(int lines, long bytes, int least)
    {
        using var world = new PlanWorld(1000).With(10, RunWorld.Route("a"));
        world.Caps = new(lines, bytes);

        Assert.InRange((await world.PlanAsync()).Routes[0].InBatches!.Batches, least, 100);
    }

    [Fact]
    public async Task As_many_batches_are_planned_as_a_run_writes()
    {
        using var world = new PlanWorld(1000).With(10, RunWorld.Route("a", new() { EnqueuedTokens = 9000 }));
        world.Caps = new(50_000, 15_000);
        using var batches = new BatchWorld();
        batches.Service().Caps = world.Caps;
        batches.World.Job = world.Runs.Job;
        var planned = (await world.PlanAsync()).Routes[0].InBatches!;

        var written = await batches.StepAsync(r => r.PrepareAsync(batches.World.Job, new RunOptions()));

        Assert.InRange(planned.Batches, written.Batches.Count - 1, written.Batches.Count + 1);
        Assert.Equal(planned.Work.Calls, written.Batches.Sum(b => b.Record.Lines));
    }

    [Fact]
    public async Task The_queue_makes_batches_wait_for_one_another_and_is_named()
    {
        using var world = new PlanWorld(1000).With(10, RunWorld.Route("a"));
        world.Caps = s_wide;
        var tokens = (await world.PlanAsync()).Routes[0].InBatches!.Work.Input.Expected;
        world.With(10, RunWorld.Route("a", new() { EnqueuedTokens = (long)(tokens / 4.5) }));
        var batch = (await world.PlanAsync()).Routes[0].InBatches!;

        Assert.Equal(5, batch.Waves);
        Assert.Equal((TimeSpan.FromHours(5 * 24), LimitNames.EnqueuedTokens), (batch.Work.Finish, batch.Work.BindingWindow));
        Assert.InRange(batch.Batches, 9, 10);

        world.Windows.Queued = (long)(tokens / 4.5);
        Assert.Equal(6, (await world.PlanAsync()).Routes[0].InBatches!.Waves);

        world.With(10, RunWorld.Route("a", new() { EnqueuedTokens = 20 }));
        var plan = await world.PlanAsync();
        Assert.Equal((null, null, LimitNames.EnqueuedTokens), (plan.Routes[0].InBatches!.Work.Finish, plan.Routes[0].InBatches!.Work.LowerBound, plan.Routes[0].InBatches!.Work.BindingWindow));
        Assert.Contains("Not one request of fake/a fits the queue of its batches.", plan.Assumptions);
    }

    [Fact]
    public async Task Stages_of_a_rollout_take_their_time_one_after_another()
    {
        using var world = new PlanWorld(1000).With(10, RunWorld.Route("a"));
        world.Caps = s_wide;
        world.Runs.Job = world.Runs.Job with { Batch = new BatchOptions { Rollout = [100, 500, 2000], Deadline = TimeSpan.FromHours(36) } };
        var plan = await world.PlanAsync();

        // 100, 500, and of 2000 the 400 that are left.
        Assert.Equal((3L, 3L, 100L), (plan.Routes[0].InBatches!.Waves, plan.Routes[0].InBatches!.Batches, plan.Routes[0].InBatches!.Work.Calls));
        Assert.Contains("fake/a in batches would miss the deadline of 36 h: what they would bring too late is asked online.", plan.Assumptions);
    }

    [Fact]
    public async Task The_time_of_the_job_s_own_batches_counts_and_what_is_in_them_is_not_planned_again()
    {
        using var batches = new BatchWorld();
        var world = batches.World;
        world.Job = world.Job with { Batch = new BatchOptions { Rollout = [10, 20] } };
        world.Table(RunWorld.Titles(100));
        batches.Service().Takes = TimeSpan.FromHours(3);
        world.Environment = world.Environment with { BatchCaps = route => batches.Service(route.Model).Caps };
        await batches.StepAsync(r => r.PrepareAsync(world.Job, new RunOptions()));
        await batches.StepAsync(r => r.SubmitAsync(world.Job, new RunOptions()));

        var under = await PlanAsync(world);
        Assert.Equal((90, 10), (under.Rows.ToAsk, under.Rows.InBatches));
        // The stage under way, that of 20, the rest.
        Assert.Equal((3L, 0), (under.Routes[0].InBatches!.Waves, under.Routes[0].InBatches!.Measured));

        world.Advance(TimeSpan.FromHours(3));
        await batches.StepAsync(r => r.FetchAsync(world.Job, new RunOptions()));
        var after = await PlanAsync(world);
        Assert.Equal((90, 10, 0), (after.Rows.ToAsk, after.Rows.FromCache, after.Rows.InBatches));
        Assert.Equal((2L, 1, TimeSpan.FromHours(6)), (after.Routes[0].InBatches!.Waves, after.Routes[0].InBatches!.Measured, after.Routes[0].InBatches!.Work.Finish));
        Assert.Contains(after.Assumptions, a => a.EndsWith("taken to be under way for 3 h, as 1 of this job were.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stage_that_failed_lets_nothing_more_go_and_the_plan_says_so()
    {
        using var batches = new BatchWorld();
        var world = batches.World;
        world.Job = world.Job with { Batch = new BatchOptions { Rollout = [10, 20] } };
        world.Table(RunWorld.Titles(100));
        batches.Service().Script = call => FakeReply.Each(call, title => title is "t1" or "t2" ? "\"energy\":\"Nope\"" : "\"energy\":\"Low\"");
        world.Environment = world.Environment with { BatchCaps = route => batches.Service(route.Model).Caps };
        await batches.RunAsync();

        var plan = await PlanAsync(world);

        Assert.Null(plan.Routes[0].InBatches!.Work.Finish);
        Assert.Contains(plan.Assumptions, a => a.StartsWith("No more batches of fake/a go: stage 1 of the rollout: 8 of 10 rows", StringComparison.Ordinal));
    }

    private static async Task<JobPlan> PlanAsync(RunWorld world)
    {
        var opened = await OpenedJob.OpenAsync(world.Job, cancellationToken: TestContext.Current.CancellationToken);
        return await JobPlanner.PlanAsync(opened, new RunOptions(), world.Environment, TestContext.Current.CancellationToken);
    }
}
