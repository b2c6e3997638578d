using Rowmill.Core.Models;
using Rowmill.Core.Runs;

namespace Rowmill.Tests.Runs;

/// <summary>A store that breaks in the middle or at the end: the run says what it did and what broke.</summary>
public sealed class RunBrokenStoreTests
{
    [Fact]
    public async Task What_is_stored_counts_although_the_windows_cannot_be_written_any_more()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { RequestsPerMinute = 1000 })] };
        world.Environment = world.Environment with { Windows = new BrokenWindows(world.Windows, settles: 1) };

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Failed, summary.State);
        Assert.StartsWith("no space is left for windows", summary.Message, StringComparison.Ordinal);
        Assert.Equal((10, 0), (summary.Rows.Answered, summary.Rows.FromCache));
        Assert.Equal((2, 2), (summary.Calls.Sent, summary.Calls.Succeeded));
        Assert.Equal(10, (await world.ColumnAsync("ai_status")).Count(s => s == "answered"));
    }

    [Fact]
    public async Task A_run_whose_end_cannot_be_stored_has_failed_and_tells_what_it_did()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Environment = world.Environment with { Runs = new BrokenRunLog(world.Store.Runs) };

        var summary = await world.RunAsync();

        Assert.Equal((RunState.Failed, 20), (summary.State, summary.Rows.Answered));
        Assert.Equal("the end of the run is not stored: no space is left for runs", summary.Message);
    }

    [Fact]
    public async Task The_first_failure_is_told_not_the_one_that_followed()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { RequestsPerMinute = 1000 })] };
        world.Environment = world.Environment with
        {
            Windows = new BrokenWindows(world.Windows, settles: 0),
            Runs = new BrokenRunLog(world.Store.Runs),
            Leases = new BrokenLease(world.Store.Lease),
        };

        Assert.StartsWith("no space is left for windows", (await world.RunAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lease_that_cannot_be_given_back_is_no_failure_of_the_run()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Environment = world.Environment with { Leases = new BrokenLease(world.Store.Lease) };

        Assert.Equal(RunState.Completed, (await world.RunAsync()).State);
    }
}
