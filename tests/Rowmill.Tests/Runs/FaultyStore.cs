using Rowmill.Core.Stores;

namespace Rowmill.Tests.Runs;

/// <summary>A store whose nth write fails, and with it every later one of that run.</summary>
internal sealed class FaultyStore(MemoryStore store, int failsAt) : IAnswerStore, ICallLedger
{
    private int _writes;

    /// <summary>True once a write has failed.</summary>
    public bool Failed { get; private set; }

    public ValueTask AppendAsync(OutcomePack pack, CancellationToken cancellationToken = default)
    {
        Count();
        return store.Answers.AppendAsync(pack, cancellationToken);
    }

    public ValueTask<long> OpenAsync(CallIntent intent, CancellationToken cancellationToken = default)
    {
        Count();
        return store.Calls.OpenAsync(intent, cancellationToken);
    }

    public ValueTask SettleAsync(CallSettlement settlement, CancellationToken cancellationToken = default)
    {
        Count();
        return store.Calls.SettleAsync(settlement, cancellationToken);
    }

    public ValueTask FindAsync(
        AnswerScope scope, ReadOnlyMemory<Core.Rows.RowKey> keys, Memory<StoredOutcome?> found, CancellationToken cancellationToken = default) =>
        store.Answers.FindAsync(scope, keys, found, cancellationToken);

    public ValueTask<bool> AnyAsync(AnswerScope scope, CancellationToken cancellationToken = default) => store.Answers.AnyAsync(scope, cancellationToken);

    public ValueTask<UnusedAnswers> UnusedAsync(string job, AnswerScope scope, CancellationToken cancellationToken = default) =>
        store.Answers.UnusedAsync(job, scope, cancellationToken);

    /// <inheritdoc/>
    public ValueTask RecordAsync(CallIntent call, CallSettlement settlement, CancellationToken cancellationToken = default) => store.Calls.RecordAsync(call, settlement, cancellationToken);

    public ValueTask<Doubt> FindDoubtAsync(Lease lease, CancellationToken cancellationToken = default) => store.Calls.FindDoubtAsync(lease, cancellationToken);

    public ValueTask ClearAsync(Lease lease, IReadOnlyList<long> calls, ClearedBy by, CancellationToken cancellationToken = default)
    {
        Count();
        return store.Calls.ClearAsync(lease, calls, by, cancellationToken);
    }

    public ValueTask FindSharesAsync(ReadOnlyMemory<RowCall> rows, Memory<CallShare?> found, CancellationToken cancellationToken = default) =>
        store.Calls.FindSharesAsync(rows, found, cancellationToken);

    public ValueTask<decimal> SpentAsync(string job, CancellationToken cancellationToken = default) => store.Calls.SpentAsync(job, cancellationToken);

    public IAsyncEnumerable<CallRecord> ReadAsync(CallQuery query, CancellationToken cancellationToken = default) => store.Calls.ReadAsync(query, cancellationToken);

    private void Count()
    {
        if (Interlocked.Increment(ref _writes) < failsAt) return;
        Failed = true;
        throw new StoreException("no space is left");
    }
}
