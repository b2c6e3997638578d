using Rowmill.Core.Models;
using Rowmill.Core.Runs;

namespace Rowmill.Tests.Runs;

/// <summary>A machine with too little memory for a model: a smaller context, smaller packs, then the next model.</summary>
public sealed class ContextRoomTests
{
    private const int Context = 16_384;

    [Fact]
    public async Task Too_little_memory_halves_the_context_until_the_model_fits_and_every_row_is_answered()
    {
        using var world = World(holds: 4096);
        var summary = await world.RunAsync();
        Assert.Equal((RunState.Completed, 20L), (summary.State, summary.Rows.Answered));
        Assert.Equal([Context, Context / 2, Context / 4], world.Model().Calls.Select(c => c.Request.MostContextTokens).Distinct());
        Assert.Equal([8192, 4096], Lowered(world));
    }

    [Fact]
    public async Task What_the_smaller_context_does_not_hold_goes_in_smaller_packs()
    {
        using var world = World(holds: 2048);
        world.Table(RunWorld.Titles(20).Select(t => t + new string('x', 1000)));
        var summary = await world.RunAsync();
        Assert.Equal(20, summary.Rows.Answered);
        var (first, last) = (world.Model().Calls[0], world.Model().Calls[^1]);
        Assert.True(last.Titles.Count < first.Titles.Count, $"{last.Titles.Count} of {first.Titles.Count}");
        Assert.All(world.Model().Calls.Where(c => c.Request.MostContextTokens == 2048), c => Assert.True(c.Request.InputTokens + c.Request.MaxOutputTokens <= 2048));
    }

    [Fact]
    public async Task Where_no_context_fits_the_next_model_takes_over()
    {
        using var world = World(holds: 0);
        world.Job = world.Job with { Routes = [world.Job.Routes[0], RunWorld.Route("b")] };
        var summary = await world.RunAsync();
        Assert.Equal((RunState.Completed, 20), (summary.State, world.Model("b").Calls.Sum(c => c.Titles.Count)));
        Assert.Equal([8192, 4096, 2048], Lowered(world));
        var refused = Assert.Single(world.Seen.Events, e => e.Kind == "refused");
        Assert.Contains("it says OutOfMemory", refused.Data["reason"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_another_model_the_run_stops_and_says_why()
    {
        using var world = World(holds: 0);
        var summary = await world.RunAsync();
        Assert.Equal((RunState.Refused, 20L), (summary.State, summary.Rows.Pending));
        Assert.Contains("OutOfMemory", summary.Message, StringComparison.Ordinal);
        Assert.Equal(4, world.Model().Calls.Count);
    }

    [Fact]
    public async Task Memory_that_was_there_before_is_waited_for_as_in_an_outage()
    {
        using var world = World(holds: Context);
        var fails = world.Model().Script;
        world.Model().Script = call => call.Number == 2 ? Fail(call) : fails(call);
        var summary = await world.RunAsync();
        Assert.Equal(20, summary.Rows.Answered);
        Assert.Empty(Lowered(world));
        Assert.Equal(Context, world.Model().Calls[^1].Request.MostContextTokens);
    }

    [Fact]
    public async Task A_server_that_tells_a_smaller_context_at_the_start_is_not_asked_for_more()
    {
        using var world = World(holds: Context);
        world.Environment = world.Environment with { ContextTokens = _ => 3000 };
        await world.RunAsync();
        Assert.All(world.Model().Calls, c => Assert.Equal(3000, c.Request.MostContextTokens));
    }

    [Fact]
    public async Task The_room_for_the_prompt_is_never_less_than_estimated_whatever_the_service_counts()
    {
        using var world = World(holds: Context);
        world.Job = world.Job with { PackRows = 2 };
        world.Model().Script = call => FakeReply.Good(call) with { Reply = FakeReply.Good(call).Reply! with { Usage = new TokenUsage(1, 0, 20) } };
        await world.RunAsync();
        var calls = world.Model().Calls;
        Assert.Equal(10, calls.Count);
        Assert.All(calls, c => Assert.True(c.Request.InputTokens >= calls[0].Request.InputTokens - 5));
    }

    /// <summary>A model that has memory for so much context, and sets aside all it may.</summary>
    private static RunWorld World(int holds)
    {
        var world = new RunWorld();
        world.Job = world.Job with { Routes = [RunWorld.Route("a") with { ContextTokens = Context }] };
        world.Table(RunWorld.Titles(20));
        world.Model().Script = call => call.Request.MostContextTokens > holds ? Fail(call)
            : FakeReply.Good(call) with { ContextTokens = call.Request.MostContextTokens };
        return world;
    }

    private static ModelResult Fail(FakeCall call) => FakeReply.Fail(FailureKind.OutOfMemory) with { ContextTokens = call.Request.MostContextTokens };

    private static IEnumerable<int> Lowered(RunWorld world) =>
        world.Seen.Events.Where(e => e.Kind == "context_lowered").Select(e => e.Data["context"]!.GetValue<int>());
}
