using Rowmill.Core;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill.Tests.Runs;

/// <summary>Windows whose disk is full once so many calls have been settled.</summary>
internal sealed class BrokenWindows(IWindowStore windows, int settles) : IWindowStore
{
    private int _settled;
    private int _observed;

    /// <summary>How many may be told of that were not reserved.</summary>
    public int Observes { get; init; } = int.MaxValue;

    public ValueTask SettleAsync(long reservation, WindowSettlement settlement, CancellationToken cancellationToken = default) =>
        _settled++ < settles ? windows.SettleAsync(reservation, settlement, cancellationToken) : throw new StoreException("no space is left for windows");

    public ValueTask<WindowGrant> ReserveAsync(WindowRequest request, CancellationToken cancellationToken = default) =>
        windows.ReserveAsync(request, cancellationToken);

    public ValueTask ReleaseAsync(long number, CancellationToken cancellationToken = default) => windows.ReleaseAsync(number, cancellationToken);

    public ValueTask ObserveAsync(
        WindowOwner owner, IReadOnlyList<LimitReading> readings, DateTimeOffset sentAt, CancellationToken cancellationToken = default) =>
        _observed++ < Observes ? windows.ObserveAsync(owner, readings, sentAt, cancellationToken) : throw new StoreException("no space is left for windows");

    public ValueTask HoldAsync(WindowOwner owner, WindowHold hold, CancellationToken cancellationToken = default) =>
        windows.HoldAsync(owner, hold, cancellationToken);

    public ValueTask<WindowSnapshot> SnapshotAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default) =>
        windows.SnapshotAsync(owner, limits, cancellationToken);

    public ValueTask<IReadOnlyList<OwnerState>> ReadAsync(CancellationToken cancellationToken = default) => windows.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<QueueState> EnqueueAsync(QueueRequest request, CancellationToken cancellationToken = default) => windows.EnqueueAsync(request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DequeueAsync(WindowOwner owner, string batch, CancellationToken cancellationToken = default) => windows.DequeueAsync(owner, batch, cancellationToken);

    /// <inheritdoc/>
    public ValueTask LearnQueueAsync(WindowOwner owner, long limit, CancellationToken cancellationToken = default) => windows.LearnQueueAsync(owner, limit, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<QueueState> QueueAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default) => windows.QueueAsync(owner, limits, cancellationToken);

    public ValueTask<string> FingerprintAsync(string key, CancellationToken cancellationToken = default) => windows.FingerprintAsync(key, cancellationToken);
}

/// <summary>A log of runs that has room for their beginnings only.</summary>
internal sealed class BrokenRunLog(IRunLog runs) : IRunLog
{
    public ValueTask SaveAsync(RunRecord record, CancellationToken cancellationToken = default) =>
        record.EndedAt is null ? runs.SaveAsync(record, cancellationToken) : throw new StoreException("no space is left for runs");

    public ValueTask<RunRecord?> LastAsync(string job, CancellationToken cancellationToken = default) => runs.LastAsync(job, cancellationToken);
}

/// <summary>A lease that cannot be given back.</summary>
internal sealed class BrokenLease(IRunLease leases) : IRunLease
{
    public ValueTask<LeaseGrant> AcquireAsync(string job, string runId, LeaseOwner owner, CancellationToken cancellationToken = default) =>
        leases.AcquireAsync(job, runId, owner, cancellationToken);

    public ValueTask<LeaseLook> LookAsync(string job, CancellationToken cancellationToken = default) => leases.LookAsync(job, cancellationToken);

    public ValueTask<bool> RenewAsync(Lease lease, CancellationToken cancellationToken = default) => leases.RenewAsync(lease, cancellationToken);

    public ValueTask ReleaseAsync(Lease lease, CancellationToken cancellationToken = default) => throw new StoreException("no space is left for leases");
}
