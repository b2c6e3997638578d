using Rowmill.Core;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite;

/// <summary>A job's lease as it stands in the file.</summary>
internal sealed record StoredLease(long Token, string? RunId, LeaseOwner Owner, DateTimeOffset Since, DateTimeOffset Seen)
{
    /// <summary>Reads what <see cref="Read"/> does; ?1 the job's name.</summary>
    public const string Sql = "SELECT token, run, host, pid, pid_started, since, seen FROM leases WHERE job = ?1";

    /// <summary>The lease of a job that has ever run.</summary>
    public static StoredLease? Read(Statement statement, string job)
    {
        if (!statement.Bind(1, job).Step()) return null;
        var lease = new StoredLease(
            statement.Int64(0),
            statement.Text(1),
            new LeaseOwner(statement.Text(2)!, (int)statement.Int64(3), statement.Text(4)!),
            StoreTime.Read(statement.Int64(5)),
            StoreTime.Read(statement.Int64(6)));
        statement.Reset();
        return lease;
    }

    /// <summary>Whether a live run holds it.</summary>
    public bool IsLive(DateTimeOffset now, Func<LeaseOwner, bool?> isAlive) =>
        RunId is not null && (isAlive(Owner) ?? now - Seen < IRunLease.Silence);
}
