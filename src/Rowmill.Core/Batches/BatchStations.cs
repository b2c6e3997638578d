using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>The steps of a batch, each of which can be taken by itself.</summary>
internal sealed class BatchStations
{
    private readonly BatchWork _work;
    private bool _nothingFresh;

    public BatchStations(BatchWork work)
    {
        _work = work;
        Submission = new BatchSubmission(work);
        Polling = new BatchPolling(work, Submission);
        Fetching = new BatchFetching(work, Polling);
        Reconciliation = new BatchReconciliation(work, Submission);
        Preparation = new BatchPreparation(work);
    }

    /// <summary>Writes request files.</summary>
    public BatchPreparation Preparation { get; private set; }

    /// <summary>Sends them.</summary>
    public BatchSubmission Submission { get; }

    /// <summary>Looks at what was sent.</summary>
    public BatchPolling Polling { get; }

    /// <summary>Fetches what is over.</summary>
    public BatchFetching Fetching { get; }

    /// <summary>Finds out what became of what was sent without a word.</summary>
    public BatchReconciliation Reconciliation { get; }

    /// <summary>True when a stage that is not ended keeps rows back that are in no batch.</summary>
    public bool IsBehind { get; private set; }

    /// <summary>Prepares what may go next: nothing while prepared batches wait, or a stage is under way.</summary>
    /// <returns>The batches written.</returns>
    public async Task<IReadOnlyList<BatchRecord>> PrepareAsync()
    {
        await DropStaleAsync().ConfigureAwait(false);
        IsBehind = false;
        if (Submission.HasFreed) Submission.HasFreed = _nothingFresh = false;
        if (_work.In(BatchPhase.Prepared).Count > 0) return [];
        var mine = _work.Records.Where(r => _work.IsOfQuestion(r) && r.Phase != BatchPhase.Dropped).ToList();
        var stage = Rollout.Next(_work.Plan.Job.Batch, mine);
        if (stage.Failed is { } failed)
        {
            _work.Run.Stop.Request(failed with { Message = $"{failed.Message}{await ReasonsAsync().ConfigureAwait(false)}" });
            return [];
        }

        IsBehind = stage.Waits;
        // What is under way may leave rows that are to go with others: they are waited for, so that a job does not end in many small batches.
        if (stage.Waits || (mine.Count > 0 && mine.Exists(r => r.Phase is BatchPhase.Submitting or BatchPhase.Submitted) && _nothingFresh)) return [];
        Preparation = new BatchPreparation(_work);
        var written = await Preparation.RunAsync(stage.Number, stage.Rows).ConfigureAwait(false);
        _nothingFresh = written.Count == 0 || stage.Rows is null;
        if (Preparation.OutOfMoney && written.Count == 0 && !mine.Exists(r => r.Phase is BatchPhase.Submitting or BatchPhase.Submitted))
            _work.Run.Stop.Request(_work.Run.Money!.Reached());
        return written;
    }

    /// <summary>Frees the rows of a batch that a person has named and that cannot be cancelled with its service.</summary>
    public async Task FreeAsync(BatchRecord record)
    {
        if (record.Phase == BatchPhase.Submitting || record.Told?.IsOver == true || _work.RouteOf(record) is null)
            await Submission.DropAsync(record, "freed by hand: it may have been paid for").ConfigureAwait(false);
    }

    /// <summary>Asks for batches to be cancelled.</summary>
    /// <param name="batches">The batches.</param>
    /// <param name="frees">True to free the rows of one that its service does not know.</param>
    public async Task CancelAsync(IReadOnlyList<BatchRecord> batches, bool frees = false)
    {
        foreach (var record in batches)
        {
            if (record.Told?.IsOver == true || _work.RouteOf(record) is not { } route) continue;
            if (Polling.StatusOf(record) is { State: BatchState.Cancelling }) continue;
            var told = await route.Client.CancelAsync(record.ServiceId!, _work.Run.Stop.Stopping).ConfigureAwait(false);
            _work.Run.Events.Emit("batch_cancelled", new JsonObject { ["batch"] = record.Name, ["reason"] = told.Failure?.Message });
            if (told.Failure is not { } failure) continue;
            if (_work.IsRefused(route, failure)) return;
            if (frees && failure.HttpStatus == BatchPolling.NotFound) await Submission.DropAsync(record, "the provider does not know it").ConfigureAwait(false);
        }
    }

    /// <summary>Batches that were never sent and ask what the job asks no more.</summary>
    private async Task DropStaleAsync()
    {
        foreach (var record in _work.In(BatchPhase.Prepared))
            if (!_work.IsOfQuestion(record) || !_work.Plan.Job.Routes.Any(r => r.Id == record.Route)) await Submission.DropAsync(record, "the job was edited since").ConfigureAwait(false);
    }

    /// <summary>The commonest reasons why rows have no answer.</summary>
    private async Task<string> ReasonsAsync()
    {
        const int Told = 3;
        var reasons = new Dictionary<string, int>(StringComparer.Ordinal);
        await foreach (var rest in _work.Environment.Batches.RestsAsync(_work.Plan.Job.Name, _work.Run.Question).ConfigureAwait(false))
            foreach (var row in BatchPast.Read(rest.Rest).SelectMany(p => p.Rows))
                if (row.LastFailure is { } failure) reasons[failure.Reason] = reasons.GetValueOrDefault(failure.Reason) + 1;
        if (reasons.Count == 0) return "; rowmill calls tells what came back";
        return $" ({string.Join(", ", reasons.OrderByDescending(r => r.Value).Take(Told).Select(r => FormattableString.Invariant($"{r.Key} {r.Value:N0}")))}; rowmill calls tells what came back)";
    }
}
