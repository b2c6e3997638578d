using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>Looks at batches that are with their services.</summary>
/// <param name="work">The job.</param>
/// <param name="submission">What was not taken after all goes back to it.</param>
internal sealed class BatchPolling(BatchWork work, BatchSubmission submission)
{
    /// <summary>Batches that are just sent are looked at this often, unless the job says how often.</summary>
    public static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(30);

    /// <summary>Old ones this often.</summary>
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(10);

    /// <summary>A batch is looked at again after this part of its age: its end is known soon, and a day costs some hundred looks.</summary>
    private const int PauseShare = 20;

    /// <summary>HTTP's word for what a service does not know.</summary>
    public const int NotFound = 404;

    /// <summary>HTTP's word for what a service has no more.</summary>
    public const int Gone = 410;

    /// <summary>A service that says so often that it does not know a batch has lost it.</summary>
    private const int MostNotFound = 3;

    private readonly Dictionary<string, int> _unknown = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _next = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BatchStatus> _status = new(StringComparer.Ordinal);

    /// <summary>When the next look is due; null when none is.</summary>
    public DateTimeOffset? NextLook => work.In(BatchPhase.Submitted).Where(r => r.Told?.IsOver != true)
        .Select(r => (DateTimeOffset?)(_next.TryGetValue(r.Name, out var next) ? next : (r.SubmittedAt ?? work.Now) + Pause(r))).Min();

    /// <summary>What the service said of a batch in this run; null when it was not asked yet.</summary>
    public BatchStatus? StatusOf(BatchRecord record) => _status.GetValueOrDefault(record.Name);

    /// <summary>What a status says, as it is kept.</summary>
    /// <param name="status">The status.</param>
    /// <param name="caps">The service's; how long it keeps results counts from the creation, where it does not tell a date.</param>
    /// <param name="now">The time.</param>
    public static BatchTold Told(BatchStatus status, BatchCaps caps, DateTimeOffset now) => new(status.Word, now)
    {
        Succeeded = status.Succeeded,
        Failed = status.Failed,
        ExpiresAt = status.ExpiresAt,
        ResultsUntil = status.ResultsUntil ?? status.CreatedAt + caps.ResultsKept,
        IsOver = status.IsOver,
    };

    /// <summary>Looks at every batch whose turn it is.</summary>
    /// <param name="all">True to look at all of them now.</param>
    public async Task RunAsync(bool all)
    {
        foreach (var record in work.In(BatchPhase.Submitted))
        {
            if (work.Run.Stop.Reason is not null) return;
            // One that is over is asked once more by each run: for its result files.
            if (record.Told?.IsOver == true && _status.ContainsKey(record.Name)) continue;
            if (!all && _next.TryGetValue(record.Name, out var due) && due > work.Now) continue;
            if (work.RouteOf(record) is { } route) await LookAsync(record, route).ConfigureAwait(false);
        }
    }

    /// <summary>Looks at one batch.</summary>
    public async ValueTask<BatchRecord> LookAsync(BatchRecord record, BatchRoute route)
    {
        BatchReply<BatchStatus> told;
        try
        {
            told = await route.Client.GetAsync(record.ServiceId!, work.Run.Stop.Stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (work.Run.Stop.Reason is not null)
        {
            return record;
        }

        if (told.Value is not { } status)
        {
            if (!work.IsRefused(route, told.Failure!)) work.Run.Events.Emit("batch_unseen", new JsonObject { ["batch"] = record.Name, ["model"] = route.Route.Name, ["reason"] = told.Failure!.Message });
            _next[record.Name] = work.Now + (told.Failure!.RetryAfter ?? Pause(record));
            if (told.Failure.HttpStatus == NotFound && (_unknown[record.Name] = _unknown.GetValueOrDefault(record.Name) + 1) >= MostNotFound)
            {
                work.Run.Stop.Request(new StopReason(
                    RunState.Failed, $"{route.Route.Name} does not know its batch {record.Name} ({record.ServiceId}) any more; rowmill batch cancel --batch {record.Name} frees its rows, which may have been paid for")
                { UserError = true });
            }

            return record;
        }

        _status[record.Name] = status;
        _unknown.Remove(record.Name);
        _next[record.Name] = work.Now + Pause(record);
        if (status.State == BatchState.Unknown)
            work.Run.Events.Emit("batch_state_unknown", new JsonObject { ["batch"] = record.Name, ["state"] = status.Word });
        if (status is { State: BatchState.Failed, Failure: { Kind: FailureKind.RateLimited } full })
        {
            // The queue was full: the service has thrown it away before it began.
            await submission.BackAsync(record, route, full, status.Limits).ConfigureAwait(false);
            return record;
        }

        var kept = Told(status, route.Client.Caps, work.Now);
        var changed = record.Told is not { } before || before with { At = kept.At } != kept;
        // Whatever a killed run has stored of its end, its room in the queue is given back.
        if (status.IsOver) await work.Environment.Windows.DequeueAsync(route.Owner, record.Name).ConfigureAwait(false);
        if (!changed) return record;
        record = await work.SaveAsync(record with { Told = kept }).ConfigureAwait(false);
        work.Run.Events.Emit("batch_polled", new JsonObject
        {
            ["batch"] = record.Name,
            ["state"] = status.Word,
            ["succeeded"] = status.Succeeded,
            ["failed"] = status.Failed,
            ["requests"] = record.Lines,
        });
        if (!status.IsOver) return record;
        work.Run.Pass(Transition.BatchOver);
        return record;
    }

    /// <summary>How long until a batch is looked at again.</summary>
    private TimeSpan Pause(BatchRecord record)
    {
        if (work.Plan.Job.Batch.Poll is { } poll) return poll;
        var share = (work.Now - (record.SubmittedAt ?? work.Now)) / PauseShare;
        return share < ShortestPause ? ShortestPause : share > s_longestPause ? s_longestPause : share;
    }
}
