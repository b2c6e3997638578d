using System.Text;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;

namespace Rowmill.Tests.Runs;

public sealed class RunReplyTests
{
    private const string Low = "\"energy\":\"Low\"";

    [Fact]
    public async Task A_model_may_say_why_it_cannot_answer()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(3));
        world.Model().Script = call => FakeReply.Each(call, t => t == "t2" ? "\"abstain\":\"no such song\"" : Low);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.Equal(new RowCounts(3, 2, 1, 0, 0, 0, 0), summary.Rows);
        Assert.Equal(["", "no such song", ""], await world.ColumnAsync("ai_error"));
        Assert.Equal(["Low", "", "Low"], await world.ColumnAsync("ai_energy"));
        Assert.Equal(3, (await world.RunAsync()).Rows.FromCache);
    }

    [Theory]
    [InlineData("missing", null)]
    [InlineData("invalid_answer", "\"energy\":\"Lukewarm\"")]
    [InlineData("invalid_answer", "\"energy\":\"\\ud800\"")]
    [InlineData("invalid_answer", "\"abstain\":\"\\ud800\"")]
    [InlineData("invalid_answer", "\"abstain\":\"\"")]
    [InlineData("broken_reply", "\"id\":\"\\ud800\"")]
    [InlineData("broken_reply", "\"id\":99,\"energy\":\"Low\"")]
    public async Task A_row_without_a_valid_answer_is_asked_again_and_fails_with_its_reason(string reason, string? members)
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(5));
        world.Model().Script = call => FakeReply.Each(call, t => t == "t3" ? members : Low);

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(5, 4, 0, 0, 1, 0, 0), summary.Rows);
        Assert.StartsWith(reason, (await world.ColumnAsync("ai_error"))[2], StringComparison.Ordinal);
        Assert.Equal(1 + Ladder.TriesAlone, world.Model().Asked("t3"));
        Assert.Equal(1, world.Model().Asked("t1"));
        Assert.Equal(summary.Rows, world.Seen.Progress().Rows);
    }

    [Fact]
    public async Task A_row_that_is_left_out_once_is_answered_the_second_time()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(5));
        world.Model().Script = call => FakeReply.Each(call, t => t == "t3" && call.Number == 1 ? null : Low);

        var summary = await world.RunAsync();

        Assert.Equal(5, summary.Rows.Answered);
        Assert.Equal(["t3"], world.Model().Calls[1].Titles);
        Assert.Equal(2, summary.Calls.Succeeded);
    }

    [Fact]
    public async Task Ids_are_joined_as_a_set_and_a_contradiction_is_nobodys_answer()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(3));
        world.Model().Script = call => call.Titles.Count < 3
            ? FakeReply.Good(call, "High")
            : FakeReply.Text(call, """
                {"rows":[{"id":3,"energy":"Low"},{"id":1,"energy":"Low"},{"id":2,"energy":"Low"},{"id":2,"energy":"Medium"},{"id":3,"energy":"Low"},{"energy":"Low"}]}
                """);

        await world.RunAsync();

        Assert.Equal(["Low", "High", "Low"], await world.ColumnAsync("ai_energy"));
        Assert.Equal(["t2"], world.Model().Calls[1].Titles);
    }

    [Theory]
    [InlineData(ReplyEnding.Complete, "I would rather not.", "broken_reply", 15)]
    [InlineData(ReplyEnding.Complete, "", "broken_reply", 15)]
    [InlineData(ReplyEnding.Refused, "", "refused", 9)]
    [InlineData(ReplyEnding.Filtered, "", "filtered", 9)]
    [InlineData(ReplyEnding.Truncated, "{\"rows\":[{\"id\":1,\"ener", "truncated", 15)]
    public async Task A_row_that_poisons_its_pack_fails_alone_within_bounded_calls(ReplyEnding ending, string text, string reason, int most)
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(16));
        world.Job = world.Job with { PackRows = 16 };
        world.Model().Script = call => call.Titles.Contains("t6") ? FakeReply.Text(call, text, ending) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(16, 15, 0, 0, 1, 0, 0), summary.Rows);
        Assert.StartsWith(reason, (await world.ColumnAsync("ai_error"))[5], StringComparison.Ordinal);
        Assert.InRange(world.Model().Calls.Count, 2, most);
    }

    [Fact]
    public async Task The_whole_answers_of_a_reply_that_breaks_off_are_kept()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(4));
        world.Model().Script = call => call.Number == 1
            ? FakeReply.Text(call, """{"rows":[{"id":1,"energy":"Low"},{"id":2,"energy":"Low"},{"id":3,"ener""", ReplyEnding.Truncated)
            : FakeReply.Good(call);

        Assert.Equal(4, (await world.RunAsync()).Rows.Answered);
        Assert.Equal(["t3", "t4"], world.Model().Calls[1].Titles);
    }

    [Theory]
    [InlineData(FailureKind.TooLarge, "too_large", 9)]
    [InlineData(FailureKind.Filtered, "filtered", 9)]
    [InlineData(FailureKind.BadGeneration, "bad_generation", 15)]
    public async Task A_row_that_the_service_rejects_fails_alone_within_bounded_calls(FailureKind kind, string reason, int most)
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(16));
        world.Job = world.Job with { PackRows = 16 };
        world.Model().Script = call => call.Titles.Contains("t6") ? FakeReply.Fail(kind) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(16, 15, 0, 0, 1, 0, 0), summary.Rows);
        Assert.StartsWith(reason, (await world.ColumnAsync("ai_error"))[5], StringComparison.Ordinal);
        Assert.InRange(world.Model().Calls.Count, 2, most);
    }

    [Theory]
    [InlineData(FailureKind.BadGeneration)]
    [InlineData(FailureKind.ConnectionLost)]
    public async Task The_good_rows_of_a_reply_that_failed_or_broke_off_count(FailureKind kind)
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(2));
        world.Model().Script = call => call.Number > 1 ? FakeReply.Good(call) : new ModelResult
        {
            Failure = new ModelFailure(kind, "broken") { PartialText = Encoding.UTF8.GetBytes("""{"rows":[{"id":1,"energy":"High"},{"id":2,"en""") },
        };

        Assert.Equal(2, (await world.RunAsync()).Rows.Answered);
        Assert.Equal(["High", "Low"], await world.ColumnAsync("ai_energy"));
        Assert.Equal(["t2"], world.Model().Calls[1].Titles);
    }

    [Fact]
    public async Task A_request_that_never_comes_back_while_others_do_is_taken_for_the_cause()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(200));
        world.Job = world.Job with { PackRows = 1 };
        world.Model().Script = call => call.Titles[0] == "t1" ? FakeReply.Fail(FailureKind.TimedOut) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(200, 199, 0, 0, 1, 0, 0), summary.Rows);
        Assert.StartsWith("unavailable", (await world.ColumnAsync("ai_error"))[0], StringComparison.Ordinal);
        Assert.InRange(world.Model().Asked("t1"), 2, 30);
    }
}
