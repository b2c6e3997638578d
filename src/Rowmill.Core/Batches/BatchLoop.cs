using System.Text.Json.Nodes;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>
/// Takes a job through batches to its end: what is over is fetched, what is unclear is found out, what may go is prepared and sent, and then it is
/// waited. Every round begins with what the store says, so that it can be killed anywhere.
/// </summary>
/// <param name="work">The job.</param>
/// <param name="detach">True to leave as soon as nothing more can be sent.</param>
internal sealed class BatchLoop(BatchWork work, bool detach)
{
    // Short enough that a machine that slept notices soon after it wakes.
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan s_shortestPause = TimeSpan.FromSeconds(1);

    // A job whose batches ended so long ago was done, and is begun anew.
    private static readonly TimeSpan s_leftAlone = TimeSpan.FromHours(1);

    private readonly BatchStations _at = new(work);
    private DateTimeOffset? _began;
    private bool _wasDeadline;

    /// <summary>Goes on until nothing is left, or the run stops.</summary>
    /// <param name="online">Asks request by request what is left.</param>
    public async Task RunAsync(Func<Task> online)
    {
        var stop = work.Run.Stop;
        try
        {
            while (stop.Reason is null)
            {
                if (!await RoundAsync().ConfigureAwait(false)) break;
                if (stop.Reason is not null) break;
                if (detach && !_at.Reconciliation.IsOpen && !_at.Submission.HasFreed && !IsUnreached)
                {
                    stop.Request(Detached());
                    break;
                }

                await PauseAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.Reason is not null)
        {
            // Stopped in the middle of an exchange: what it came to, the next run finds out.
        }

        if (stop.Reason is not null || (_at.Preparation.ForOnline == 0 && !_wasDeadline)) return;
        work.Run.Asked.Resume(await work.RestsAsync().ConfigureAwait(false));
        await online().ConfigureAwait(false);
    }

    /// <summary>One round.</summary>
    /// <returns>False when nothing is left for batches.</returns>
    private async Task<bool> RoundAsync()
    {
        await work.LoadAsync().ConfigureAwait(false);
        await _at.Reconciliation.RunAsync().ConfigureAwait(false);
        await _at.Polling.RunAsync(all: false).ConfigureAwait(false);
        await _at.Fetching.RunAsync().ConfigureAwait(false);
        if (work.Routes.All(r => r.State.Parked is not null)) work.Run.Stop.Request(work.Routes[0].State.Parked!);
        if (work.Run.Stop.Reason is not null) return true;
        if (await IsTooLateAsync().ConfigureAwait(false)) return IsUnderWay;
        await _at.PrepareAsync().ConfigureAwait(false);
        if (work.Run.Stop.Reason is not null) return true;
        await _at.Submission.RunAsync().ConfigureAwait(false);
        if (_at.Submission.HasFreed) return true;
        return IsUnderWay || work.In(BatchPhase.Prepared).Any(IsOurs) || _at.IsBehind;
    }

    // Those of a model that this run leaves out, or that the job lists no more, are nobody's here.
    private bool IsUnderWay => work.In(BatchPhase.Submitting, BatchPhase.Submitted).Any(IsOurs);

    private bool IsOurs(BatchRecord record) => work.IsOfQuestion(record) && work.RouteOf(record) is not null;

    // Who leaves with nothing sent and nobody reached has not come to the point where one may leave.
    private bool IsUnreached => _at.Submission.IsUnreached && work.In(BatchPhase.Submitted).Count == 0;

    /// <summary>Whether batches would miss the job's deadline: then nothing more is sent, and when it has come what is under way is cancelled.</summary>
    private async Task<bool> IsTooLateAsync()
    {
        if (work.Plan.Job.Batch.Deadline is not { } within) return false;
        var mine = work.Records.Where(r => work.IsOfQuestion(r) && r.SubmittedAt is not null).OrderBy(r => r.SubmittedAt).ToList();
        // A job whose batches no queue takes has begun all the same.
        _began ??= work.Now;
        var until = (Begun(mine) ?? _began.Value) + within;
        if (work.Now + Expected(mine) <= until) return false;
        if (!_wasDeadline) work.Run.Events.Emit("batch_deadline", new JsonObject { ["until"] = SummaryJson.Time(until) });
        _wasDeadline = true;
        foreach (var record in work.In(BatchPhase.Prepared)) await _at.Submission.DropAsync(record, "it would miss the deadline").ConfigureAwait(false);
        if (work.Now >= until) await _at.CancelAsync(work.In(BatchPhase.Submitted)).ConfigureAwait(false);
        return true;
    }

    /// <summary>When the present work on the job began: what was done, and left alone for a while, before it counts no more. Null when nothing was sent.</summary>
    private DateTimeOffset? Begun(IReadOnlyList<BatchRecord> batches)
    {
        DateTimeOffset? begun = null;
        var busyUntil = DateTimeOffset.MinValue;
        foreach (var batch in batches)
        {
            if (begun is null || batch.PreparedAt - busyUntil > s_leftAlone) begun = batch.SubmittedAt;
            var end = batch.Phase is BatchPhase.Submitting or BatchPhase.Submitted ? work.Now : batch.EndedAt ?? batch.PreparedAt;
            if (end > busyUntil) busyUntil = end;
        }

        return work.Now - busyUntil > s_leftAlone ? null : begun;
    }

    /// <summary>How long a batch takes: the longest that the job has seen, or what the service means to take while none has ended.</summary>
    private TimeSpan Expected(IReadOnlyList<BatchRecord> batches)
    {
        var mean = work.Routes.Max(r => r.Client.Caps.Window);
        var took = batches.Where(b => b is { Phase: BatchPhase.Ended, AskedRows: > 0 }).Select(b => b.EndedAt!.Value - b.SubmittedAt!.Value).ToList();
        // One that was fetched late took no longer for that.
        if (took.Count > 0) return took.Max() < mean ? took.Max() : mean;
        // Before the first has ended, the first must be given the chance to.
        return work.Plan.Job.Batch.Deadline < mean ? TimeSpan.Zero : mean;
    }

    private async Task PauseAsync()
    {
        var pause = work.Plan.Job.Batch.Poll ?? BatchPolling.ShortestPause;
        foreach (var due in new[] { _at.Polling.NextLook, _at.Submission.TryAt })
            if (due is { } at && at > work.Now && at - work.Now < pause) pause = at - work.Now;
        pause = TimeSpan.FromTicks(Math.Clamp(pause.Ticks, s_shortestPause.Ticks, s_longestPause.Ticks));
        work.Run.Counters.Waiting(Words(), work.Now + pause);
        try
        {
            await Task.Delay(pause, work.Run.Clock, work.Run.Stop.Stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (work.Run.Stop.Reason is not null)
        {
            // Stopped.
        }
    }

    private string Words()
    {
        var under = work.In(BatchPhase.Submitted);
        var done = under.Sum(r => (r.Told?.Succeeded ?? 0) + (r.Told?.Failed ?? 0));
        var text = FormattableString.Invariant($"{Counted.Batches(under.Count)}, {done:N0} of {under.Sum(r => r.Lines):N0} requests done");
        if (_at.Reconciliation.IsOpen) text += ", one that nobody knows of yet";
        return _at.Submission.Waits is { } waits ? $"{text}; {waits}" : text;
    }

    private StopReason Detached() => new(RunState.InBatches, $"{Words()}; come back with rowmill batch run, or look with rowmill batch poll")
    {
        ResumeAt = _at.Polling.NextLook,
    };
}
