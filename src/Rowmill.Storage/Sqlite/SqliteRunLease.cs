using Rowmill.Core;
using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite.Ops;

namespace Rowmill.Storage.Sqlite;

internal sealed class SqliteRunLease(Writer writer, Reader<TableReader> tables, TimeProvider clock, Func<LeaseOwner, bool?> isAlive) : IRunLease
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

    public ValueTask<LeaseLook> LookAsync(string job, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var held = tables.Use(t => StoredLease.Read(t.Statement(StoredLease.Sql), job));
        var live = held?.IsLive(clock.GetUtcNow(), isAlive) == true;
        return ValueTask.FromResult(new LeaseLook(held?.Token ?? 0, live ? new Lease(job, held!.RunId!, held.Token) : null));
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
