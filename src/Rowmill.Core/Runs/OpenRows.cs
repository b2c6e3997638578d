using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>The rows in open lines of batches.</summary>
internal static class OpenRows
{
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
