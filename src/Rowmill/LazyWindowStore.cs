using Rowmill.Core.Limits;
using Rowmill.Core.Models;

namespace Rowmill;

/// <summary>Opens the limits' file only when a route has windows to keep.</summary>
internal sealed class LazyWindowStore(Func<IWindowStore> store) : IWindowStore
{
    public ValueTask<WindowGrant> ReserveAsync(WindowRequest request, CancellationToken cancellationToken = default) =>
        store().ReserveAsync(request, cancellationToken);

    public ValueTask SettleAsync(long reservation, WindowSettlement settlement, CancellationToken cancellationToken = default) =>
        store().SettleAsync(reservation, settlement, cancellationToken);

    public ValueTask ReleaseAsync(long number, CancellationToken cancellationToken = default) => store().ReleaseAsync(number, cancellationToken);

    public ValueTask ObserveAsync(
        WindowOwner owner, IReadOnlyList<LimitReading> readings, DateTimeOffset sentAt, CancellationToken cancellationToken = default) =>
        readings.Count == 0 ? ValueTask.CompletedTask : store().ObserveAsync(owner, readings, sentAt, cancellationToken);

    public ValueTask HoldAsync(WindowOwner owner, WindowHold hold, CancellationToken cancellationToken = default) =>
        store().HoldAsync(owner, hold, cancellationToken);

    public ValueTask<WindowSnapshot> SnapshotAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default) =>
        store().SnapshotAsync(owner, limits, cancellationToken);

    public ValueTask<IReadOnlyList<OwnerState>> ReadAsync(CancellationToken cancellationToken = default) => store().ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<QueueState> EnqueueAsync(QueueRequest request, CancellationToken cancellationToken = default) => store().EnqueueAsync(request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DequeueAsync(WindowOwner owner, string batch, CancellationToken cancellationToken = default) => store().DequeueAsync(owner, batch, cancellationToken);

    /// <inheritdoc/>
    public ValueTask LearnQueueAsync(WindowOwner owner, long limit, CancellationToken cancellationToken = default) => store().LearnQueueAsync(owner, limit, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<QueueState> QueueAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default) => store().QueueAsync(owner, limits, cancellationToken);

    public ValueTask<string> FingerprintAsync(string key, CancellationToken cancellationToken = default) =>
        store().FingerprintAsync(key, cancellationToken);
}
