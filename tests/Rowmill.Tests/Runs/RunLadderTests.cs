using System.Text;
using System.Text.Json;
using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Tests.Runs;

public sealed class RunLadderTests
{
    private const string Low = "\"energy\":\"Low\"";

    private static readonly string[] s_steps = ["asked_again", "split", "alone", "next_model", "row_failed"];

    [Fact]
    public async Task Rows_that_replies_left_out_are_asked_again_together()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(50));
        world.Model().Script = call => FakeReply.Each(call, t => t.EndsWith('3') && call.Number <= 9 ? null : Low);

        var summary = await world.RunAsync();

        Assert.Equal(50, summary.Rows.Answered);
        Assert.Equal(11, summary.Calls.Sent);
        Assert.Equal(["t3", "t13", "t23", "t33", "t43"], world.Model().Calls[9].Titles);
    }

    [Fact]
    public async Task Every_step_is_an_event_with_its_model_rows_packs_and_reason_and_none_holds_a_reply()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(4));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        foreach (var model in (string[])["a", "b"])
            world.Model(model).Script = call => call.Titles.Contains("t2") ? FakeReply.Text(call, "no secret words of mine") : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(4, 3, 0, 0, 1, 0, 0), summary.Rows);
        var steps = world.Seen.Events.Where(e => s_steps.Contains(e.Kind)).ToList();
        Assert.Equal(
            ["asked_again a 4 1", "split a 4 2", "split a 2 2", "alone a 1 1", "alone a 1 1", "alone a 1 1", "alone a 1 1", "next_model a 1 0",
                "alone b 1 1", "alone b 1 1", "alone b 1 1", "alone b 1 1"],
            steps.SkipLast(1).Select(e => $"{e.Kind} {((string)e.Data["model"]!)[5..]} {e.Data["rows"]} {e.Data["packs"]}"));
        Assert.All(steps, e => Assert.Equal("broken_reply", (string?)e.Data["reason"]));
        var failed = steps[^1];
        Assert.Equal(("row_failed", "fake/b", 13), (failed.Kind, (string?)failed.Data["model"], (int)failed.Data["attempts"]!));
        Assert.NotNull((string?)failed.Data["row"]);
        Assert.DoesNotContain(world.Seen.Events, e => e.Data.ToJsonString().Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_without_faults_has_no_step()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(50));

        await world.RunAsync();

        Assert.DoesNotContain(world.Seen.Events, e => s_steps.Contains(e.Kind));
    }

    [Theory]
    [InlineData(Routing.Order)]
    [InlineData(Routing.Spread)]
    public async Task Rows_that_end_on_one_model_go_to_the_others_together_and_fail_only_after_the_last(Routing routing)
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(40));
        world.Job = world.Job with { Routing = routing, Routes = [RunWorld.Route("a"), RunWorld.Route("b"), RunWorld.Route("c")] };
        var bad = (string[])["t2", "t9", "t12", "t33"];
        world.Model("a").Script = Filters;
        world.Model("b").Script = Filters;
        world.Model("c").Script = call => call.Titles.Contains("t9") ? FakeReply.Fail(FailureKind.Filtered) : FakeReply.Good(call, "High");

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(40, 39, 0, 0, 1, 0, 0), summary.Rows);
        Assert.StartsWith("filtered: ", (await world.ColumnAsync("ai_error"))[8], StringComparison.Ordinal);
        if (routing == Routing.Spread) return;
        Assert.Equal(bad.Order(), world.Model("b").Calls[0].Titles.Order());
        Assert.Equal(bad.Order(), world.Model("c").Calls[0].Titles.Order());
        Assert.Equal("High", (await world.ColumnAsync("ai_energy"))[1]);

        ModelResult Filters(FakeCall call) => call.Titles.Any(bad.Contains) ? FakeReply.Fail(FailureKind.Filtered) : FakeReply.Good(call);
    }

    [Fact]
    public async Task With_one_model_named_only_that_one_is_asked()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(4));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        world.Model("a").Script = call => FakeReply.Each(call, t => t == "t2" ? null : Low);

        Assert.Equal(1, (await world.RunAsync(new RunOptions { Model = "fake/a" })).Rows.Failed);
        Assert.Empty(world.Model("b").Calls);
    }

    [Fact]
    public async Task A_row_whose_next_model_is_parked_stays_pending_and_goes_on_when_it_opens()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(40));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        world.Model("a").Script = call => call.Titles.Contains("t2") || call.Titles.Contains("t20") ? FakeReply.Fail(FailureKind.Filtered) : FakeReply.Good(call);
        world.Model("b").Script = call => call.Number == 1 ? FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromHours(3)) : FakeReply.Good(call);
        var began = world.Clock.GetUtcNow();

        var summary = await world.RunAsync();

        Assert.Equal(RunState.RateLimited, summary.State);
        Assert.Equal(ExitCode.RateLimited, SummaryJson.ExitCode(summary));
        Assert.Equal(began + TimeSpan.FromHours(3), summary.ResumeAt);
        Assert.Equal(new RowCounts(40, 38, 0, 0, 0, 2, 0), summary.Rows);
        Assert.Single(world.Model("b").Calls);

        world.Advance(TimeSpan.FromHours(3));
        Assert.Equal(new RowCounts(40, 40, 0, 0, 0, 0, 38), (await world.RunAsync()).Rows);
    }

    [Fact]
    public async Task Told_to_wait_a_run_first_asks_what_can_be_asked_and_then_waits_for_the_parked_model()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(40));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")], PackRows = 2 };
        world.Model("a").Script = call => call.Titles.Any(t => int.Parse(t.AsSpan(1)) <= 4) ? FakeReply.Fail(FailureKind.Filtered) : FakeReply.Good(call);
        world.Model("b").Script = call => call.Number == 1 ? FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromHours(3)) : FakeReply.Good(call);
        var began = world.Clock.GetUtcNow();

        var summary = await world.RunAsync(new RunOptions { Wait = true });

        Assert.Equal(RunState.Completed, summary.State);
        Assert.All(world.Model("a").Calls, c => Assert.True(c.At - began < TimeSpan.FromMinutes(1)));
        Assert.Equal(TimeSpan.FromHours(3), world.Model("b").Calls[1].At - began);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Told_to_wait_a_run_that_holds_as_much_as_it_may_for_a_parked_model_stops_reading_and_lets_nothing_go(int concurrency)
    {
        const int held = 40;
        using var world = new RunWorld();
        world.Environment = world.Environment with { MostHeld = held };
        world.Table(RunWorld.Titles(600));
        var limits = new RouteLimits { Concurrency = concurrency };
        world.Job = world.Job with { Routes = [RunWorld.Route("a", limits), RunWorld.Route("b", limits)], PackRows = 4 };
        world.Model("a").Script = call => call.Titles.Any(IsHeld) ? FakeReply.Fail(FailureKind.Filtered) : FakeReply.Good(call);
        world.Model("b").Script = call => call.Number == 1 ? FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromHours(3)) : FakeReply.Good(call);
        var began = world.Clock.GetUtcNow();

        var summary = await world.RunAsync(new RunOptions { Wait = true });

        Assert.Equal(RunState.Completed, summary.State);
        Assert.Equal(new RowCounts(600, 600, 0, 0, 0, 0, 0), summary.Rows);
        var read = world.Model("a").Calls.Where(c => c.At - began < TimeSpan.FromHours(3)).SelectMany(c => c.Titles).Distinct().ToList();
        Assert.InRange(read.Count(IsHeld), held - 4, held + 4 * concurrency);
        Assert.InRange(read.Count, 1, 4 * held);

        // Each worker's first pack is answered, whichever goes first: as long as nothing is, new rows go before old ones.
        bool IsHeld(string title) => IsHard(title) && int.Parse(title.AsSpan(1)) > 4 * concurrency;
    }

    [Fact]
    public async Task What_is_let_go_beyond_what_a_run_may_hold_stays_pending_and_its_equals_are_asked_when_the_model_is_open()
    {
        using var world = new RunWorld();
        world.Environment = world.Environment with { MostHeld = 40 };
        world.Table(RunWorld.Titles(600).Append("t6"));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")], PackRows = 4 };
        world.Model("a").Script = call => call.Number == 1 ? FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromHours(3)) : FakeReply.Good(call);
        world.Model("b").Script = call =>
        {
            if (call.Titles.Contains("t599")) world.Advance(TimeSpan.FromHours(3));
            return call.Titles.Any(IsHard) ? FakeReply.Fail(FailureKind.Filtered) : FakeReply.Good(call);
        };
        var began = world.Clock.GetUtcNow();

        var summary = await world.RunAsync();

        Assert.Equal((RunState.RateLimited, began + TimeSpan.FromHours(3)), (summary.State, summary.ResumeAt));
        Assert.InRange(summary.Rows.Pending, 200, 298 - 40 + 4);
        var statuses = await world.ColumnAsync("ai_status");
        Assert.Equal(("answered", "pending", "answered"), (statuses[5], statuses[7], statuses[600]));
        Assert.Equal(RunState.Completed, (await world.RunAsync()).State);
    }

    [Theory]
    [InlineData(ReplyEnding.Refused, "refused")]
    [InlineData(ReplyEnding.Filtered, "filtered")]
    public async Task A_refusal_of_a_pack_ends_only_the_guilty_row_and_is_not_repeated(ReplyEnding ending, string reason)
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(8));
        world.Job = world.Job with { PackRows = 8 };
        world.Model().Script = call => call.Titles.Contains("t5") ? FakeReply.Text(call, "", ending) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(8, 7, 0, 0, 1, 0, 0), summary.Rows);
        Assert.StartsWith(reason + ": ", (await world.ColumnAsync("ai_error"))[4], StringComparison.Ordinal);
        Assert.Equal(7, summary.Calls.Sent);
        Assert.Equal(world.Model().Calls.Count, world.Model().Calls.Select(c => string.Join(' ', c.Titles)).Distinct().Count());
    }

    [Fact]
    public async Task A_row_whose_reply_does_not_fit_gets_more_room_as_long_as_the_model_has_any()
    {
        using var world = new RunWorld();
        world.Table("long", "endless", "t3", "t4");
        world.Job = world.Job with { Routes = [RunWorld.Route("a") with { MaxOutputTokens = 3000 }] };
        world.Model().Script = call => Cut(call, call.Titles.Contains("endless") ? int.MaxValue : call.Titles.Contains("long") ? 1500 : 0);

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(4, 3, 0, 0, 1, 0, 0), summary.Rows);
        Assert.StartsWith("truncated: ", (await world.ColumnAsync("ai_error"))[1], StringComparison.Ordinal);
        var rooms = world.Model().Calls.Where(c => c.Titles is ["endless"]).Select(c => c.Request.MaxOutputTokens).ToList();
        Assert.Equal(rooms.Order().Distinct(), rooms);
        Assert.Equal(3000, rooms[^1]);
        Assert.All(world.Model().Calls.Where(c => c.Titles.Count > 1), c => Assert.InRange(c.Request.MaxOutputTokens, 1, 1000));

        static ModelResult Cut(FakeCall call, int needed) => call.Request.MaxOutputTokens >= needed
            ? FakeReply.Good(call)
            : new ModelResult { Reply = new ModelReply(Encoding.UTF8.GetBytes("{\"rows\":[{\"id\":1,\"en"), ReplyEnding.Truncated, new TokenUsage(100, 0, call.Request.MaxOutputTokens)) };
    }

    [Fact]
    public async Task A_model_that_never_gives_an_answer_stops_the_run_and_keeps_the_rows()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(1000));
        world.Job = world.Job with { PackRows = 20, Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = 4 })] };
        world.Model().Script = call => FakeReply.Text(call, "I do not understand.");

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Failed, summary.State);
        Assert.Equal(ExitCode.UserError, SummaryJson.ExitCode(summary));
        Assert.InRange(summary.Calls.Sent, Harvest.LeastBarrenPacks, Harvest.MostBarrenRows / 2);
        Assert.Equal(1000, summary.Rows.Pending);
        Assert.Contains(" rows and gave not one valid answer (broken_reply; ", summary.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_never_gives_an_answer_leaves_the_rows_to_the_next()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(400));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        world.Model("a").Script = call => FakeReply.Text(call, "I do not understand.");

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.InRange(world.Model("a").Calls.Count, Harvest.LeastBarrenPacks, Harvest.MostBarrenRows + 50);
        Assert.Contains(world.Seen.Events, e => e.Kind == "no_answers");
    }

    [Fact]
    public async Task Rows_that_spoil_everything_end_although_only_they_are_left()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(40));
        world.Model().Script = call => call.Titles.Any(t => int.Parse(t.AsSpan(1)) > 20) ? FakeReply.Text(call, "") : FakeReply.Good(call);
        await world.RunAsync(new RunOptions { Limit = 20 });

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(40, 20, 0, 0, 20, 0, 20), summary.Rows);
        Assert.True(summary.Calls.Sent > 20);
    }

    [Fact]
    public async Task A_request_that_breaks_the_service_is_told_from_an_outage_even_when_nothing_else_is_left()
    {
        using var world = new RunWorld();
        world.Environment = world.Environment with { Chance = () => 0.5 };
        world.Table(RunWorld.Titles(5));
        world.Model().Script = call => call.Titles.Contains("t4") ? FakeReply.Fail(FailureKind.Unavailable) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(5, 4, 0, 0, 1, 0, 0), summary.Rows);
        Assert.StartsWith("unavailable: ", (await world.ColumnAsync("ai_error"))[3], StringComparison.Ordinal);
        Assert.InRange(world.Model().Calls.Count(c => c.Titles.Contains("")), 1, 9);
    }

    [Fact]
    public async Task A_probe_stands_in_the_ledger_as_a_call_without_rows()
    {
        using var world = new RunWorld();
        world.Environment = world.Environment with { Chance = () => 0.5 };
        world.Table(RunWorld.Titles(5));
        world.Model().Script = call => call.Titles.Contains("t4") ? FakeReply.Fail(FailureKind.Unavailable) : FakeReply.Good(call);
        await world.RunAsync();

        var opened = await OpenedJob.OpenAsync(world.Job, cancellationToken: TestContext.Current.CancellationToken);
        var keys = new List<RowKey>();
        await foreach (var (_, key) in opened.KeysAsync(TestContext.Current.CancellationToken)) keys.Add(key);
        var calls = await world.CallsAsync();

        Assert.Equal(world.Model().Calls.Count(c => c.Titles.Contains("")), calls.Count(c => c.Intent.Rows.Count == 0));
        Assert.All(calls.Where(c => c.Intent.Rows.Count == 0), c => Assert.StartsWith("a probe", c.Settlement!.Note, StringComparison.Ordinal));
        foreach (var (i, title) in RunWorld.Titles(5).Index())
            Assert.Equal(world.Model().Asked(title), calls.Count(c => c.Intent.Rows.Contains(keys[i])));
        Assert.All(calls.Where(c => c.Intent.Rows.Contains(keys[3])), c => Assert.Equal(FailureKind.Unavailable, c.Settlement!.Failure));
    }

    [Fact]
    public async Task An_outage_at_the_end_ends_no_row()
    {
        using var world = new RunWorld();
        world.Environment = world.Environment with { Chance = () => 0.5 };
        world.Table(RunWorld.Titles(10));
        world.Model().Script = call => call.Number > 1 ? FakeReply.Fail(FailureKind.Unavailable) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Failed, summary.State);
        Assert.Equal(new RowCounts(10, 5, 0, 0, 0, 5, 0), summary.Rows);
    }

    [Fact]
    public async Task What_failed_is_asked_again_in_packs_and_the_old_failure_stays_until_there_is_something_new()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(40));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        world.Model("a").Script = world.Model("b").Script = call => FakeReply.Each(call, t => t.EndsWith('7') ? null : Low);
        Assert.Equal(4, (await world.RunAsync()).Rows.Failed);
        world.Forget();

        // Stopped before anything: the failures are still there.
        world.Model("a").Script = _ => FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromHours(1));
        world.Model("b").Script = _ => FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromHours(1));
        Assert.Equal(4, (await world.RunAsync(new RunOptions { RetryFailed = true })).Rows.Failed);
        world.Advance(TimeSpan.FromHours(1));
        world.Forget();

        world.Model("a").Script = call => FakeReply.Each(call, t => t == "t7" ? "\"energy\":\"Lukewarm\"" : Low);
        world.Model("b").Script = call => FakeReply.Text(call, "", ReplyEnding.Refused);
        var last = await world.RunAsync(new RunOptions { RetryFailed = true });

        Assert.Equal(new RowCounts(40, 39, 0, 0, 1, 0, 36), last.Rows);
        Assert.Equal(["t7", "t17", "t27", "t37"], world.Model("a").Calls[0].Titles);
        Assert.StartsWith("refused: ", (await world.ColumnAsync("ai_error"))[6], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_leave_to_abstain_an_abstention_is_an_invalid_answer()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(2));
        world.Job = world.Job with { Question = world.Job.Question with { Abstain = false } };
        world.Model().Script = call => FakeReply.Each(call, t => t == "t2" ? "\"abstain\":\"no such song\"" : Low);

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(2, 1, 0, 0, 1, 0, 0), summary.Rows);
        Assert.StartsWith("invalid_answer: ", (await world.ColumnAsync("ai_error"))[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_model_wrote_for_a_failed_row_is_kept_within_bounds()
    {
        using var world = new RunWorld();
        world.Table("t1");
        var thoughts = new string('…', 2000);
        world.Model().Script = call => FakeReply.Text(call, $"<think>{thoughts}</think>{{\"rows\":[{{\"id\":1,\"energy\":\"Lukewarm\"}}]}}");
        await world.RunAsync();
        Assert.Equal("{\"rows\":[{\"id\":1,\"energy\":\"Lukewarm\"}]}", await ReplyAsync());

        world.Model().Script = call => FakeReply.Text(call, thoughts);
        await world.RunAsync(new RunOptions { RetryFailed = true });
        Assert.Equal(thoughts[..666], await ReplyAsync());

        async Task<string?> ReplyAsync()
        {
            var job = await OpenedJob.OpenAsync(world.Job, cancellationToken: TestContext.Current.CancellationToken);
            var found = new StoredOutcome?[1];
            await foreach (var (_, key) in job.KeysAsync(TestContext.Current.CancellationToken))
                await world.Store.Answers.FindAsync(job.Scope, new RowKey[] { key }, found, TestContext.Current.CancellationToken);
            using var json = JsonDocument.Parse(found[0]!.Json);
            return json.RootElement.GetProperty("reply").GetString();
        }
    }

    /// <summary>Every other row, but not the first ones: a model that answers nothing at first is asked differently.</summary>
    private static bool IsHard(string title) => int.Parse(title.AsSpan(1)) is > 4 and var number && number % 2 == 0;
}
