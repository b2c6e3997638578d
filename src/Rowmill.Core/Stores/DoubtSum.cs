using Rowmill.Core.Rows;

namespace Rowmill.Core.Stores;

/// <summary>Adds up calls that were never settled, in memory that does not grow with them.</summary>
public static class DoubtSum
{
    /// <summary>Adds up the calls of a job in one state.</summary>
    /// <param name="calls">The ledger.</param>
    /// <param name="job">The job.</param>
    /// <param name="state">In doubt or cleared.</param>
    /// <param name="look">A look at the job's lease: what a dead run left open is in doubt at once.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask<Doubt> OfAsync(
        ICallLedger calls, string job, CallState state, LeaseLook look, CancellationToken cancellationToken = default)
    {
        var sum = new Doubt(0, 0, 0);
        OccurrenceIndex? seen = null;
        try
        {
            await foreach (var call in calls.ReadAsync(new CallQuery(job) { State = state, Look = look }, cancellationToken).ConfigureAwait(false))
            {
                seen ??= new OccurrenceIndex(Path.GetTempPath(), call.Intent.Rows.Count);
                var rows = 0;
                foreach (var row in call.Intent.Rows)
                {
                    if (seen.Next(row) == 0) rows++;
                }

                sum = new Doubt(sum.Calls + 1, sum.Rows + rows, sum.Usd + (call.Intent.MaxUsd ?? 0));
            }

            return sum;
        }
        finally
        {
            seen?.Dispose();
        }
    }
}
