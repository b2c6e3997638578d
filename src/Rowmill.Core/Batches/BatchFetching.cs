using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>
/// Brings the results of batches that are over into the store: downloads them, reads them line by line, and ends the lines that none of them names.
/// </summary>
/// <param name="work">The job.</param>
/// <param name="polling">Asks again for result files that are not there yet.</param>
internal sealed class BatchFetching(BatchWork work, BatchPolling polling)
{
    // A batch can be told complete before its files are.
    private static readonly TimeSpan s_longestWaitForFiles = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan s_shortestWaitForFiles = TimeSpan.FromSeconds(20);
    private const int PollsForFiles = 5;

    /// <summary>So many batches in a row that break as a whole stop a job.</summary>
    private const int MostBroken = 3;

    private readonly BatchHarvest _harvest = new(work);

    /// <summary>What the results of this run's batches held.</summary>
    public BatchHarvest Harvest => _harvest;

    /// <summary>Fetches what is over.</summary>
    public async Task RunAsync()
    {
        foreach (var record in work.In(BatchPhase.Submitted))
        {
            if (work.Run.Stop.Abandoning.IsCancellationRequested) return;
            if (record.Told?.IsOver != true || work.RouteOf(record) is not { } route) continue;
            var status = polling.StatusOf(record);
            if (status is null)
            {
                await polling.LookAsync(record, route).ConfigureAwait(false);
                status = polling.StatusOf(record);
            }

            if (status is { IsOver: true }) await FetchAsync(record, route, status).ConfigureAwait(false);
        }
    }

    /// <summary>Ends a batch whose results another machine wrote, when all of them are read.</summary>
    public ValueTask EndReadAsync(BatchRecord record, BatchRoute route) => EndAsync(record, route, wasTakenThrough: false);

    private async Task FetchAsync(BatchRecord record, BatchRoute route, BatchStatus status)
    {
        var answers = status.Results.Any(f => !f.IsErrors);
        if (!answers && (status.Succeeded > 0 || (status.State == BatchState.Completed && status.Succeeded is null)))
        {
            if (await WaitsAsync(record, route).ConfigureAwait(false)) return;
            work.Run.Events.Emit("batch_without_results", new JsonObject { ["batch"] = record.Name, ["id"] = status.Id });
        }

        foreach (var file in status.Results)
        {
            var path = work.Folder.Results(record.Name, file.IsErrors);
            if (await DownloadAsync(record, route, file, path).ConfigureAwait(false) is not { } fetched) return;
            record = fetched;
        }

        work.Run.Pass(Transition.BatchDownloaded);
        // What an edited job asked before cannot be judged any more: its results are kept as files, in case the edit is taken back.
        if (!work.IsOfQuestion(record)) return;
        foreach (var file in status.Results)
        {
            await _harvest.ReadAsync(record, route, work.Folder.Results(record.Name, file.IsErrors)).ConfigureAwait(false);
            if (work.Run.Stop.Abandoning.IsCancellationRequested) return;
        }

        if (status.State == BatchState.Completed && (await work.Environment.Batches.CountOpenAsync(record.Name).ConfigureAwait(false)).Lines > 0)
        {
            // What lacks lines may have been fetched too early: it is fetched once more before they count as missing.
            record = await work.SaveAsync(record with { Results = new Dictionary<string, string>(StringComparer.Ordinal) }).ConfigureAwait(false);
            if (await WaitsAsync(record, route).ConfigureAwait(false)) return;
        }

        await EndAsync(record, route, status.State == BatchState.Completed, status.Failure).ConfigureAwait(false);
    }

    /// <summary>Whether more may come of a batch that is over: its files can appear a while after its end.</summary>
    private async ValueTask<bool> WaitsAsync(BatchRecord record, BatchRoute route)
    {
        if (work.Now - record.Told!.At >= WaitForFiles) return false;
        await polling.LookAsync(record, route).ConfigureAwait(false);
        return true;
    }

    /// <summary>Brings a result file here, unless it is here, unchanged.</summary>
    /// <returns>The record with its checksum; null when it did not come.</returns>
    private async ValueTask<BatchRecord?> DownloadAsync(BatchRecord record, BatchRoute route, BatchResultFile file, string path)
    {
        var name = Path.GetFileName(path);
        if (record.Results.TryGetValue(name, out var known) && await BatchFolder.ChecksumAsync(path, work.Run.Stop.Abandoning).ConfigureAwait(false) == known) return record;
        var stream = work.Folder.Begin(path);
        BatchReply<BatchDownload> told;
        try
        {
            told = await route.Client.DownloadAsync(file, stream, work.Run.Stop.Abandoning).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            BatchFolder.Abandon(stream, path);
            if (e is IOException) throw;
            return null;
        }

        if (told.Value is null)
        {
            BatchFolder.Abandon(stream, path);
            if (work.IsRefused(route, told.Failure!)) return null;
            if (told.Failure!.HttpStatus is BatchPolling.NotFound or BatchPolling.Gone)
            {
                work.Run.Stop.Request(new StopReason(
                    RunState.Failed, $"{route.Route.Name} does not have the results of {record.Name} any more: {told.Failure.Message}; rowmill batch cancel --batch {record.Name} frees its rows, which are paid for")
                { UserError = true });
                return null;
            }

            work.Run.Events.Emit("batch_unfetched", new JsonObject { ["batch"] = record.Name, ["model"] = route.Route.Name, ["file"] = file.Id, ["reason"] = told.Failure.Message });
            return null;
        }

        BatchFolder.Finish(stream, path);
        var sum = await BatchFolder.ChecksumAsync(path, work.Run.Stop.Abandoning).ConfigureAwait(false);
        return await work.SaveAsync(record with
        {
            Results = new Dictionary<string, string>(record.Results, StringComparer.Ordinal) { [name] = sum! },
        }).ConfigureAwait(false);
    }

    /// <summary>Ends what no result names: it is asked again, and where it may have been paid for that is told.</summary>
    private async ValueTask EndAsync(BatchRecord record, BatchRoute route, bool wasTakenThrough, ModelFailure? failure = null)
    {
        if (wasTakenThrough) await _harvest.EndMissingAsync(record, route).ConfigureAwait(false);
        var closed = await work.Environment.Batches.CloseAsync(work.Run.Lease, record.Name).ConfigureAwait(false);
        var seen = _harvest.SeenOf(record.Name);
        if (seen.Taken + seen.Missing + closed < record.Lines) await _harvest.RecountAsync(record).ConfigureAwait(false);
        record = await work.SaveAsync(record with
        {
            Phase = BatchPhase.Ended,
            EndedAt = work.Now,
            AskedRows = (int)seen.Rows,
            GoodRows = (int)seen.Good,
            Note = failure?.Message,
        }).ConfigureAwait(false);
        work.Run.Events.Emit("batch_ended", new JsonObject
        {
            ["batch"] = record.Name,
            ["state"] = record.Told?.Word,
            ["rows"] = seen.Rows,
            ["good"] = seen.Good,
            ["not_run"] = closed,
            ["missing"] = seen.Missing,
            ["duplicate"] = seen.Duplicate,
            ["foreign"] = seen.Foreign,
            ["unreadable"] = seen.Unreadable,
            ["reason"] = failure?.Message,
        });
        work.Run.Pass(Transition.BatchEnded);
        if (seen is { Replied: 0, Wrong: > 0 } && !work.Run.Counters.HasAnswered(route.State.Id))
            work.Run.Stop.Request(new StopReason(RunState.Failed, $"{route.Route.Name} says the requests are wrong: {seen.WrongWords}") { UserError = true });
        if (failure is null || seen.Rows > 0 || work.IsRefused(route, failure)) return;
        // One that broke as a whole is sent again; when the same comes of it again and again, the job or the account is the cause.
        var broken = work.Records.Where(r => r.Route == record.Route && r.Question == record.Question && r.Phase == BatchPhase.Ended).TakeLast(MostBroken).ToList();
        if (broken.Count == MostBroken && broken.TrueForAll(r => r is { AskedRows: 0, Note: not null }))
            work.Run.Stop.Request(new StopReason(RunState.Failed, $"{route.Route.Name} broke {MostBroken} batches in a row: {failure.Message}") { UserError = true });
    }

    private TimeSpan WaitForFiles => work.SpanOf(PollsForFiles, s_shortestWaitForFiles, s_longestWaitForFiles);
}
