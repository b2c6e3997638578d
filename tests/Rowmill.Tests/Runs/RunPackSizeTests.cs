using Rowmill.Core.Models;
using Rowmill.Core.Runs;

namespace Rowmill.Tests.Runs;

/// <summary>The size of packs as a run chooses it, tells it and leaves it to the next.</summary>
public sealed class RunPackSizeTests
{
    [Fact]
    public async Task The_size_follows_the_replies_is_told_and_is_where_the_next_run_begins()
    {
        using var world = new RunWorld();
        world.Job = world.Job with { PackRows = null, Routes = [RunWorld.Route("a", new RouteLimits { TokensPerMinute = 200_000 })] };
        world.Table(RunWorld.Titles(1000));
        world.Model().Script = call => call.Titles.Count > 8 ? FakeReply.Text(call, "{\"rows\":[", ReplyEnding.Truncated) : FakeReply.Good(call);

        Assert.Equal(1000, (await world.RunAsync()).Rows.Answered);

        var told = world.Seen.Events.Where(e => e.Kind == "pack_size").ToList();
        Assert.Equal(("fake/a", 20, null, "nothing is known yet"), (
            (string?)told[0].Data["model"], (int?)told[0].Data["rows"], (int?)told[0].Data["was"], (string?)told[0].Data["reason"]));
        var last = told[^1].Data;
        Assert.InRange((int?)last["rows"] ?? 0, 6, 8);
        Assert.Equal("replies are cut short", (string?)last["reason"]);
        Assert.InRange(told.Count, 2, 8);
        Assert.InRange(world.Model().Calls.Count(c => c.Titles.Count > 8), 2, 40);

        var left = Assert.Single(await world.Environment.Calibrations.SizesAsync(
            world.Job.Routes[0].Id, world.Job.Question.Fingerprint, TestContext.Current.CancellationToken));
        Assert.Equal((int?)last["rows"], left.Rows);
        world.Forget();
        await world.RunAsync(new RunOptions { Fresh = true });
        Assert.Equal(left.Rows, world.Model().Calls[0].Titles.Count);
    }

    [Fact]
    public async Task The_second_model_learns_its_size_from_rows_that_the_first_gave_up()
    {
        using var world = new RunWorld();
        world.Job = world.Job with { PackRows = 20, Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        world.Table(RunWorld.Titles(300));
        world.Model().Script = call => FakeReply.Each(call, t => t == "t1" ? "\"energy\":\"Low\"" : null, ReplyEnding.Refused);
        world.Model("b").Script = call => call.Titles.Count > 8 ? FakeReply.Text(call, "{\"rows\":[", ReplyEnding.Truncated) : FakeReply.Good(call);

        Assert.Equal(300, (await world.RunAsync()).Rows.Answered);

        var told = world.Seen.Events.Where(e => e.Kind == "pack_size" && (string?)e.Data["model"] == "fake/b").ToList();
        Assert.NotEmpty(told);
        Assert.InRange((int?)told[^1].Data["rows"] ?? 0, 5, 8);
        Assert.InRange(world.Model("b").Calls.Count(c => c.Titles.Count > 8), 1, 10);
    }

    [Fact]
    public async Task A_number_in_the_job_is_where_each_run_begins()
    {
        using var world = new RunWorld();
        world.Job = world.Job with { PackRows = 20 };
        world.Table(RunWorld.Titles(300));
        world.Model().Script = call => call.Titles.Count > 8 ? FakeReply.Text(call, "{\"rows\":[", ReplyEnding.Truncated) : FakeReply.Good(call);

        Assert.Equal(300, (await world.RunAsync()).Rows.Answered);
        Assert.InRange((int?)world.Seen.Events.Last(e => e.Kind == "pack_size").Data["rows"] ?? 0, 5, 8);
        Assert.Equal("the job's number", (string?)world.Seen.Events.First(e => e.Kind == "pack_size").Data["reason"]);

        world.Forget();
        await world.RunAsync(new RunOptions { Fresh = true });
        Assert.Equal(20, world.Model().Calls[0].Titles.Count);
    }
}
