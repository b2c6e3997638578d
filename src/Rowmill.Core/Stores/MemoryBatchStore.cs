using Rowmill.Core.Rows;

namespace Rowmill.Core.Stores;

/// <summary>Batch jobs in memory.</summary>
internal sealed class MemoryBatchStore(MemoryRunLease leases) : IBatchStore
{
    public MemoryRunLease Leases => leases;

    public ValueTask AddLinesAsync(Lease lease, string batch, IReadOnlyList<BatchLine> lines, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask SaveAsync(Lease lease, BatchRecord batch, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<BatchRecord>> ReadAsync(string job, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask FindLinesAsync(string batch, ReadOnlyMemory<int> numbers, Memory<BatchLine?> found, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<BatchLine> OpenLinesAsync(string batch, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<BatchRest> RestsAsync(string job, string question, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask ForgetRestsAsync(Lease lease, IReadOnlyList<BatchRest> rests, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<int> CloseAsync(Lease lease, string batch, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<(int Lines, int Rows)> CountOpenAsync(string batch, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<IReadOnlyList<RowKey>> OpenRowsAsync(string job, string question, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
