using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Quality;

/// <summary>A row of a sample.</summary>
/// <param name="Row">The row.</param>
/// <param name="Key">Its key in the job.</param>
/// <param name="Content">The key of what is shown of it, whatever its place among equal rows.</param>
/// <param name="Rank">By which it was drawn.</param>
/// <param name="Stored">The job's own answer.</param>
internal sealed record SampledRow(Row Row, RowKey Key, RowKey Content, RowKey Rank, StoredOutcome Stored);

/// <summary>
/// Draws rows at random: those with the smallest keyed hashes of what is shown, the key being the seed. So equal rows are drawn once, the same
/// seed draws the same rows whatever is added to the table, and a larger sample holds the smaller one.
/// </summary>
internal static class RowSample
{
    private const int ChunkRows = 1024;

    // "sampling": any constant would do, as long as it stays and is no pack size.
    private const ulong SampleKey = 0x676e696c706d6173;

    /// <summary>Draws, in one pass over the source; it holds the sample and one chunk.</summary>
    /// <param name="job">The job, opened.</param>
    /// <param name="scope">Rows with an answer or an abstention here are drawn from.</param>
    /// <param name="size">At most so many.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="answers">The store.</param>
    /// <param name="cancellationToken">Gives the pass up.</param>
    /// <returns>The rows; fewer than asked for when fewer have an answer.</returns>
    public static async ValueTask<IReadOnlyList<SampledRow>> DrawAsync(
        OpenedJob job, AnswerScope scope, int size, long seed, IAnswerStore answers, CancellationToken cancellationToken)
    {
        var drawn = new SortedSet<SampledRow>(Comparer<SampledRow>.Create((a, b) => a.Rank.CompareTo(b.Rank)));
        var chunk = new List<(Row Row, RowKey Key, RowKey Content, RowKey Rank)>(ChunkRows);
        using var judge = job.Judge();
        await foreach (var row in job.Source.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var judgement = judge.Judge(row);
            if (judgement.Invalid is not null) continue;
            var content = ShownFields.Key(judgement.Shown.Json.Span);
            var rank = Order(content, seed, SampleKey);
            if (drawn.Count == size && rank.CompareTo(drawn.Max!.Rank) >= 0) continue;
            chunk.Add((row, judgement.Shown.Key, content, rank));
            if (chunk.Count == ChunkRows) await FlushAsync().ConfigureAwait(false);
        }

        await FlushAsync().ConfigureAwait(false);
        return [.. drawn];

        async ValueTask FlushAsync()
        {
            var found = await FindAsync(answers, scope, [.. chunk.Select(c => c.Key)], cancellationToken).ConfigureAwait(false);
            foreach (var (candidate, stored) in chunk.Zip(found))
            {
                if (stored is not { Kind: OutcomeKind.Answered or OutcomeKind.Abstained }) continue;
                drawn.Add(new SampledRow(candidate.Row, candidate.Key, candidate.Content, candidate.Rank, stored));
                if (drawn.Count > size) drawn.Remove(drawn.Max!);
            }

            chunk.Clear();
        }
    }

    /// <summary>A place in a random order.</summary>
    /// <param name="key">The row.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="which">Which of the seed's orders.</param>
    public static RowKey Order(RowKey key, long seed, ulong which)
    {
        Span<byte> bytes = stackalloc byte[RowKey.Size];
        key.Write(bytes);
        return SipHash128.Hash((ulong)seed, which, bytes);
    }

    /// <summary>The stored outcome of each key.</summary>
    public static async ValueTask<StoredOutcome?[]> FindAsync(
        IAnswerStore answers, AnswerScope scope, RowKey[] keys, CancellationToken cancellationToken)
    {
        var found = new StoredOutcome?[keys.Length];
        await answers.FindAsync(scope, keys, found, cancellationToken).ConfigureAwait(false);
        return found;
    }
}
