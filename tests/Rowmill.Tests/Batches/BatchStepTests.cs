using System.Text;
using System.Text.Json.Nodes;
using Rowmill.Core.Batches;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Tests.Runs;

namespace Rowmill.Tests.Batches;

/// <summary>What each step says of what it leaves, and files for another machine.</summary>
public sealed class BatchStepTests : IDisposable
{
    private readonly BatchWorld _batches = new();

    private RunWorld World => _batches.World;

    private FakeBatches Service => _batches.Service();

    public void Dispose() => _batches.Dispose();

    [Fact]
    public async Task A_step_that_leaves_batches_open_says_which_and_when_to_look_again()
    {
        World.Table(RunWorld.Titles(10));

        var prepared = await StepAsync(r => r.PrepareAsync(World.Job, new RunOptions()));
        var submitted = await StepAsync(r => r.SubmitAsync(World.Job, new RunOptions()));
        World.Advance(TimeSpan.FromHours(2));
        var polled = await StepAsync(r => r.PollAsync(World.Job, new RunOptions()));
        var polledAgain = await StepAsync(r => r.PollAsync(World.Job, new RunOptions()));

        Assert.Equal((RunState.InBatches, "1 batch to be sent with rowmill batch submit", null), Told(prepared));
        Assert.Equal((RunState.InBatches, "1 batch under way"), (submitted.Summary.State, submitted.Summary.Message));
        Assert.NotNull(submitted.Summary.ResumeAt);
        Assert.Equal((RunState.InBatches, "1 batch over: rowmill batch fetch brings the results", null), Told(polled));
        Assert.Single(polled.Touched);
        Assert.Empty(polledAgain.Touched);
    }

    [Fact]
    public async Task Rows_that_a_fetch_leaves_are_neither_gaps_nor_a_changed_source()
    {
        World.Table(RunWorld.Titles(40));
        Service.Created = batch => batch.End = BatchState.Expired;
        await _batches.RunAsync(detach: true);
        World.Advance(TimeSpan.FromHours(2));

        var fetched = await StepAsync(r => r.FetchAsync(World.Job, new RunOptions()));

        Assert.Equal(RunState.InBatches, fetched.Summary.State);
        Assert.InRange(fetched.Summary.Rows.Pending, 1, 39);
        Assert.Contains("rowmill batch run", fetched.Summary.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("source", fetched.Summary.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_in_batches_are_no_gaps_of_a_run_beside_them()
    {
        World.Table(RunWorld.Titles(10));
        await _batches.RunAsync(detach: true);

        var online = await World.RunAsync();

        Assert.Equal((RunState.InBatches, Core.Runs.ExitCode.RateLimited), (online.State, SummaryJson.ExitCode(online)));
        Assert.Contains("rowmill batch run goes on", online.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_leaves_before_the_provider_was_reached_once()
    {
        World.Table(RunWorld.Titles(10));
        World.Job = World.Job with { Patience = TimeSpan.FromSeconds(3) };
        Service.OnUpload = _ => new ModelFailure(FailureKind.ConnectionLost, "nobody answers");
        var began = World.Clock.GetUtcNow();

        var left = await _batches.RunAsync(detach: true);
        var lasted = World.Clock.GetUtcNow() - began;
        var step = await StepAsync(r => r.SubmitAsync(World.Job, new RunOptions()));

        Assert.Equal(RunState.Failed, left.Summary.State);
        Assert.InRange(lasted.TotalSeconds, 3, 9);
        Assert.Equal(RunState.Failed, step.Summary.State);
        Assert.Contains("nobody answers", step.Summary.Message, StringComparison.Ordinal);
        Assert.Empty(Service.All);
        Service.OnUpload = _ => null;
        Assert.Equal(RunState.Completed, (await _batches.RunAsync()).Summary.State);
    }

    [Fact]
    public async Task A_service_that_is_gone_when_it_is_to_tell_of_a_lost_batch_is_waited_for_no_longer_than_the_patience()
    {
        World.Table(RunWorld.Titles(10));
        World.Job = World.Job with { Patience = TimeSpan.FromSeconds(3) };
        var gone = new ModelFailure(FailureKind.ConnectionLost, "nobody answers");
        Service.OnCreate = n => n == 1 ? (gone, true) : null;
        Service.OnList = () => gone;
        var began = World.Clock.GetUtcNow();

        var left = await _batches.RunAsync(detach: true);

        Assert.Equal(RunState.Failed, left.Summary.State);
        // One look after the usual pause, then the patience.
        Assert.InRange((World.Clock.GetUtcNow() - began).TotalSeconds, 3, 40);
        Assert.Equal(BatchPhase.Submitting, Assert.Single(await _batches.RecordsAsync()).Phase);
        Service.OnList = () => null;
        Assert.Equal(RunState.Completed, (await _batches.RunAsync()).Summary.State);
        Assert.Equal(1, Service.Creations);
    }

    [Fact]
    public async Task A_file_that_went_to_another_machine_for_another_model_is_not_given_out_again()
    {
        World.Table(RunWorld.Titles(10));
        World.Job = World.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        var path = Path.Combine(World.Job.Directory, "requests.jsonl");
        await StepAsync(r => r.HandAsync(World.Job, new RunOptions(), path));

        var other = await StepAsync(r => r.HandAsync(World.Job with { Routes = [RunWorld.Route("b"), RunWorld.Route("a")] }, new RunOptions(), path + "2"));

        Assert.Empty(other.Touched);
        Assert.False(File.Exists(path + "2"));
    }

    [Fact]
    public async Task A_file_for_another_machine_is_whole_and_named_in_its_manifest_or_not_there()
    {
        World.Table(RunWorld.Titles(10));
        var path = Path.Combine(World.Job.Directory, "there", "requests.jsonl");
        // A file where the folder should be: nothing can be written there.
        File.WriteAllText(Path.Combine(World.Job.Directory, "there"), "");

        var failed = await StepAsync(r => r.HandAsync(World.Job, new RunOptions(), path));
        File.Delete(Path.Combine(World.Job.Directory, "there"));
        var written = await StepAsync(r => r.HandAsync(World.Job, new RunOptions(), path));

        Assert.Equal(RunState.Failed, failed.Summary.State);
        Assert.Contains(path, failed.Summary.Message, StringComparison.Ordinal);
        Assert.Equal(RunState.InBatches, written.Summary.State);
        Assert.Equal("requests.jsonl", (string?)JsonNode.Parse(File.ReadAllText(path + ".manifest.json"))!["file"]);
        var record = Assert.Single(await _batches.RecordsAsync());
        Assert.Equal(record.Bytes, new FileInfo(path).Length);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(path)!, "*.part"));
    }

    [Fact]
    public async Task Torn_lines_of_a_result_file_are_named()
    {
        World.Table(RunWorld.Titles(30));
        var path = Path.Combine(World.Job.Directory, "requests.jsonl");
        await StepAsync(r => r.HandAsync(World.Job, new RunOptions(), path));
        var answers = await AnswersAsync(path);
        var results = Path.Combine(World.Job.Directory, "results.jsonl");
        File.WriteAllLines(results, [answers[0], "<html>", .. answers[2..^1], answers[^1][..20]]);

        var read = await StepAsync(r => r.ReadAsync(World.Job, results));

        Assert.Equal(RunState.InBatches, read.Summary.State);
        Assert.Contains("2 lines of it cannot be read, the first is line 2", read.Summary.Message, StringComparison.Ordinal);
        File.WriteAllLines(results, answers);
        Assert.Equal(RunState.Completed, (await StepAsync(r => r.ReadAsync(World.Job, results))).Summary.State);
    }

    [Fact]
    public async Task A_changed_request_file_is_kept_and_its_rows_go_into_a_new_one()
    {
        World.Table(RunWorld.Titles(10));
        var prepared = await StepAsync(r => r.PrepareAsync(World.Job, new RunOptions()));
        var file = Assert.Single(prepared.Batches).File!;
        File.AppendAllText(file, "mine\n");

        var submitted = await StepAsync(r => r.SubmitAsync(World.Job, new RunOptions()));

        Assert.Empty(Service.All);
        Assert.Contains("rowmill batch prepare", submitted.Summary.Message, StringComparison.Ordinal);
        Assert.EndsWith("mine\n", File.ReadAllText(Path.ChangeExtension(file, ".changed.jsonl")), StringComparison.Ordinal);
        Assert.Equal(RunState.Completed, (await _batches.RunAsync()).Summary.State);
        Assert.Equal(BatchPhase.Dropped, (await _batches.RecordsAsync())[0].Phase);
    }

    [Fact]
    public async Task It_is_told_until_when_results_are_kept()
    {
        World.Table(RunWorld.Titles(10));
        Service.Caps = Service.Caps with { ResultsKept = TimeSpan.FromDays(29) };
        var began = World.Clock.GetUtcNow();

        var left = await _batches.RunAsync(detach: true);

        Assert.Equal(began + TimeSpan.FromDays(29), Assert.Single(left.Batches).Record.Told!.ResultsUntil);
    }

    private static (RunState State, string? Message, DateTimeOffset? ResumeAt) Told(BatchReport report) =>
        (report.Summary.State, report.Summary.Message, report.Summary.ResumeAt);

    private Task<BatchReport> StepAsync(Func<BatchRunner, Task<BatchReport>> step) => _batches.StepAsync(step);

    /// <summary>What another machine answers.</summary>
    private async Task<string[]> AnswersAsync(string requests)
    {
        var service = new FakeBatches(World.Clock);
        var file = new BatchFile("there", requests, File.ReadAllLines(requests).Length, new FileInfo(requests).Length, "");
        var upload = await service.UploadAsync(file, null, _ => ValueTask.CompletedTask);
        var batch = (await service.CreateAsync(file, upload.Value!)).Value!;
        World.Advance(TimeSpan.FromHours(2));
        await service.GetAsync(batch.Id);
        using var results = new MemoryStream();
        await service.DownloadAsync(new BatchResultFile(batch.Id, false), results);
        return Encoding.UTF8.GetString(results.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
