using Rowmill.Core;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>Asks for a job's lease. The transaction makes it atomic between processes.</summary>
internal sealed class AcquireLeaseOp(
    string job, string runId, LeaseOwner owner, TimeProvider clock, Func<LeaseOwner, bool?> isAlive) : WriteOp
{
    public LeaseGrant Grant { get; private set; } = new(null);

    public override void Execute(WriteSession session)
    {
        var now = clock.GetUtcNow();
        var held = StoredLease.Read(session.Statement(StoredLease.Sql), job);
        if (held?.IsLive(now, isAlive) == true)
        {
            Grant = new LeaseGrant(null, held.Owner, held.Since);
            return;
        }

        var token = (held?.Token ?? 0) + 1;
        session.Statement("lease_grant")
            .Bind(1, job).Bind(2, runId).Bind(3, token)
            .Bind(4, owner.Host).Bind(5, owner.ProcessId).Bind(6, owner.ProcessStarted).Bind(7, StoreTime.Of(now))
            .Run();
        Grant = new LeaseGrant(new Lease(job, runId, token));
    }
}

/// <summary>Says that the holder lives; its result is 0 when it holds the lease no more.</summary>
internal sealed class RenewLeaseOp(Lease lease, TimeProvider clock) : WriteOp
{
    public override void Execute(WriteSession session)
    {
        session.Statement("UPDATE leases SET seen = ?4 WHERE job = ?1 AND run = ?2 AND token = ?3")
            .Bind(1, lease.Job).Bind(2, lease.RunId).Bind(3, lease.Token).Bind(4, StoreTime.Of(clock.GetUtcNow()))
            .Run();
        Result = session.Connection.Changes;
    }
}

/// <summary>Gives the lease back, keeping its token.</summary>
internal sealed class ReleaseLeaseOp(Lease lease) : WriteOp
{
    public override void Execute(WriteSession session) =>
        session.Statement("UPDATE leases SET run = NULL WHERE job = ?1 AND run = ?2 AND token = ?3")
            .Bind(1, lease.Job).Bind(2, lease.RunId).Bind(3, lease.Token)
            .Run();
}
