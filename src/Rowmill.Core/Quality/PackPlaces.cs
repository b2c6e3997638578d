using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Quality;

/// <summary>Where in which request a row's answer came from.</summary>
/// <param name="Index">0-based place in the pack.</param>
/// <param name="Rows">Rows of the pack.</param>
internal readonly record struct PackPlace(int Index, int Rows)
{
    /// <summary>0, 1 or 2: the first, middle or last third of the pack, by the middle of the row's place; null in a pack of one.</summary>
    public int? Third => Rows < 2 ? null : (int)((Index + 0.5) * 3 / Rows);
}

/// <summary>Finds in the ledger the requests that brought answers.</summary>
internal static class PackPlaces
{
    /// <summary>The place of each answer; null where the ledger does not know its request.</summary>
    /// <param name="calls">The ledger.</param>
    /// <param name="job">The job.</param>
    /// <param name="answers">Each row's key under which it was asked, and its answer.</param>
    /// <param name="cancellationToken">Gives the reading up.</param>
    public static async ValueTask<IReadOnlyList<PackPlace?>> FindAsync(
        ICallLedger calls, string job, IReadOnlyList<(RowKey Key, StoredOutcome? Answer)> answers, CancellationToken cancellationToken)
    {
        var wanted = answers.Select(a => a.Answer?.CallId).OfType<long>().ToHashSet();
        var packs = new Dictionary<long, IReadOnlyList<RowKey>>();
        foreach (var run in answers.Select(a => a.Answer?.RunId).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            await foreach (var call in calls.ReadAsync(new CallQuery(job) { RunId = run }, cancellationToken).ConfigureAwait(false))
                if (wanted.Contains(call.CallId)) packs[call.CallId] = call.Intent.Rows;
        }

        return [.. answers.Select(a => Of(a.Key, a.Answer))];

        PackPlace? Of(RowKey key, StoredOutcome? answer) =>
            answer is not null && packs.TryGetValue(answer.CallId, out var rows) && CallShare.PositionOf(rows, key) is >= 0 and var position
                ? new PackPlace(position, rows.Count) : null;
    }
}
