using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Tests.Limits;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Runs;

public sealed class RunStopTests
{
    private static readonly Route s_priced = RunWorld.Route("a", new RouteLimits { Concurrency = 2 }) with { Price = new Price(1m, 2m) };

    [Fact]
    public async Task An_interrupted_run_keeps_what_ends_within_the_grace_and_the_next_reports_the_rest_as_in_doubt()
    {
        var clock = new VirtualClock();
        using var world = new RunWorld(clock);
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Routes = [s_priced] };
        await world.ProveAsync();
        var replies = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        world.Model().Hold = call => replies[call.Number - 1].Task;
        using var interrupt = new CancellationTokenSource();

        var run = world.RunAsync(interrupt: interrupt.Token);
        await world.Model().Arrived(2);
        await interrupt.CancelAsync();
        var kept = world.Model().Calls[1].Titles;
        replies[1].SetResult();
        clock.Advance(world.Environment.Grace);
        var summary = await run;

        Assert.Equal(RunState.Interrupted, summary.State);
        Assert.Equal(ExitCode.Interrupted, SummaryJson.ExitCode(summary));
        Assert.Equal(new RowCounts(20, 5, 0, 0, 0, 15, 0), summary.Rows);
        Assert.Equal(2, summary.Calls.Sent);
        var open = Assert.Single(await world.CallsAsync(), c => c.State == CallState.Open);

        world.Forget();
        world.Model().Hold = null;
        var next = await world.RunAsync();
        Assert.Equal(new Doubt(1, 5, open.Intent.MaxUsd!.Value), next.InDoubt);
        Assert.True(next.InDoubt.Usd > 0);
        Assert.Equal(RunWorld.Titles(20).Except(kept), world.Model().Calls.SelectMany(c => c.Titles).OrderBy(t => int.Parse(t.AsSpan(1))));
        Assert.Equal(20, next.Rows.Answered);
        Assert.Equal(0, (await world.RunAsync()).InDoubt.Calls);
    }

    [Fact]
    public async Task A_call_given_up_stays_charged_to_its_windows()
    {
        var clock = new VirtualClock();
        using var world = new RunWorld(clock);
        world.Table(RunWorld.Titles(5));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { RequestsPerDay = 10 })] };
        world.Model().Hold = _ => new TaskCompletionSource().Task;
        using var interrupt = new CancellationTokenSource();

        var run = world.RunAsync(interrupt: interrupt.Token);
        await world.Model().Arrived(1);
        await interrupt.CancelAsync();
        clock.Advance(world.Environment.Grace);
        await run;

        // A reservation that is still out would be given back when its process ends.
        await world.Windows.ReleaseAsync(1, TestContext.Current.CancellationToken);
        var window = Assert.Single(await world.Windows.LinesAsync());
        Assert.InRange(window.Used, 0.99, 1.01);
    }

    [Fact]
    public async Task Giving_up_at_once_stops_the_run_too()
    {
        using var world = new RunWorld(new VirtualClock());
        world.Table(RunWorld.Titles(20));
        world.Model().Hold = _ => new TaskCompletionSource().Task;
        using var abort = new CancellationTokenSource();

        var run = world.RunAsync(abort: abort.Token);
        await world.Model().Arrived(1);
        await abort.CancelAsync();

        Assert.Equal(RunState.Interrupted, (await run).State);
        Assert.Single(world.Model().Calls);
        Assert.Single(await world.CallsAsync());
    }

    [Fact]
    public async Task A_job_that_runs_cannot_be_run_a_second_time()
    {
        using var world = new RunWorld(new VirtualClock());
        world.Table(RunWorld.Titles(5));
        var reply = new TaskCompletionSource();
        world.Model().Hold = _ => reply.Task;
        var run = world.RunAsync();
        await world.Model().Arrived(1);

        var refused = await Assert.ThrowsAsync<AlreadyRunningException>(() => world.RunAsync());

        Assert.Equal(world.Environment.Owner, refused.Holder);
        reply.SetResult();
        Assert.Equal(RunState.Completed, (await run).State);
        Assert.Equal(RunState.Completed, (await world.RunAsync()).State);
    }

    [Fact]
    public async Task A_run_that_finds_its_lease_taken_stops()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Patience = TimeSpan.FromDays(365) };
        world.Environment = world.Environment with { Leases = new LostLease(world.Store.Lease) };
        world.Model().Script = call => call.Number == 1 ? FakeReply.Good(call) : FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromMinutes(1));

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Failed, summary.State);
        Assert.Contains("taken over", summary.Message, StringComparison.Ordinal);
        Assert.Equal(5, summary.Rows.Answered);
    }

    [Fact]
    public async Task A_reply_that_comes_after_the_lease_was_taken_is_not_counted()
    {
        var alive = true;
        var clock = new VirtualClock();
        using var world = new RunWorld(clock);
        var store = new MemoryStore(clock, _ => alive);
        world.Environment = world.Environment with { Answers = store.Answers, Calls = store.Calls, Leases = store.Lease };
        world.Table(RunWorld.Titles(5));
        var reply = new TaskCompletionSource();
        world.Model().Hold = _ => reply.Task;
        var run = world.RunAsync();
        await world.Model().Arrived(1);

        alive = false;
        await store.Lease.AcquireAsync("songs", "other", world.Environment.Owner, TestContext.Current.CancellationToken);
        reply.SetResult();
        var summary = await run;

        Assert.Equal(RunState.Failed, summary.State);
        Assert.Equal(5, summary.Rows.Pending);
        Assert.Equal(0, world.Seen.Progress().Rows.Answered);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_store_that_fails_at_any_write_loses_nothing_it_has_stored(int concurrency)
    {
        for (var at = 1; ; at++)
        {
            using var world = new RunWorld();
            world.Table(RunWorld.Titles(12).Append("t1").Append("never"));
            world.Job = world.Job with { PackRows = 3, Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = concurrency, RequestsPerMinute = 1000 })] };
            world.Model().Script = call => FakeReply.Each(call, t => t == "never" ? null : "\"energy\":\"Low\"");
            var sound = world.Environment;
            var faulty = new FaultyStore(world.Store, at);
            world.Environment = sound with { Answers = faulty, Calls = faulty };

            var summary = await world.RunAsync();

            if (!faulty.Failed)
            {
                Assert.InRange(at, 10, 40);
                return;
            }

            Assert.Equal(RunState.Failed, summary.State);
            Assert.Contains("no space", summary.Message, StringComparison.Ordinal);
            Assert.InRange(world.Seen.Progress().Rows.Answered, 0, summary.Rows.Answered);
            var stored = (await world.ColumnAsync("title")).Zip(await world.ColumnAsync("ai_status")).Where(r => r.Second != "pending").Select(r => r.First);

            world.Forget();
            world.Environment = sound;
            var next = await world.RunAsync();
            Assert.Equal(new RowCounts(14, 13, 0, 0, 1, 0, summary.Rows.Answered), next.Rows);
            Assert.All(stored, title => Assert.Equal(0, world.Model().Asked(title)));
        }
    }

    [Fact]
    public async Task A_bug_stops_everybody_is_told_and_loses_nothing_that_is_stored()
    {
        var clock = new VirtualClock();
        using var world = new RunWorld(clock);
        world.Table(RunWorld.Titles(100));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = 4 })] };
        world.Model().Script = call => call.Number == 7 ? throw new InvalidOperationException("a bug") : FakeReply.Good(call);

        var summary = await world.RunAsync();
        Assert.Equal((RunState.Failed, ExitCode.Failure), (summary.State, SummaryJson.ExitCode(summary)));
        Assert.Contains("a bug", summary.Message, StringComparison.Ordinal);
        Assert.Equal(0, clock.Waiting);

        world.Model().Script = call => FakeReply.Good(call);
        var next = await world.RunAsync();
        Assert.Equal((100, summary.Rows.Answered), (next.Rows.Answered, next.Rows.FromCache));
    }

    [Fact]
    public async Task Events_are_numbered_without_gaps_and_end_once()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(100));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = 4 })] };
        world.Model().Script = call => FakeReply.Each(call, t => t == "t50" || (call.Number % 3 == 0 && t.EndsWith('7')) ? null : "\"energy\":\"Low\"");

        var summary = await world.RunAsync();

        var events = world.Seen.Events;
        Assert.Equal(Enumerable.Range(1, events.Count).Select(i => (long)i), events.Select(e => e.Number));
        Assert.Equal("started", events[0].Kind);
        Assert.Equal("ended", Assert.Single(events, e => e.Kind == "ended").Kind);
        Assert.Equal("ended", events[^1].Kind);
        Assert.Equal(summary.Rows.Answered, events.Where(e => e.Kind == "answered").Sum(e => (long)e.Data["rows"]!));
        Assert.Equal(summary.Calls.Succeeded, events.Where(e => e.Kind == "answered").Sum(e => (long)e.Data["calls"]!));
        var stored = 0;
        await foreach (var e in world.Store.Events.ReadAsync(summary.RunId, 0, TestContext.Current.CancellationToken)) Assert.Equal(++stored, e.Number);
        Assert.Equal(events.Count, stored);
        Assert.Equal(summary.Rows, world.Seen.Progress().Rows);
        Assert.Equal(0, world.Seen.Progress().InFlight);
    }

    /// <summary>A lease that another takes before it is first renewed.</summary>
    private sealed class LostLease(IRunLease lease) : IRunLease
    {
        public ValueTask<LeaseGrant> AcquireAsync(string job, string runId, Core.LeaseOwner owner, CancellationToken cancellationToken = default) =>
            lease.AcquireAsync(job, runId, owner, cancellationToken);

        public ValueTask<LeaseLook> LookAsync(string job, CancellationToken cancellationToken = default) => lease.LookAsync(job, cancellationToken);

        public ValueTask<bool> RenewAsync(Lease held, CancellationToken cancellationToken = default) => ValueTask.FromResult(false);

        public ValueTask ReleaseAsync(Lease held, CancellationToken cancellationToken = default) => lease.ReleaseAsync(held, cancellationToken);
    }
}
