using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Tests.Runs;

public sealed class RunCacheTests
{
    [Fact]
    public async Task Every_row_is_answered_with_one_call_a_pack_and_never_again()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(600));
        world.Job = world.Job with { PackRows = 20, Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = 4 })] };

        var first = await world.RunAsync();
        Assert.Equal(RunState.Completed, first.State);
        Assert.Equal(new RowCounts(600, 600, 0, 0, 0, 0, 0), first.Rows);
        Assert.Equal(new CallCounts(30, 30, 0, 0), first.Calls);
        Assert.Equal(30, world.Model().Calls.Count);

        var second = await world.RunAsync();
        Assert.Equal(new RowCounts(600, 600, 0, 0, 0, 0, 600), second.Rows);
        Assert.Equal(30, world.Model().Calls.Count);

        world.Forget();
        world.Table(RunWorld.Titles(600).Select(t => t == "t300" ? "edited" : t));
        var third = await world.RunAsync();
        Assert.Equal(599, third.Rows.FromCache);
        Assert.Equal(["edited"], Assert.Single(world.Model().Calls).Titles);
    }

    [Fact]
    public async Task The_output_keeps_the_order_and_the_columns_of_the_source()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(23));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = 4 })] };
        world.Model().Script = call => FakeReply.Each(call, t => $"\"energy\":\"High\",\"note\":\"{t}\"");

        await world.RunAsync();

        Assert.Equal(Enumerable.Range(1, 23).Select(i => $"{i}"), await world.ColumnAsync("n"));
        Assert.Equal(RunWorld.Titles(23), await world.ColumnAsync("title"));
        Assert.Equal(RunWorld.Titles(23), await world.ColumnAsync("ai_note"));
        Assert.All(await world.ColumnAsync("ai_status"), s => Assert.Equal("answered", s));
    }

    [Fact]
    public async Task Equal_rows_are_asked_once_and_all_of_them_count()
    {
        using var world = new RunWorld();
        var titles = RunWorld.Titles(3000).Select((_, i) => $"t{i % 7}").ToList();
        world.Table(titles);

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(3000, 3000, 0, 0, 0, 0, 0), summary.Rows);
        Assert.All(titles.Distinct(), t => Assert.Equal(1, world.Model().Asked(t)));
        Assert.Equal(summary.Rows, world.Seen.Progress().Rows);
    }

    [Fact]
    public async Task Without_dedupe_each_of_equal_rows_is_asked()
    {
        using var world = new RunWorld();
        world.Table("x", "x", "y", "x");
        world.Job = world.Job with { Dedupe = false };

        Assert.Equal(4, (await world.RunAsync()).Rows.Answered);
        Assert.Equal(3, world.Model().Asked("x"));
        Assert.Equal(4, (await world.RunAsync()).Rows.FromCache);
        Assert.Equal(3, world.Model().Asked("x"));
    }

    [Fact]
    public async Task A_row_that_lacks_what_is_required_is_invalid_and_never_sent()
    {
        using var world = new RunWorld();
        world.Table("a", "NULL", "b", "#REF!", "");
        world.Job = world.Job with { Source = world.Job.Source with { Require = ["title"] } };

        var summary = await world.RunAsync();

        Assert.Equal(RunState.CompletedWithGaps, summary.State);
        Assert.Equal(new RowCounts(5, 2, 0, 3, 0, 0, 0), summary.Rows);
        Assert.Equal(["a", "b"], Assert.Single(world.Model().Calls).Titles);
        Assert.Equal(["answered", "invalid", "answered", "invalid", "invalid"], await world.ColumnAsync("ai_status"));
        Assert.Equal(summary.Rows, world.Seen.Progress().Rows);
    }

    [Fact]
    public async Task A_row_too_large_for_every_route_is_invalid_with_its_size_in_run_export_and_status_alike()
    {
        using var world = new RunWorld();
        var large = new string('x', 9000);
        var middle = new string('y', 3000);
        world.Table("a", large, middle, "b");
        world.Job = world.Job with
        {
            Routes = [RunWorld.Route("a") with { ContextTokens = 1000 }, RunWorld.Route("b") with { ContextTokens = 2000 }],
        };

        var summary = await world.RunAsync();

        Assert.Equal(new RowCounts(4, 3, 0, 1, 0, 0, 0), summary.Rows);
        Assert.Equal(["a", "b"], world.Model().Calls.SelectMany(c => c.Titles));
        Assert.Equal([middle], Assert.Single(world.Model("b").Calls).Titles);
        Assert.Contains("9010 bytes", (await world.ColumnAsync("ai_error"))[1], StringComparison.Ordinal);
        var plan = await OpenedJob.OpenAsync(world.Job, cancellationToken: TestContext.Current.CancellationToken);
        var counts = await plan.PassAsync(world.Store.Answers, null, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(summary.Rows with { FromCache = 3 }, counts);
    }

    [Fact]
    public async Task A_pack_holds_no_more_than_fits_the_models_context()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(40).Select(t => t + new string('x', 330)));
        world.Job = world.Job with { PackRows = 40, Routes = [RunWorld.Route("a") with { ContextTokens = 2000 }] };

        var summary = await world.RunAsync();

        Assert.Equal(40, summary.Rows.Answered);
        Assert.All(world.Model().Calls, c => Assert.InRange(c.Titles.Count * 100 + c.Request.MaxOutputTokens, 1, 2000));
        Assert.InRange(world.Model().Calls.Count, 4, 10);
    }

    [Fact]
    public async Task Limit_and_offset_count_only_their_rows_and_the_output_still_holds_all()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(10));

        var summary = await world.RunAsync(new RunOptions { Offset = 2, Limit = 3 });

        Assert.Equal(RunState.Completed, summary.State);
        Assert.Equal(new RowCounts(3, 3, 0, 0, 0, 0, 0), summary.Rows);
        Assert.Equal(["t3", "t4", "t5"], Assert.Single(world.Model().Calls).Titles);
        Assert.Equal(
            ["pending", "pending", "answered", "answered", "answered", "pending", "pending", "pending", "pending", "pending"],
            await world.ColumnAsync("ai_status"));
    }

    [Fact]
    public async Task One_model_alone_counts_only_its_own_answers_and_the_earliest_listed_wins()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(4));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        world.Model("b").Script = call => FakeReply.Good(call, "High");

        await world.RunAsync(new RunOptions { Model = "fake/b" });
        Assert.Empty(world.Model().Calls);
        Assert.All(await world.ColumnAsync("ai_energy"), e => Assert.Equal("High", e));

        var all = await world.RunAsync();
        Assert.Equal(4, all.Rows.FromCache);

        await world.RunAsync(new RunOptions { Model = "fake/a" });
        Assert.Single(world.Model().Calls);

        await world.RunAsync();
        Assert.All(await world.ColumnAsync("ai_energy"), e => Assert.Equal("Low", e));
        Assert.Single(world.Model("b").Calls);
    }

    [Fact]
    public async Task Fresh_asks_everything_again_and_the_new_answers_win()
    {
        using var world = new RunWorld();
        world.Table("x", "y", "x");
        await world.RunAsync();
        world.Model().Script = call => FakeReply.Good(call, "High");

        var summary = await world.RunAsync(new RunOptions { Fresh = true });

        Assert.Equal(new RowCounts(3, 3, 0, 0, 0, 0, 0), summary.Rows);
        Assert.Equal(2, world.Model().Asked("x"));
        Assert.All(await world.ColumnAsync("ai_energy"), e => Assert.Equal("High", e));
    }

    [Fact]
    public async Task Fresh_answers_of_one_model_alone_supersede_only_its_own()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(3));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        await world.RunAsync();
        foreach (var energy in (string[])["Medium", "High"])
        {
            world.Model("b").Script = call => FakeReply.Good(call, energy);
            await world.RunAsync(new RunOptions { Model = "fake/b", Fresh = true });
            Assert.All(await world.ColumnAsync("ai_energy"), e => Assert.Equal(energy, e));
        }

        await world.RunAsync();
        Assert.All(await world.ColumnAsync("ai_energy"), e => Assert.Equal("Low", e));

        // Of the whole list the fresh answers count, whichever model gave them.
        world.Model().Script = call => FakeReply.Each(call, _ => null);
        await world.RunAsync(new RunOptions { Fresh = true });
        Assert.All(await world.ColumnAsync("ai_energy"), e => Assert.Equal("High", e));
    }

    [Fact]
    public async Task A_model_that_is_to_retry_what_failed_does_not_supersede_an_earlier_listed_one()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(2));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        world.Model("b").Script = call => FakeReply.Each(call, t => t == "t2" ? null : "\"energy\":\"High\"");
        await world.RunAsync(new RunOptions { Model = "fake/b" });
        await world.RunAsync(new RunOptions { Model = "fake/a" });
        world.Model("b").Script = call => FakeReply.Good(call, "High");

        await world.RunAsync(new RunOptions { Model = "fake/b", RetryFailed = true });
        Assert.Equal(["High", "High"], await world.ColumnAsync("ai_energy"));

        await world.RunAsync();
        Assert.Equal(["Low", "Low"], await world.ColumnAsync("ai_energy"));
    }

    [Fact]
    public async Task What_failed_stays_failed_at_no_cost_until_it_is_to_be_retried()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(3));
        world.Model().Script = call => FakeReply.Each(call, t => t == "t2" ? null : "\"energy\":\"Low\"");
        var first = await world.RunAsync();
        Assert.Equal(RunState.CompletedWithGaps, first.State);
        Assert.Equal(new RowCounts(3, 2, 0, 0, 1, 0, 0), first.Rows);
        Assert.StartsWith("missing: ", (await world.ColumnAsync("ai_error"))[1], StringComparison.Ordinal);

        world.Forget();
        var second = await world.RunAsync();
        Assert.Empty(world.Model().Calls);
        Assert.Equal(new RowCounts(3, 2, 0, 0, 1, 0, 2), second.Rows);
        Assert.Equal(second.Rows, world.Seen.Progress().Rows);

        world.Model().Script = call => FakeReply.Good(call);
        var third = await world.RunAsync(new RunOptions { RetryFailed = true });
        Assert.Equal(["t2"], Assert.Single(world.Model().Calls).Titles);
        Assert.Equal(new RowCounts(3, 3, 0, 0, 0, 0, 2), third.Rows);
    }

    [Fact]
    public async Task A_header_without_rows_is_a_finished_job_of_none()
    {
        using var world = new RunWorld();
        world.Table();

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.Equal(0, summary.Calls.Sent);
        Assert.Empty(await world.ColumnAsync("ai_status"));
    }

    [Fact]
    public async Task A_source_that_changes_during_the_run_is_reported()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(3));
        world.Model().Script = call =>
        {
            world.Table("t3", "another one entirely");
            return FakeReply.Good(call);
        };

        var summary = await world.RunAsync();

        Assert.True(summary.SourceChanged);
        Assert.Contains(world.Seen.Events, e => e.Kind == "source_changed");
        Assert.Equal(["answered", "pending"], await world.ColumnAsync("ai_status"));
    }

    [Fact]
    public async Task Answers_that_an_edit_leaves_unused_are_reported_until_a_run_accepts_it()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(3));
        world.Job = world.Job with { Routes = [world.Job.Routes[0] with { Price = new Price(1m, 2m) }] };
        await world.RunAsync();
        world.Forget();
        world.Job = world.Job with { Question = world.Job.Question with { Prompt = "Judge the song well." } };
        var asked = new List<UnusedAnswers>();
        var refuse = new RunOptions { ConfirmUnused = Refuse };

        for (var i = 1; i <= 2; i++)
        {
            var refused = await world.RunAsync(refuse);
            Assert.Equal(RunState.Interrupted, refused.State);
            Assert.Equal(3, refused.Rows.Pending);
            Assert.Equal(new UnusedAnswers(3, 0.00016m), refused.Unused);
            Assert.Empty(world.Model().Calls);
            Assert.Equal(i, asked.Count);
        }

        Assert.Equal(3, (await world.RunAsync()).Unused?.Answers);
        Assert.Null((await world.RunAsync(refuse)).Unused);
        Assert.Equal(2, asked.Count);

        bool Refuse(UnusedAnswers unused)
        {
            asked.Add(unused);
            return false;
        }
    }

    [Fact]
    public async Task The_summary_holds_every_key_that_is_promised()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(3));

        var json = SummaryJson.Write(await world.RunAsync());

        foreach (var key in (string[])["job", "run_id", "state", "rows", "calls", "tokens", "usd", "in_doubt", "elapsed_seconds", "resume_at", "finish_at", "store", "output"])
            Assert.True(json.ContainsKey(key), key);
        Assert.Equal(["total", "answered", "abstained", "invalid", "failed", "pending", "from_cache"], json["rows"]!.AsObject().Select(p => p.Key));
        Assert.Equal(["sent", "succeeded", "failed", "rate_limited"], json["calls"]!.AsObject().Select(p => p.Key));
        Assert.Equal(["input", "cached_input", "output"], json["tokens"]!.AsObject().Select(p => p.Key));
        Assert.Equal(["calls", "rows", "usd"], json["in_doubt"]!.AsObject().Select(p => p.Key));
        Assert.Equal("completed", (string?)json["state"]);
        Assert.Equal(
            ["completed", "completed_with_gaps", "rate_limited", "budget", "gate", "in_batches", "interrupted", "refused", "failed"],
            Enum.GetValues<RunState>().Select(SummaryJson.Word));
    }
}
