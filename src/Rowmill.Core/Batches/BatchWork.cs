using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>What the stations of a job's batches share: the job, the run, the routes, the records as they stand.</summary>
/// <param name="plan">The job.</param>
/// <param name="run">The run, with its routes for single requests.</param>
/// <param name="routes">Its routes that have a batch API.</param>
internal sealed class BatchWork(OpenedJob plan, RunContext run, IReadOnlyList<BatchRoute> routes)
{
    /// <summary>
    /// So many rows that earlier batches left are taken together again with what they have been through. Of what is beyond that the ladder begins anew:
    /// memory does not grow with it.
    /// </summary>
    public const int MostRests = 200_000;

    private readonly List<BatchRecord> _records = [];

    /// <summary>The job.</summary>
    public OpenedJob Plan => plan;

    /// <summary>The run: rows that end on a batch's model go on to the next, with an API or without.</summary>
    public RunContext Run { get; } = run with { Routes = [.. run.Routes.Select(r => routes.FirstOrDefault(b => b.State.Id == r.Id)?.State ?? r)] };

    /// <summary>The routes that have a batch API, in the job's order.</summary>
    public IReadOnlyList<BatchRoute> Routes => routes;

    /// <summary>The environment.</summary>
    public RunEnvironment Environment => run.Environment;

    /// <summary>All batches of the job, in order; those of another question are over as far as this run is concerned, but are looked after.</summary>
    public IReadOnlyList<BatchRecord> Records => _records;

    /// <summary>The files.</summary>
    public BatchFolder Folder { get; } = new(run.Environment.BatchFolder);

    /// <summary>The time.</summary>
    public DateTimeOffset Now => run.Clock.GetUtcNow();

    /// <summary>Reads the records.</summary>
    public async ValueTask LoadAsync()
    {
        _records.Clear();
        _records.AddRange(await Environment.Batches.ReadAsync(plan.Job.Name, Run.Stop.Abandoning).ConfigureAwait(false));
    }

    /// <summary>The batches in some phase.</summary>
    public IReadOnlyList<BatchRecord> In(params ReadOnlySpan<BatchPhase> phases)
    {
        var found = new List<BatchRecord>();
        foreach (var record in _records)
            if (phases.Contains(record.Phase)) found.Add(record);
        return found;
    }

    /// <summary>Stores a record, new or changed; it is on the disk then.</summary>
    public async ValueTask<BatchRecord> SaveAsync(BatchRecord record)
    {
        await Environment.Batches.SaveAsync(Run.Lease, record, CancellationToken.None).ConfigureAwait(false);
        var at = _records.FindIndex(r => r.Name == record.Name);
        if (at >= 0) _records[at] = record;
        else _records.Add(record);
        return record;
    }

    /// <summary>What earlier batches left, by row.</summary>
    public async ValueTask<IReadOnlyDictionary<RowKey, Ask>> RestsAsync()
    {
        var rests = new Dictionary<RowKey, Ask>();
        await foreach (var rest in Environment.Batches.RestsAsync(plan.Job.Name, Run.Question, Run.Stop.Abandoning).ConfigureAwait(false))
        {
            if (rests.Count >= MostRests) break;
            foreach (var row in BatchPast.Read(rest.Rest).SelectMany(p => p.Rows)) rests[row.Key] = row;
        }

        return rests;
    }

    /// <summary>The route of a batch; null when the job lists it no more.</summary>
    public BatchRoute? RouteOf(BatchRecord record) => routes.FirstOrDefault(r => r.State.Id == record.Route);

    /// <summary>Whether a batch asks what the job asks now.</summary>
    public bool IsOfQuestion(BatchRecord record) => record.Question == Run.Question;

    /// <summary>A batch's request file.</summary>
    public BatchFile FileOf(BatchRecord record) => new(record.Name, Folder.Requests(record.Name), record.Lines, record.Bytes, record.Sha256);

    /// <summary>The money that may still be spent, in USD; null for no bound.</summary>
    public async ValueTask<decimal?> MoneyLeftAsync()
    {
        if (Run.Money is null) return null;
        var spent = await Environment.Calls.SpentAsync(plan.Job.Name).ConfigureAwait(false);
        var job = plan.Job.BudgetUsd - spent;
        var own = Run.Options.MaxUsd - (Run.Counters.Usd ?? 0) - In(BatchPhase.Submitting, BatchPhase.Submitted).Where(r => Sent.Contains(r.Name)).Sum(r => r.MaxUsd ?? 0);
        return job is null || own < job ? own : job;
    }

    /// <summary>How long something may be late: so many looks at the pace the job writes down, within bounds; the longest without a pace.</summary>
    public TimeSpan SpanOf(int polls, TimeSpan shortest, TimeSpan longest) => plan.Job.Batch.Poll is { } poll
        ? TimeSpan.FromTicks(Math.Clamp(polls * poll.Ticks, shortest.Ticks, longest.Ticks)) : longest;

    /// <summary>Names of the batches that this run has sent.</summary>
    public HashSet<string> Sent { get; } = new(StringComparer.Ordinal);

    /// <summary>A failure that no batch of a route survives: the key, the model or the account was refused. The run stops.</summary>
    public bool IsRefused(BatchRoute route, ModelFailure failure)
    {
        if (failure.Kind is not (FailureKind.KeyRefused or FailureKind.ModelRefused or FailureKind.QuotaExhausted or FailureKind.NoAllowance)) return false;
        Run.Stop.Request(StopReason.Refused(route.Route, failure));
        return true;
    }
}
