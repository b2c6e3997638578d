using Rowmill.Core.Rows;

namespace Rowmill.Core.Stores;

/// <summary>Adds up calls that were never settled, in memory that does not grow with them.</summary>
public static class DoubtSum
{
    /// <summary>Adds up the calls of a job in one state.</summary>
    /// <param name="calls">The ledger.</param>
    /// <param name="job">The job.</param>
    /// <param name="state">In doubt or cleared.</param>
    /// <param name="look">A look at the job's lease: what a dead run left open is in doubt at once. Null for what is marked alone.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static ValueTask<Doubt> OfAsync(
        ICallLedger calls, string job, CallState state, LeaseLook? look, CancellationToken cancellationToken = default) =>
        SumAsync(calls, null, new CallQuery(job) { State = state, Look = look }, cancellationToken);

    /// <summary>Adds up what is in doubt of a job: calls, and the requests of batches that may have been made.</summary>
    /// <param name="calls">The ledger.</param>
    /// <param name="batches">The batches.</param>
    /// <param name="job">The job.</param>
    /// <param name="look">A look at the job's lease; a live run looks after the batches itself. Null for whoever holds the lease and has sent nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static ValueTask<Doubt> OfAsync(
        ICallLedger calls, IBatchStore batches, string job, LeaseLook? look, CancellationToken cancellationToken = default) =>
        SumAsync(calls, look?.Held is null ? batches : null, new CallQuery(job) { State = CallState.InDoubt, Look = look }, cancellationToken);

    private static async ValueTask<Doubt> SumAsync(ICallLedger calls, IBatchStore? batches, CallQuery query, CancellationToken cancellationToken)
    {
        var sum = new Doubt(0, 0, 0);
        OccurrenceIndex? seen = null;
        try
        {
            await foreach (var call in calls.ReadAsync(query, cancellationToken).ConfigureAwait(false))
                sum = new Doubt(sum.Calls + 1, sum.Rows + New(call.Intent.Rows), sum.Usd + (call.Intent.MaxUsd ?? 0));
            if (batches is null) return sum;
            foreach (var batch in await batches.ReadAsync(query.Job, cancellationToken).ConfigureAwait(false))
            {
                if (!batch.IsInDoubt) continue;
                sum = sum with { Calls = sum.Calls + batch.Lines, Usd = sum.Usd + (batch.MaxUsd ?? 0), Batches = sum.Batches + 1 };
                await foreach (var line in batches.OpenLinesAsync(batch.Name, cancellationToken).ConfigureAwait(false))
                    sum = sum with { Rows = sum.Rows + New(line.Rows) };
            }

            return sum;
        }
        finally
        {
            seen?.Dispose();
        }

        int New(IReadOnlyList<RowKey> rows)
        {
            seen ??= new OccurrenceIndex(Path.GetTempPath(), rows.Count);
            var count = 0;
            foreach (var row in rows)
                if (seen.Next(row) == 0) count++;
            return count;
        }
    }
}
