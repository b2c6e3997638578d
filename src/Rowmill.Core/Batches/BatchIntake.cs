using System.Runtime.CompilerServices;
using Rowmill.Core.Packing;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>
/// Gives out the rows that are to go into batches, in source order: what is invalid or answered is left out, and what is in an open line already;
/// equal rows go once. It holds one chunk of the source, never the table.
/// </summary>
/// <param name="work">The job.</param>
/// <param name="rests">What earlier batches left, by row.</param>
internal sealed class BatchIntake(BatchWork work, IReadOnlyDictionary<RowKey, Ask> rests) : IDisposable
{
    private const int ChunkRows = 512;

    private readonly OccurrenceIndex _taken = new(Path.GetTempPath(), work.Plan.Profile.Rows);
    private readonly List<Ask> _chunk = [];
    private readonly RowKey[] _keys = new RowKey[ChunkRows];
    private readonly StoredOutcome?[] _found = new StoredOutcome?[ChunkRows];
    private bool _anything;

    /// <summary>Rows among the rests that have ended meanwhile.</summary>
    public HashSet<RowKey> Ended { get; } = [];

    /// <summary>The rows.</summary>
    public async IAsyncEnumerable<Ask> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (plan, run) = (work.Plan, work.Run);
        _anything = await work.Environment.Answers.AnyAsync(plan.Scope, cancellationToken).ConfigureAwait(false);
        await foreach (var some in work.Environment.Batches.OpenRowsAsync(run.Job.Name, run.Question, cancellationToken).ConfigureAwait(false))
            foreach (var row in some) _taken.Next(row);

        using var judge = plan.Judge();
        await foreach (var row in plan.Source.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (run.Options.EndsBefore(row.Index)) break;
            var judgement = judge.Judge(row);
            if (!run.Options.Counts(row.Index) || judgement.Invalid is not null || _taken.Next(judgement.Shown.Key) > 0) continue;
            var ask = new Ask(judgement.Shown.Key, judgement.Shown.Json);
            if (rests.TryGetValue(ask.Key, out var been)) ask.Resume(been);
            _chunk.Add(ask);
            if (_chunk.Count < ChunkRows) continue;
            await LookUpAsync(cancellationToken).ConfigureAwait(false);
            foreach (var next in _chunk) yield return next;
            _chunk.Clear();
        }

        await LookUpAsync(cancellationToken).ConfigureAwait(false);
        foreach (var next in _chunk) yield return next;
        _chunk.Clear();
    }

    public void Dispose() => _taken.Dispose();

    /// <summary>Takes out of the chunk what the store already answers.</summary>
    private async ValueTask LookUpAsync(CancellationToken cancellationToken)
    {
        if (!_anything || _chunk.Count == 0) return;
        for (var i = 0; i < _chunk.Count; i++) _keys[i] = _chunk[i].Key;
        await work.Environment.Answers.FindAsync(work.Plan.Scope, _keys.AsMemory(0, _chunk.Count), _found.AsMemory(0, _chunk.Count), cancellationToken)
            .ConfigureAwait(false);
        var at = 0;
        _chunk.RemoveAll(ask =>
        {
            if (_found[at++] is not { } found) return false;
            if (found.Kind != OutcomeKind.Failed) work.Run.Counters.AnsweredBy(found.Route);
            // One that is on its way already goes on, though it had failed before.
            if (work.Run.Options.AsksAgain(found, work.Run.RunId) || (found.Kind == OutcomeKind.Failed && rests.ContainsKey(ask.Key))) return false;
            if (rests.ContainsKey(ask.Key)) Ended.Add(ask.Key);
            return true;
        });
        Array.Clear(_found);
    }
}
