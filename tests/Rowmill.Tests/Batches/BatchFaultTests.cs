using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Tests.Runs;

namespace Rowmill.Tests.Batches;

public sealed class BatchFaultTests : IDisposable
{
    private static readonly ModelFailure s_lost = new(FailureKind.ConnectionLost, "the connection broke");

    private readonly BatchWorld _batches = new();

    private RunWorld World => _batches.World;

    private FakeBatches Service => _batches.Service();

    public void Dispose() => _batches.Dispose();

    [Fact]
    public async Task A_queue_that_is_never_free_does_not_keep_a_job_beyond_its_deadline()
    {
        World.Job = World.Job with { Batch = new BatchOptions { Deadline = TimeSpan.FromHours(2) } };
        World.Table(RunWorld.Titles(10));
        Service.FailsFull = _ => true;
        var began = World.Clock.GetUtcNow();

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.NotEmpty(World.Model().Calls);
        Assert.InRange((World.Clock.GetUtcNow() - began).TotalHours, 2, 2.2);
        Assert.Empty(Service.Charged);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(110)]
    public async Task A_lost_reply_to_the_creation_makes_no_second_batch(int secondsUntilListed)
    {
        World.Table(RunWorld.Titles(20));
        Service.OnCreate = n => n == 1 ? (s_lost, true) : null;
        Service.ListLag = TimeSpan.FromSeconds(secondsUntilListed);

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
            Id = "stranger",
            Name = null,
            CreatedAt = World.Clock.GetUtcNow(),
            EndsAt = World.Clock.GetUtcNow() + TimeSpan.FromHours(2),
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
        Service.Deliver = lines =>
        {
            if (Service.All.Count > 1) return lines;
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
    public async Task Results_that_come_late_are_waited_for_and_paid_once()
    {
        World.Table(RunWorld.Titles(20));
        Service.Deliver = lines => Service.Downloads == 1 ? lines.Take(2) : lines;

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Single(Service.All);
        Assert.All(Service.Charged.Values, times => Assert.Equal(1, times));
    }

    [Fact]
    public async Task Two_batches_in_doubt_are_each_found_by_their_own_results()
    {
        World.Table(RunWorld.Titles(40));
        Service.Caps = new(4, 100_000_000) { KeepsName = false };
        Service.OnCreate = n => n <= 2 ? (s_lost, true) : null;

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal(2, Service.All.Count);
        Assert.All(Service.Charged.Values, times => Assert.Equal(1, times));
    }

    [Fact]
    public async Task An_earlier_try_under_the_same_name_is_not_taken_for_the_last_one()
    {
        World.Table(RunWorld.Titles(20));
        Service.ListLag = TimeSpan.FromSeconds(20);
        Service.OnCreate = n => n == 2 ? (s_lost, true) : null;
        Service.FailsFull = batch => batch.Id == "batch-1";

        var report = await _batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal(2, Service.All.Count);
        Assert.All(Service.Charged.Values, times => Assert.Equal(1, times));
    }

    [Fact]
    public async Task Results_that_are_gone_stop_the_job_and_can_be_given_up_by_name()
    {
        World.Table(RunWorld.Titles(10));
        Service.OnDownload = _ => new ModelFailure(FailureKind.BadRequest, "no such file") { HttpStatus = 404 };

        var stopped = await _batches.RunAsync();
        var name = Assert.Single(stopped.Batches).Record.Name;
        await _batches.StepAsync(r => r.CancelAsync(World.Job, [name]));
        Service.OnDownload = _ => null;
        var again = await _batches.RunAsync();

        Assert.Equal(RunState.Failed, stopped.Summary.State);
        Assert.Contains($"cancel --batch {name}", stopped.Summary.Message, StringComparison.Ordinal);
        Assert.Equal(RunState.Completed, again.Summary.State);
    }
}
