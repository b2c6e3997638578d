using Rowmill.Core;
using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite.Ops;

namespace Rowmill.Storage.Sqlite;

internal sealed class SqliteRunLease(Writer writer, TimeProvider clock, Func<LeaseOwner, bool?> isAlive) : IRunLease
{
    public async ValueTask<LeaseGrant> AcquireAsync(
        string job, string runId, LeaseOwner owner, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var op = new AcquireLeaseOp(job, runId, owner, clock, isAlive);
        writer.Enqueue(op);
        await op.AsVoidTask().ConfigureAwait(false);
        return op.Grant;
    }

    public async ValueTask<bool> RenewAsync(Lease lease, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var op = new RenewLeaseOp(lease, clock);
        writer.Enqueue(op);
        return await op.AsTask().ConfigureAwait(false) > 0;
    }

    public ValueTask ReleaseAsync(Lease lease, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var op = new ReleaseLeaseOp(lease);
        writer.Enqueue(op);
        return op.AsVoidTask();
    }
}
