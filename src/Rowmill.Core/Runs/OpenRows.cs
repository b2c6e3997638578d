using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>The rows in open lines of batches.</summary>
internal static class OpenRows
{
    /// <summary>What becomes of rows that a run leaves without an end; null when batches have nothing to do with them.</summary>
    public static async ValueTask<StopReason?> LeftAsync(RunContext run)
    {
        var batches = await run.Environment.Batches.ReadAsync(run.Job.Name).ConfigureAwait(false);
        var open = batches.Where(b => b.Question == run.Question && b.Phase is not (BatchPhase.Ended or BatchPhase.Dropped)).ToList();
        if (open.Count == 0) return run.Options.IsFetch ? new StopReason(RunState.InBatches, "rowmill batch run asks what is left") : null;
        var next = open.Exists(b => b.Phase == BatchPhase.Handed)
            ? "bring the results of the other machine with rowmill batch fetch --from FILE, or free its rows with rowmill batch cancel"
            : "rowmill batch run goes on with them";
        return new StopReason(RunState.InBatches, $"rows are in {Counted.Batches(open.Count)}; {next}");
    }

    /// <summary>Reads them.</summary>
    /// <param name="batches">The batches.</param>
    /// <param name="job">The job.</param>
    /// <param name="question">Fingerprint of its question.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when there are none; the caller disposes of it.</returns>
    public static async ValueTask<OccurrenceIndex?> ReadAsync(IBatchStore batches, string job, string question, CancellationToken cancellationToken)
    {
        OccurrenceIndex? rows = null;
        try
        {
            await foreach (var some in batches.OpenRowsAsync(job, question, cancellationToken).ConfigureAwait(false))
            {
                rows ??= new OccurrenceIndex(Path.GetTempPath(), Math.Max(1, some.Count));
                foreach (var row in some) rows.Next(row);
            }

            return rows;
        }
        catch
        {
            rows?.Dispose();
            throw;
        }
    }
}
