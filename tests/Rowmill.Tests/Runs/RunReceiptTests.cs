using System.Globalization;
using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Tests.Runs;

public sealed class RunReceiptTests
{
    [Fact]
    public async Task The_receipts_of_a_table_add_up_to_its_calls_and_failed_rows_carry_theirs()
    {
        using var world = World();
        world.Table(RunWorld.Titles(13));
        world.Model().Script = call => FakeReply.Each(call, t => t == "t7" ? null : "\"energy\":\"Low\"");

        var summary = await world.RunAsync();

        Assert.Equal(1, summary.Rows.Failed);
        var ids = await NumbersAsync(world, "ai_call");
        var calls = (await world.CallsAsync()).ToDictionary(c => c.CallId);
        var usd = (await world.ColumnAsync("ai_usd")).Select(c => decimal.Parse(c, CultureInfo.InvariantCulture)).ToList();
        var input = await NumbersAsync(world, "ai_input_tokens");
        var output = await NumbersAsync(world, "ai_output_tokens");
        foreach (var rows in Enumerable.Range(0, 13).GroupBy(i => ids[i]).Where(g => g.Count() == calls[g.Key].Intent.Rows.Count))
        {
            var settled = calls[rows.Key].Settlement!;
            Assert.Equal(settled.Usd, rows.Sum(i => usd[i]));
            Assert.Equal((settled.Usage.Input, settled.Usage.Output), (rows.Sum(i => input[i]), rows.Sum(i => output[i])));
        }

        // The row that failed was asked again alone, so its receipt is that call's whole cost, and the rest of its first call's stays with its neighbours.
        Assert.Equal(calls[ids[6]].Settlement!.Usd, usd[6]);
        Assert.True(usd[6] > 0);
        var attempts = await NumbersAsync(world, "ai_attempt");
        Assert.True(attempts[6] > 1);
        Assert.All(attempts.Where((_, i) => i != 6), a => Assert.Equal(1, a));
        Assert.Equal(["fake/a"], (await world.ColumnAsync("ai_model")).Distinct());
        Assert.Equal([world.Job.Question.Fingerprint], (await world.ColumnAsync("ai_prompt")).Distinct());
        Assert.Equal(["false"], (await world.ColumnAsync("ai_from_cache")).Distinct());
        Assert.Equal(summary.Usd, calls.Values.Sum(c => c.Settlement!.Usd));
    }

    [Fact]
    public async Task A_receipt_says_what_came_from_the_cache_and_is_empty_without_an_outcome()
    {
        using var world = World();
        world.Table("t1", "t2", "", "t4", "t5");
        world.Job = world.Job with { PackRows = 1, Source = world.Job.Source with { Require = ["title"] } };
        await world.RunAsync(new RunOptions { Limit = 1 });
        await world.RunAsync(new RunOptions { Limit = 4 });

        Assert.Equal(["true", "false", "", "false", ""], await world.ColumnAsync("ai_from_cache"));
        Assert.Equal(["answered", "answered", "invalid", "answered", "pending"], await world.ColumnAsync("ai_status"));
        foreach (var name in ReceiptCells.Names)
        {
            var cells = await world.ColumnAsync("ai_" + name);
            Assert.All([0, 1, 3], i => Assert.NotEqual("", cells[i]));
            Assert.All([2, 4], i => Assert.Equal("", cells[i]));
        }
    }

    [Fact]
    public async Task An_export_writes_the_same_receipts_as_the_run()
    {
        using var world = World();
        world.Table(RunWorld.Titles(12));
        await world.RunAsync(new RunOptions { Limit = 6 });
        var run = await world.RunAsync();
        var written = await File.ReadAllTextAsync(world.Job.Output.Path, TestContext.Current.CancellationToken);
        var plan = await OpenedJob.OpenAsync(world.Job, cancellationToken: TestContext.Current.CancellationToken);

        await plan.ExportAsync(world.Store.Answers, world.Job.Output, run.RunId, calls: world.Store.Calls, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(written, await File.ReadAllTextAsync(world.Job.Output.Path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Without_receipts_the_ledger_is_not_asked_for_any()
    {
        using var world = World();
        world.Table(RunWorld.Titles(5));
        world.Job = world.Job with { Output = world.Job.Output with { Receipt = false } };
        await world.RunAsync();

        Assert.Equal("n,title,ai_status,ai_error,ai_energy,ai_note", (await File.ReadAllLinesAsync(world.Job.Output.Path, TestContext.Current.CancellationToken))[0]);
    }

    [Fact]
    public async Task Two_models_of_one_name_are_told_apart_by_their_address()
    {
        using var world = World();
        world.Table(RunWorld.Titles(3));
        world.Job = world.Job with { Routes = [world.Job.Routes[0], world.Job.Routes[0] with { BaseUrl = "http://other.test" }] };
        await world.RunAsync();

        Assert.Equal(["fake/a@http://a.test"], (await world.ColumnAsync("ai_model")).Distinct());
    }

    [Fact]
    public async Task A_row_of_a_call_that_was_settled_apart_and_never_was_has_no_share()
    {
        using var world = World();
        world.Table(RunWorld.Titles(1));
        await world.RunAsync();
        var call = (await world.CallsAsync())[0];
        var lease = call.Intent.Lease with { Token = 99 };
        var open = await world.Store.Calls.OpenAsync(call.Intent with { Lease = lease }, TestContext.Current.CancellationToken);
        await world.Store.Answers.AppendAsync(new OutcomePack
        {
            Job = "songs",
            RunId = "another",
            Question = call.Intent.Question,
            Route = call.Intent.Route,
            CallId = open,
            At = call.Intent.At,
            Lease = lease,
            Supersedes = Supersedes.EveryRoute,
            Rows = [new RowOutcome(call.Intent.Rows[0], OutcomeKind.Abstained, "\"why\""u8.ToArray(), 2)],
        }, TestContext.Current.CancellationToken);

        await world.RunAsync();

        Assert.Equal(("abstained", open.ToString(CultureInfo.InvariantCulture), "", "", "true"), (
            (await world.ColumnAsync("ai_status"))[0], (await world.ColumnAsync("ai_call"))[0], (await world.ColumnAsync("ai_usd"))[0],
            (await world.ColumnAsync("ai_latency_ms"))[0], (await world.ColumnAsync("ai_from_cache"))[0]));
    }

    private static RunWorld World()
    {
        var world = new RunWorld();
        world.Job = world.Job with
        {
            Routes = [RunWorld.Route("a") with { Price = new Price(0.07m, 0.31m) }],
            Output = world.Job.Output with { Receipt = true },
        };
        return world;
    }

    private static async Task<List<long>> NumbersAsync(RunWorld world, string column) =>
        [.. (await world.ColumnAsync(column)).Select(c => long.Parse(c, CultureInfo.InvariantCulture))];
}
