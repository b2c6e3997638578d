using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>
/// Ends the doubt that a run has made pointless. A call in doubt is cleared once later calls brought an outcome for each of its rows; and
/// once every row of the job has ended, since then nothing asks its other rows any more. Holds one page of calls; doing it again changes nothing.
/// </summary>
internal static class DoubtClearing
{
    private const int PageSize = 256;

    /// <summary>Marks what earlier runs left, and tells how much is in doubt: calls, and batches whose sending ended without a word.</summary>
    public static async ValueTask<Doubt> FindAsync(RunEnvironment environment, Lease lease, CancellationToken cancellationToken)
    {
        var calls = await environment.Calls.FindDoubtAsync(lease, cancellationToken).ConfigureAwait(false);
        var batches = await environment.Batches.ReadAsync(lease.Job, cancellationToken).ConfigureAwait(false);
        if (!batches.Any(b => b.IsInDoubt)) return calls;
        return await DoubtSum.OfAsync(environment.Calls, environment.Batches, lease.Job, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Clears what can be cleared.</summary>
    /// <param name="environment">The ports.</param>
    /// <param name="lease">The run's lease.</param>
    /// <param name="routes">The routes whose outcomes count.</param>
    /// <param name="ended">Whether every row of the job has ended.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The calls cleared, what they cost at most, and how many stay; of a batch that nobody has found yet, all stay.</returns>
    public static async ValueTask<ClearedCalls> RunAsync(
        RunEnvironment environment, Lease lease, IReadOnlyList<string> routes, bool ended, CancellationToken cancellationToken)
    {
        var cleared = new ClearedCalls(0, 0, 0);
        var (byOutcomes, byJob) = (new List<long>(), new List<long>());
        var query = new CallQuery(lease.Job) { State = CallState.InDoubt };
        await foreach (var call in environment.Calls.ReadAsync(query, cancellationToken).ConfigureAwait(false))
        {
            if (await HasLaterOutcomesAsync(environment.Answers, call, routes, cancellationToken).ConfigureAwait(false)) byOutcomes.Add(call.CallId);
            else if (ended) byJob.Add(call.CallId);
            else
            {
                cleared = cleared with { Left = cleared.Left + 1 };
                continue;
            }

            cleared = cleared with { Calls = cleared.Calls + 1, Usd = cleared.Usd + (call.Intent.MaxUsd ?? 0) };
            if (byOutcomes.Count + byJob.Count == PageSize) await StoreAsync().ConfigureAwait(false);
        }

        await StoreAsync().ConfigureAwait(false);
        foreach (var batch in await environment.Batches.ReadAsync(lease.Job, cancellationToken).ConfigureAwait(false))
            if (batch.IsInDoubt) cleared = cleared with { Left = cleared.Left + batch.Lines };
        return cleared;

        async ValueTask StoreAsync()
        {
            if (byOutcomes.Count > 0) await environment.Calls.ClearAsync(lease, byOutcomes, ClearedBy.Outcomes, cancellationToken).ConfigureAwait(false);
            if (byJob.Count > 0) await environment.Calls.ClearAsync(lease, byJob, ClearedBy.Job, cancellationToken).ConfigureAwait(false);
            byOutcomes.Clear();
            byJob.Clear();
        }
    }

    /// <summary>Each route is asked apart: the outcome that counts for a row may be an earlier one.</summary>
    private static async ValueTask<bool> HasLaterOutcomesAsync(
        IAnswerStore answers, CallRecord call, IReadOnlyList<string> routes, CancellationToken cancellationToken)
    {
        List<RowKey> left = [.. call.Intent.Rows];
        foreach (var route in routes.Append(call.Intent.Route).Distinct(StringComparer.Ordinal))
        {
            var found = new StoredOutcome?[left.Count];
            await answers.FindAsync(new AnswerScope(call.Intent.Question, [route]), left.ToArray(), found, cancellationToken).ConfigureAwait(false);
            left = [.. left.Where((_, i) => !(found[i]?.CallId > call.CallId))];
            if (left.Count == 0) return true;
        }

        return false;
    }
}

/// <summary>Calls whose doubt a run has ended.</summary>
/// <param name="Calls">Their number.</param>
/// <param name="Usd">What they cost at most, as far as prices are known; it stays counted.</param>
/// <param name="Left">Calls that stay in doubt.</param>
public sealed record ClearedCalls(long Calls, decimal Usd, long Left);
