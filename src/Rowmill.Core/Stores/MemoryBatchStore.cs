using System.Runtime.CompilerServices;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Stores;

/// <summary>Batch jobs in memory. What a kept batch holds of lines is open: an ended one is taken out.</summary>
internal sealed class MemoryBatchStore(MemoryRunLease leases) : IBatchStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Kept> _batches = new(StringComparer.Ordinal);
    private readonly List<(BatchRest Left, string Job, string Question)> _rests = [];
    private int _saved;

    private sealed class Kept
    {
        /// <summary>The lease under which its lines were added.</summary>
        public required Lease Lease { get; set; }

        public SortedDictionary<int, BatchLine> Lines { get; } = [];

        /// <summary>Null until it is saved: its lines count for nothing.</summary>
        public BatchRecord? Record { get; set; }

        /// <summary>Which batch of the store was saved first, second, ….</summary>
        public int Order { get; set; }
    }

    public ValueTask AddLinesAsync(Lease lease, string batch, IReadOnlyList<BatchLine> lines, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            leases.Fence(lease);
            if (lines.Count == 0) return ValueTask.CompletedTask;
            var kept = GetOrAdd(lease, batch);
            if (kept.Record is not null) throw new InvalidOperationException($"batch {batch} is stored already and takes no more lines");
            if (lines[0].Number == 1) Begin(lease, kept);
            foreach (var line in lines)
                kept.Lines[line.Number] = line with { Rows = [.. line.Rows], Tokens = [.. line.Tokens], Past = line.Past.ToArray() };
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask SaveAsync(Lease lease, BatchRecord batch, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            leases.Fence(lease);
            var kept = GetOrAdd(lease, batch.Name);
            if (kept.Record is null) kept.Order = ++_saved;
            kept.Record = batch;
            if (batch.Phase is BatchPhase.Dropped or BatchPhase.Ended) kept.Lines.Clear();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<BatchRecord>> ReadAsync(string job, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate) return ValueTask.FromResult<IReadOnlyList<BatchRecord>>([.. Of(job).Select(b => b.Record!)]);
    }

    public ValueTask FindLinesAsync(string batch, ReadOnlyMemory<int> numbers, Memory<BatchLine?> found, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        OutcomeCheck.SameLength(numbers.Length, found.Length);
        lock (_gate)
        {
            var kept = Find(batch);
            for (var i = 0; i < numbers.Length; i++) found.Span[i] = kept?.Lines.GetValueOrDefault(numbers.Span[i]);
        }

        return ValueTask.CompletedTask;
    }

    public async IAsyncEnumerable<BatchLine> OpenLinesAsync(string batch, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        BatchLine[] lines;
        lock (_gate) lines = [.. Find(batch)?.Lines.Values ?? Enumerable.Empty<BatchLine>()];
        foreach (var line in lines)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return line;
        }
    }

    public async IAsyncEnumerable<BatchRest> RestsAsync(
        string job, string question, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        BatchRest[] rests;
        lock (_gate) rests = [.. _rests.Where(r => r.Job == job && r.Question == question).Select(r => r.Left)];
        foreach (var rest in rests)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return rest;
        }
    }

    public ValueTask ForgetRestsAsync(Lease lease, IReadOnlyList<BatchRest> rests, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            leases.Fence(lease);
            var gone = rests.Select(r => (r.Batch, r.Line)).ToHashSet();
            _rests.RemoveAll(r => gone.Contains((r.Left.Batch, r.Left.Line)));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<int> CloseAsync(Lease lease, string batch, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            leases.Fence(lease);
            if (Find(batch) is not { } kept) return ValueTask.FromResult(0);
            var lines = kept.Lines.Count;
            kept.Lines.Clear();
            return ValueTask.FromResult(lines);
        }
    }

    public ValueTask<(int Lines, int Rows)> CountOpenAsync(string batch, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return ValueTask.FromResult(Find(batch) is { } kept ? (kept.Lines.Count, kept.Lines.Values.Sum(l => l.Rows.Count)) : (0, 0));
        }
    }

    public async IAsyncEnumerable<IReadOnlyList<RowKey>> OpenRowsAsync(
        string job, string question, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        IReadOnlyList<RowKey>[] lines;
        lock (_gate) lines = [.. Of(job).Where(b => b.Record!.Question == question).SelectMany(b => b.Lines.Values).Select(l => l.Rows)];
        foreach (var rows in lines)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return rows;
        }
    }

    /// <summary>Ends a line and keeps what is left of it.</summary>
    /// <returns>False when it is not open.</returns>
    public bool TryEnd(BatchPlace place)
    {
        lock (_gate)
        {
            if (Find(place.Batch) is not { } kept || !kept.Lines.Remove(place.Line)) return false;
            if (!place.Rest.IsEmpty)
                _rests.Add((new BatchRest(place.Batch, place.Line, place.Rest.ToArray()), kept.Record!.Job, kept.Record.Question));
            return true;
        }
    }

    /// <summary>What the open lines of the job's batches cost at most that the service has or may have, in USD.</summary>
    public decimal OpenUsd(string job)
    {
        lock (_gate)
        {
            return Of(job)
                .Where(b => b.Record is { Phase: BatchPhase.Submitting or BatchPhase.Submitted, Lines: > 0 })
                .Sum(b => (b.Record!.MaxUsd ?? 0) * b.Lines.Count / b.Record.Lines);
        }
    }

    /// <summary>Takes out what was added under this name before, and what dead runs of the job added and never saved.</summary>
    private void Begin(Lease lease, Kept kept)
    {
        kept.Lease = lease;
        kept.Lines.Clear();
        var left = _batches.Where(b => b.Value is { Record: null } k && k.Lease.Job == lease.Job && k.Lease.Token < lease.Token).ToList();
        foreach (var (name, _) in left) _batches.Remove(name);
    }

    private Kept GetOrAdd(Lease lease, string batch)
    {
        if (!_batches.TryGetValue(batch, out var kept)) _batches.Add(batch, kept = new Kept { Lease = lease });
        return kept;
    }

    /// <summary>A batch that was saved.</summary>
    private Kept? Find(string batch) => _batches.TryGetValue(batch, out var kept) && kept.Record is not null ? kept : null;

    private IEnumerable<Kept> Of(string job) => _batches.Values.Where(b => b.Record?.Job == job).OrderBy(b => b.Order);
}
