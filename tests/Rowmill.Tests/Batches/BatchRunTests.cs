using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Tests.Runs;

namespace Rowmill.Tests.Batches;

public sealed class BatchRunTests : IDisposable
{
    private static readonly ModelFailure s_lost = new(FailureKind.ConnectionLost, "the connection broke");

    private readonly BatchWorld _batches = new();

    private RunWorld World => _batches.World;

    private FakeBatches Service => _batches.Service();

    public void Dispose() => _batches.Dispose();

    [Fact]
    public async Task A_job_goes_through_one_batch_to_its_output()
    {
        World.Table(RunWorld.Titles(23));

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal(23, report.Summary.Rows.Answered);
        var batch = Assert.Single(Service.All);
        Assert.Equal(5, batch.Lines.Count);
        Assert.All(Service.Charged.Values, times => Assert.Equal(1, times));
        Assert.Equal(Enumerable.Repeat("Low", 23), await World.ColumnAsync("ai_energy"));
        var record = Assert.Single(await _batches.RecordsAsync());
        Assert.Equal((BatchPhase.Ended, 23, 23), (record.Phase, record.AskedRows, record.GoodRows));
        Assert.Empty(World.Model().Calls);
    }

    [Fact]
    public async Task A_second_run_sends_nothing()
    {
        World.Table(RunWorld.Titles(7));
        await _batches.RunAsync();

        var again = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, again.Summary.State);
        Assert.Equal(7, again.Summary.Rows.FromCache);
        Assert.Single(Service.All);
    }

    [Fact]
    public async Task A_batch_is_cut_under_every_cap()
    {
        World.Table(RunWorld.Titles(100));
        Service.Caps = new(3, 100_000_000);

        await _batches.RunAsync();

        Assert.Equal(7, Service.All.Count);
        Assert.Equal(100, Service.All.Sum(b => b.Lines.Sum(l => l.Titles.Count)));
        Assert.All(Service.Charged.Values, times => Assert.Equal(1, times));
    }

    [Fact]
    public async Task The_bytes_of_a_file_stay_under_the_cap()
    {
        World.Table(RunWorld.Titles(100));
        Service.Caps = new(1000, 5000);

        var report = await _batches.RunAsync();

        Assert.All(report.Batches, b => Assert.InRange(b.Record.Bytes, 1, 5000));
        Assert.Equal(100, report.Summary.Rows.Answered);
    }

    [Fact]
    public async Task A_lost_reply_to_the_creation_makes_no_second_batch()
    {
        World.Table(RunWorld.Titles(20));
        Service.OnCreate = n => n == 1 ? (s_lost, true) : null;
        Service.ListLag = TimeSpan.FromSeconds(70);

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Single(Service.All);
        Assert.Equal(1, Service.Creations);
    }

    [Fact]
    public async Task A_creation_that_never_arrived_is_made_again_once_the_list_must_show_it()
    {
        World.Table(RunWorld.Titles(20));
        Service.OnCreate = n => n == 1 ? (s_lost, false) : null;

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Single(Service.All);
        Assert.Equal(2, Service.Creations);
        Assert.Equal(1, Service.Uploads);
    }

    [Fact]
    public async Task Where_no_name_is_kept_a_batch_is_known_by_its_results()
    {
        World.Table(RunWorld.Titles(20));
        Service.Caps = Service.Caps with { KeepsName = false };
        Service.OnCreate = n => n == 1 ? (s_lost, true) : null;

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Single(Service.All);
        Assert.Equal(1, Service.Creations);
    }

    [Fact]
    public async Task A_strangers_batch_of_the_same_size_is_not_taken_for_ours()
    {
        World.Table(RunWorld.Titles(20));
        Service.Caps = Service.Caps with { KeepsName = false };
        Service.All.Add(new FakeBatch
        {
            Id = "stranger", Name = null, CreatedAt = World.Clock.GetUtcNow(), EndsAt = World.Clock.GetUtcNow() + TimeSpan.FromHours(2),
            Lines = [.. Enumerable.Range(1, 4).Select(i => ($"other-{i}", (IReadOnlyList<string>)["x"]))],
        });
        Service.OnCreate = n => n == 1 ? (s_lost, false) : null;

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal(2, Service.All.Count);
        Assert.All(Service.Charged.Where(c => c.Key != "x"), c => Assert.Equal(1, c.Value));
    }

    [Theory]
    [InlineData(BatchState.Expired)]
    [InlineData(BatchState.Cancelled)]
    public async Task What_a_batch_brought_before_it_ended_early_is_kept_and_the_rest_goes_again(BatchState end)
    {
        World.Table(RunWorld.Titles(40));
        Service.Created = batch =>
        {
            if (Service.All.Count == 1) batch.End = end;
        };

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal(2, Service.All.Count);
        Assert.Equal(4, Service.All[1].Lines.Count);
        Assert.All(Service.Charged.Values, times => Assert.Equal(1, times));
    }

    [Fact]
    public async Task A_batch_that_failed_as_a_whole_is_sent_again()
    {
        World.Table(RunWorld.Titles(10));
        Service.Created = batch =>
        {
            if (Service.All.Count == 1) batch.End = BatchState.Failed;
        };

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal(2, Service.All.Count);
    }

    [Fact]
    public async Task Lines_shuffled_doubled_foreign_and_missing_each_end_right()
    {
        World.Table(RunWorld.Titles(50));
        var first = true;
        Service.Deliver = lines =>
        {
            if (!first) return lines;
            first = false;
            var shuffled = Enumerable.Reverse(lines).ToList();
            shuffled.RemoveAt(3);
            return [.. shuffled, shuffled[0], "{\"id\":\"foreign-1\",\"reply\":\"{}\"}", "no json at all", shuffled[2]];
        };

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal(50, report.Summary.Rows.Answered);
        Assert.Equal(2, Service.All.Count);
        Assert.Equal(5, Service.All[1].Lines.Sum(l => l.Titles.Count));
        Assert.Equal(45, Service.Charged.Values.Count(times => times == 1));
    }

    [Fact]
    public async Task A_complete_batch_without_a_result_file_is_asked_for_it_and_at_last_sent_again()
    {
        World.Table(RunWorld.Titles(10));
        Service.HidesResults = true;
        Service.Created = _ => Service.HidesResults = Service.All.Count == 1;

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal(2, Service.All.Count);
    }

    [Fact]
    public async Task A_row_that_spoils_its_pack_fails_alone_and_the_others_are_answered()
    {
        World.Table(RunWorld.Titles(20));
        Service.Script = call => call.Titles.Contains("t7") ? FakeReply.Text(call, "no json") : FakeReply.Good(call);

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.CompletedWithGaps, report.Summary.State);
        Assert.Equal((19, 1), (report.Summary.Rows.Answered, report.Summary.Rows.Failed));
        // Five together, then each alone, then twice more the one.
        Assert.Equal(4, Service.All.Count);
    }

    [Fact]
    public async Task A_row_that_fails_goes_to_the_next_model_that_has_batches()
    {
        World.Job = World.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        World.Table(RunWorld.Titles(10));
        Service.Script = call => call.Titles.Contains("t7") ? FakeReply.Text(call, "no json") : FakeReply.Good(call);

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal(["t7"], Assert.Single(_batches.Service("b").All).Lines.SelectMany(l => l.Titles));
    }

    [Fact]
    public async Task A_row_whose_next_model_has_no_batches_is_asked_of_it_online()
    {
        World.Job = World.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        World.Environment = World.Environment with { BatchClient = route => route.Model == "a" ? Service : null };
        World.Table(RunWorld.Titles(10));
        Service.Script = call => call.Titles.Contains("t7") ? FakeReply.Text(call, "no json") : FakeReply.Good(call);

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Empty(World.Model("a").Calls);
        Assert.Equal(["t7"], Assert.Single(World.Model("b").Calls).Titles);
    }

    [Fact]
    public async Task Stages_are_promoted_only_past_the_gate()
    {
        World.Job = World.Job with { Batch = new BatchOptions { Rollout = [10, 20] } };
        World.Table(RunWorld.Titles(100));

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal([10, 20, 70], Service.All.Select(b => b.Lines.Sum(l => l.Titles.Count)));
    }

    [Fact]
    public async Task A_stage_below_the_gate_stops_the_job_and_says_why()
    {
        World.Job = World.Job with { Batch = new BatchOptions { Rollout = [10, 20], Gate = 90 } };
        World.Table(RunWorld.Titles(100));
        Service.Script = call => FakeReply.Each(call, title => title is "t1" or "t2" ? "\"energy\":\"Nope\"" : "\"energy\":\"Low\"");

        var report = await _batches.RunAsync();
        var again = await _batches.RunAsync();

        Assert.Equal(RunState.Gate, report.Summary.State);
        Assert.Contains("8 of 10 rows", report.Summary.Message, StringComparison.Ordinal);
        Assert.Contains("invalid_answer 2", report.Summary.Message, StringComparison.Ordinal);
        Assert.Equal(RunState.Gate, again.Summary.State);
        Assert.Single(Service.All);
    }

    [Fact]
    public async Task Detached_it_leaves_when_all_is_sent_and_comes_back()
    {
        World.Table(RunWorld.Titles(10));

        var left = await _batches.RunAsync(detach: true);
        var online = await World.RunAsync();
        var back = await _batches.RunAsync();

        Assert.Equal(RunState.InBatches, left.Summary.State);
        Assert.Empty(World.Model().Calls);
        Assert.Equal(10, online.Rows.Pending);
        Assert.Contains("batch", online.Message, StringComparison.Ordinal);
        Assert.Equal(RunState.Completed, back.Summary.State);
        Assert.Single(Service.All);
    }

    [Fact]
    public async Task The_steps_do_the_same_one_by_one_and_can_be_repeated()
    {
        World.Table(RunWorld.Titles(10));
        var options = new RunOptions();

        var prepared = await _batches.StepAsync(r => r.PrepareAsync(World.Job, options));
        await _batches.StepAsync(r => r.PrepareAsync(World.Job, options));
        Assert.Empty(Service.All);
        Assert.True(File.Exists(Assert.Single(prepared.Batches).File));
        await _batches.StepAsync(r => r.SubmitAsync(World.Job, options));
        await _batches.StepAsync(r => r.SubmitAsync(World.Job, options));
        Assert.Single(Service.All);
        World.Advance(TimeSpan.FromHours(2));
        await _batches.StepAsync(r => r.PollAsync(World.Job, options));
        var fetched = await _batches.StepAsync(r => r.FetchAsync(World.Job, options));
        await _batches.StepAsync(r => r.FetchAsync(World.Job, options));

        Assert.Equal(RunState.Completed, fetched.Summary.State);
        Assert.Single(await _batches.RecordsAsync());
        Assert.All(Service.Charged.Values, times => Assert.Equal(1, times));
    }

    [Fact]
    public async Task A_file_that_was_changed_is_not_sent()
    {
        World.Table(RunWorld.Titles(10));
        var prepared = await _batches.StepAsync(r => r.PrepareAsync(World.Job, new RunOptions()));
        await File.AppendAllTextAsync(prepared.Batches[0].File!, "{}\n", TestContext.Current.CancellationToken);

        await _batches.StepAsync(r => r.SubmitAsync(World.Job, new RunOptions()));

        Assert.Empty(Service.All);
        Assert.Equal(BatchPhase.Dropped, Assert.Single(await _batches.RecordsAsync()).Phase);
    }

    [Fact]
    public async Task A_queue_that_is_told_when_it_refuses_is_kept_to_from_then_on()
    {
        World.Table(RunWorld.Titles(200));
        Service.OnCreate = _ => Service.All.Count(b => World.Clock.GetUtcNow() < b.EndsAt) > 0
            ? (new ModelFailure(FailureKind.RateLimited, "Enqueued token limit reached") { HttpStatus = 429, Window = LimitNames.EnqueuedTokens }, false) : null;
        Service.Caps = new(5, 100_000_000);

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal(8, Service.All.Count);
        Assert.All(Service.Charged.Values, times => Assert.Equal(1, times));
    }

    [Fact]
    public async Task Batches_stay_within_the_queue_that_the_job_writes_down()
    {
        World.Job = World.Job with { Routes = [RunWorld.Route("a", new RouteLimits { EnqueuedTokens = 2000 })] };
        World.Table(RunWorld.Titles(200));

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.True(Service.All.Count >= 10);
        Assert.All(report.Batches, b => Assert.InRange(b.Record.Reserved.Input, 1, 1000));
    }

    [Fact]
    public async Task What_batches_would_bring_too_late_is_asked_online()
    {
        World.Job = World.Job with { Batch = new BatchOptions { Deadline = TimeSpan.FromHours(30) } };
        World.Table(RunWorld.Titles(20));
        Service.Takes = TimeSpan.FromDays(10);

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.True(Assert.Single(Service.All).CancelAsked);
        Assert.All(Service.Charged.Values, times => Assert.Equal(1, times));
        Assert.Equal(10, World.Model().Calls.Sum(c => c.Titles.Count));
    }

    [Fact]
    public async Task A_budget_stops_before_a_batch_could_cross_it()
    {
        var route = RunWorld.Route("a") with { Price = new Price(1000, 1000) };
        World.Job = World.Job with { Routes = [route], BudgetUsd = 1m };
        World.Table(RunWorld.Titles(100));

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Budget, report.Summary.State);
        Assert.True(report.Summary.Usd <= 1m);
        Assert.InRange(report.Summary.Rows.Answered, 1, 99);
    }

    [Fact]
    public async Task A_file_for_another_machine_comes_back_with_its_results()
    {
        World.Table(RunWorld.Titles(10));
        var path = Path.Combine(World.Job.Directory, "out", "requests.jsonl");
        await _batches.StepAsync(r => r.HandAsync(World.Job, new RunOptions(), path));
        var lines = await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken);
        var results = Path.Combine(World.Job.Directory, "results.jsonl");
        await File.WriteAllLinesAsync(results, lines.Select(Answer), TestContext.Current.CancellationToken);

        var online = await World.RunAsync();
        var read = await _batches.StepAsync(r => r.ReadAsync(World.Job, results));

        Assert.Equal(10, online.Rows.Pending);
        Assert.Equal(RunState.Completed, read.Summary.State);
        Assert.Empty(Service.All);

        static string Answer(string line)
        {
            var json = System.Text.Json.Nodes.JsonNode.Parse(line)!;
            var rows = System.Text.Json.Nodes.JsonNode.Parse((string)json["user"]!)!["rows"]!.AsArray();
            var reply = $"{{\"rows\":[{string.Join(',', rows.Select(r => $"{{\"id\":{r!["id"]},\"energy\":\"Low\"}}"))}]}}";
            return new System.Text.Json.Nodes.JsonObject { ["id"] = (string)json["id"]!, ["reply"] = reply }.ToJsonString();
        }
    }
}
