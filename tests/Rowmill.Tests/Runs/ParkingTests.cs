using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Runs;

namespace Rowmill.Tests.Runs;

public sealed class ParkingTests
{
    [Fact]
    public async Task A_pack_told_to_wait_for_a_model_that_opens_that_very_moment_is_not_given_up()
    {
        const int looks = 20_000;
        using var world = new RunWorld();
        using var open = State(RunWorld.Route("a"), world);
        using var closed = State(RunWorld.Route("b"), world);
        var run = new RunContext
        {
            Job = world.Job,
            Options = new RunOptions { Wait = true },
            Environment = world.Environment,
            Routes = [open, closed],
            Lease = null!,
            Text = null!,
            Reader = null!,
            Counters = null!,
            Events = null!,
            Stop = null!,
            Money = null,
            Question = "",
        };
        var pack = new Pack([new Ask(default, "\"title\":\"t1\""u8.ToArray()) { Past = RowPast.None with { EndedOn = [open.Id] } }]);
        var now = world.Clock.GetUtcNow();
        var isDone = false;
        var opening = Task.Run(
            () =>
            {
                while (!Volatile.Read(ref isDone))
                {
                    closed.Park(new StopReason(RunState.RateLimited, "its limit") { ResumeAt = now });
                    closed.Reopen(now);
                }
            },
            TestContext.Current.CancellationToken);

        var parking = new Parking(run);
        var given = Enumerable.Range(0, looks).Count(_ => parking.Opens(pack) is null);
        Volatile.Write(ref isDone, true);
        await opening;

        Assert.Equal(0, given);
        Assert.Null(run.Stranded);
    }

    private static RouteState State(Route route, RunWorld world)
    {
        var owner = new WindowOwner(route.Provider, route.BaseUrl, "test", route.Model);
        var sizer = new PackSizer(new PackBudget(route, world.Job.Question, systemTokens: 100), world.Job.PackRows);
        return new RouteState(route, world.Model(route.Model), sizer, owner, WindowSnapshot.Unused(route.Limits, owner), new RouteGate(world.Environment.Chance));
    }
}
