using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Runs;

public sealed class RunDoubtTests
{
    [Fact]
    public async Task A_call_in_doubt_is_cleared_by_the_answers_that_come_later_and_stays_counted()
    {
        using var world = new RunWorld(new VirtualClock());
        world.Job = world.Job with { Routes = [RunWorld.Route("a") with { Price = new Price(1, 2) }] };
        world.Table(RunWorld.Titles(10));
        await InterruptAsync(world);
        var open = Assert.Single(await world.CallsAsync());

        var next = await world.RunAsync();

        Assert.Equal(new Doubt(1, 5, open.Intent.MaxUsd!.Value), next.InDoubt);
        Assert.Equal(new ClearedCalls(1, open.Intent.MaxUsd!.Value, 0), next.Cleared);
        Assert.Contains(world.Seen.Events, e => e.Kind == "cleared");
        Assert.Equal(5, (long)world.Seen.Events.Single(e => e.Kind == "in_doubt").Data["rows"]!);
        var cleared = (await world.CallsAsync())[0];
        Assert.Equal((CallState.Cleared, ClearedBy.Outcomes), (cleared.State, cleared.ClearedBy));
        Assert.Equal(next.Usd + open.Intent.MaxUsd, await world.Store.Calls.SpentAsync("songs", TestContext.Current.CancellationToken));

        var again = await world.RunAsync();
        Assert.Equal((new Doubt(0, 0, 0), new ClearedCalls(0, 0, 0)), (again.InDoubt, again.Cleared));
    }

    [Fact]
    public async Task A_doubt_stays_while_one_of_its_rows_has_no_later_outcome()
    {
        using var world = new RunWorld(new VirtualClock());
        world.Table(RunWorld.Titles(10));
        await InterruptAsync(world);
        world.Job = world.Job with { PackRows = 1 };

        var part = await world.RunAsync(new RunOptions { Limit = 4 });
        Assert.Equal((1L, 0L, 1L), (part.InDoubt.Calls, part.Cleared.Calls, part.Cleared.Left));
        Assert.Equal(CallState.InDoubt, (await world.CallsAsync())[0].State);

        // The last of its rows fails: that is an outcome too.
        world.Model().Script = call => FakeReply.Text(call, "no");
        var rest = await world.RunAsync(new RunOptions { Limit = 5 });
        Assert.Equal((1L, 1L, 1L), (rest.Rows.Failed, rest.InDoubt.Calls, rest.Cleared.Calls));
        Assert.Equal(ClearedBy.Outcomes, (await world.CallsAsync())[0].ClearedBy);
    }

    [Fact]
    public async Task A_doubt_about_rows_that_the_job_asks_no_more_ends_with_the_run_that_ends_every_row()
    {
        using var world = new RunWorld(new VirtualClock());
        world.Table(RunWorld.Titles(10));
        await InterruptAsync(world);
        world.Table(RunWorld.Titles(10).Skip(2));

        var part = await world.RunAsync(new RunOptions { Limit = 6 });
        Assert.Equal((1L, 0L), (part.InDoubt.Calls, part.Cleared.Calls));

        Assert.Equal(1, (await world.RunAsync()).Cleared.Calls);
        Assert.Equal((CallState.Cleared, ClearedBy.Job), ((await world.CallsAsync())[0].State, (await world.CallsAsync())[0].ClearedBy));
    }

    [Fact]
    public async Task An_earlier_outcome_does_not_clear_a_doubt_that_rows_asked_afresh_left()
    {
        using var world = new RunWorld(new VirtualClock());
        world.Table(RunWorld.Titles(10));
        await world.RunAsync();
        await InterruptAsync(world, new RunOptions { Fresh = true });

        Assert.Equal(0, (await world.RunAsync(new RunOptions { Limit = 5 })).Cleared.Calls);
        Assert.Equal(1, (await world.RunAsync(new RunOptions { Limit = 5, Fresh = true })).Cleared.Calls);
        Assert.Equal(ClearedBy.Outcomes, (await world.CallsAsync()).Single(c => c.State == CallState.Cleared).ClearedBy);
    }

    [Fact]
    public async Task Outcomes_of_another_model_clear_a_doubt_too()
    {
        using var world = new RunWorld(new VirtualClock());
        world.Table(RunWorld.Titles(10));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        await InterruptAsync(world);
        world.Model("a").Script = _ => FakeReply.Fail(FailureKind.KeyRefused);

        var summary = await world.RunAsync(new RunOptions { Limit = 5 });

        Assert.Equal((5L, 1L), (summary.Rows.Answered, summary.Cleared.Calls));
        Assert.Equal(ClearedBy.Outcomes, (await world.CallsAsync())[0].ClearedBy);
    }

    [Fact]
    public async Task No_row_waits_for_a_probe_in_doubt()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(10));
        await world.RunAsync();
        var intent = (await world.CallsAsync())[0].Intent;
        await world.Store.Calls.OpenAsync(intent with { Rows = [] }, TestContext.Current.CancellationToken);

        var summary = await world.RunAsync(new RunOptions { Limit = 5 });

        Assert.Equal((1L, 0L, 1L), (summary.InDoubt.Calls, summary.InDoubt.Rows, summary.Cleared.Calls));
    }

    [Fact]
    public async Task Hundreds_of_doubts_are_cleared_page_by_page()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(700));
        world.Job = world.Job with { PackRows = 1 };
        await world.RunAsync();
        var keys = (await world.CallsAsync()).SelectMany(c => c.Intent.Rows).ToList();
        var intent = (await world.CallsAsync())[0].Intent;
        foreach (var key in keys) await world.Store.Calls.OpenAsync(intent with { Rows = [key] }, TestContext.Current.CancellationToken);

        var summary = await world.RunAsync(new RunOptions { Fresh = true });

        Assert.Equal((700L, 700L, 700L), (summary.InDoubt.Calls, summary.InDoubt.Rows, summary.Cleared.Calls));
        Assert.DoesNotContain(await world.CallsAsync(), c => c.State is CallState.InDoubt or CallState.Open);
    }

    [Fact]
    public async Task A_store_that_refuses_to_clear_does_not_fail_the_run()
    {
        using var world = new RunWorld(new VirtualClock());
        world.Table(RunWorld.Titles(5));
        await InterruptAsync(world);
        world.Environment = world.Environment with { Calls = new FaultyStore(world.Store, failsAt: 2) }; // after the one intent

        var summary = await world.RunAsync();

        Assert.Equal((RunState.Completed, 1L, 0L, 1L), (summary.State, summary.InDoubt.Calls, summary.Cleared.Calls, summary.Cleared.Left));
        Assert.Contains(world.Seen.Events, e => e.Kind == "doubt_kept");
        world.Environment = world.Environment with { Calls = world.Store.Calls };
        Assert.Equal(1, (await world.RunAsync()).Cleared.Calls);
    }

    /// <summary>A run that gives up with its first call in flight.</summary>
    internal static async Task InterruptAsync(RunWorld world, RunOptions? options = null)
    {
        world.Forget();
        world.Model().Hold = _ => new TaskCompletionSource().Task;
        using var abort = new CancellationTokenSource();
        var run = world.RunAsync(options, abort: abort.Token);
        await world.Model().Arrived(1);
        await abort.CancelAsync();
        Assert.Equal(RunState.Interrupted, (await run).State);
        world.Model().Hold = null;
        world.Forget();
    }
}
