using Rowmill.Core.Stores;

namespace Rowmill.Tests.Cli;

/// <summary>A ledger that counts how often it is read.</summary>
internal sealed class ReadCounter(ICallLedger calls) : ICallLedger
{
    public int Readings { get; private set; }

    public IAsyncEnumerable<CallRecord> ReadAsync(CallQuery query, CancellationToken cancellationToken = default)
    {
        Readings++;
        return calls.ReadAsync(query, cancellationToken);
    }

    public ValueTask<long> OpenAsync(CallIntent intent, CancellationToken cancellationToken = default) => calls.OpenAsync(intent, cancellationToken);

    public ValueTask SettleAsync(CallSettlement settlement, CancellationToken cancellationToken = default) => calls.SettleAsync(settlement, cancellationToken);

    /// <inheritdoc/>
    public ValueTask RecordAsync(CallIntent call, CallSettlement settlement, CancellationToken cancellationToken = default) => calls.RecordAsync(call, settlement, cancellationToken);

    public ValueTask<Doubt> FindDoubtAsync(Lease lease, CancellationToken cancellationToken = default) => calls.FindDoubtAsync(lease, cancellationToken);

    public ValueTask ClearAsync(Lease lease, IReadOnlyList<long> cleared, ClearedBy by, CancellationToken cancellationToken = default) =>
        calls.ClearAsync(lease, cleared, by, cancellationToken);

    public ValueTask<decimal> SpentAsync(string job, CancellationToken cancellationToken = default) => calls.SpentAsync(job, cancellationToken);

    public ValueTask FindSharesAsync(ReadOnlyMemory<RowCall> rows, Memory<CallShare?> found, CancellationToken cancellationToken = default) =>
        calls.FindSharesAsync(rows, found, cancellationToken);
}
