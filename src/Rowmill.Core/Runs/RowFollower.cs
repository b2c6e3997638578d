using System.Runtime.CompilerServices;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>
/// A pass over the source behind a run: gives each row with its verdict as soon as the run has ended it. The store is the only buffer
/// between the two, so a slow reader neither holds the run up nor fills the memory; it holds one chunk of rows.
/// </summary>
/// <param name="opened">The job.</param>
/// <param name="answers">The store.</param>
/// <param name="options">What the run does differently.</param>
/// <param name="runId">The run.</param>
/// <param name="stored">Beats after each store of outcomes, and at the run's end.</param>
/// <param name="ended">Whether the run has ended.</param>
internal sealed class RowFollower(
    OpenedJob opened, IAnswerStore answers, RunOptions options, string runId, Pulse stored, Func<bool> ended)
{
    private const int ChunkRows = 1024;
    private const int ChunkBytes = 1 << 20;

    /// <summary>Rows looked up at once: a beat ends about a pack of them.</summary>
    private const int LookAhead = 64;

    private readonly List<(Row Row, Judgement Judgement)> _chunk = new(ChunkRows);
    private readonly RowKey[] _keys = new RowKey[ChunkRows];
    private readonly StoredOutcome?[] _found = new StoredOutcome?[LookAhead];

    /// <summary>The rows that the run counts, in source order.</summary>
    public async IAsyncEnumerable<(Row Row, RowVerdict Verdict)> RowsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var judge = opened.Judge();
        var bytes = 0;
        await foreach (var row in opened.Source.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (options.EndsBefore(row.Index)) break;
            // Rows left out are judged too: the occurrence numbers of equal rows count from the beginning.
            var judgement = judge.Judge(row);
            if (!options.Counts(row.Index)) continue;
            _chunk.Add((row, judgement));
            bytes += row.Size;
            if (_chunk.Count < ChunkRows && bytes < ChunkBytes) continue;
            await foreach (var followed in FlushAsync(cancellationToken).ConfigureAwait(false)) yield return followed;
            bytes = 0;
        }

        await foreach (var followed in FlushAsync(cancellationToken).ConfigureAwait(false)) yield return followed;
    }

    private async IAsyncEnumerable<(Row Row, RowVerdict Verdict)> FlushAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var i = 0; i < _chunk.Count; i++) _keys[i] = _chunk[i].Judgement.Shown.Key;
        for (var at = 0; at < _chunk.Count;)
        {
            // Taken before the look: what is stored after it beats.
            var (next, last) = (stored.Next, ended());
            var count = Math.Min(LookAhead, _chunk.Count - at);
            await answers.FindAsync(opened.Scope, _keys.AsMemory(at, count), _found.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            var known = 0;
            for (; known < count && (last || IsEnded(_chunk[at + known].Judgement, _found[known])); known++)
            {
                var (row, judgement) = _chunk[at + known];
                yield return (row, VerdictPass.Verdict(judgement, _found[known], runId) with { Key = _keys[at + known] });
            }

            at += known;
            if (known < count) await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        _chunk.Clear();
    }

    private bool IsEnded(Judgement judgement, StoredOutcome? found) =>
        found is null ? judgement.Invalid is not null : !options.AsksAgain(found, runId);
}
