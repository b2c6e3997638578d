using System.Security.Cryptography;
using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>Windows of one process, forgotten when it ends: for tests and for planning on a simulated clock.</summary>
/// <param name="time">The clock.</param>
/// <param name="transit">How long a request may travel; see <see cref="WindowUsage.Plus"/>.</param>
public sealed class MemoryWindowStore(TimeProvider time, TimeSpan transit = default) : IWindowStore
{
    private static readonly LeaseOwner s_self = new("memory", 0, "");

    private readonly Lock _gate = new();
    private readonly Dictionary<WindowOwner, IReadOnlyList<UsedWindow>> _windows = [];
    private readonly Dictionary<long, (WindowOwner Owner, Claim Claim)> _claims = [];
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(KeyFingerprint.SaltBytes);
    private long _last;

    /// <inheritdoc/>
    public ValueTask<WindowGrant> ReserveAsync(WindowRequest request, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var owner = Of(request.Owner);
            var verdict = owner.Reserve(request, time.GetUtcNow(), s_self, _ => true);
            _windows[request.Owner] = owner.Windows;
            foreach (var gone in owner.Gone) _claims.Remove(gone);
            if (verdict.Claim is not { } claim) return new(verdict.Grant(0));

            var number = claim.Number == 0 ? ++_last : claim.Number;
            _claims[number] = (request.Owner, claim with { Number = number });
            return new(verdict.Grant(number));
        }
    }

    /// <inheritdoc/>
    public ValueTask SettleAsync(long reservation, WindowSettlement settlement, CancellationToken cancellationToken = default)
    {
        End(reservation, (windows, owner, claim, now) =>
        {
            if (settlement.Used is { } used) windows.Settle(claim, owner.Provider, used, now);
        });
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ReleaseAsync(long number, CancellationToken cancellationToken = default)
    {
        End(number, (windows, _, claim, now) => windows.Release(claim, now));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ObserveAsync(
        WindowOwner owner, IReadOnlyList<LimitReading> readings, DateTimeOffset sentAt, CancellationToken cancellationToken = default) => default;

    /// <inheritdoc/>
    public ValueTask HoldAsync(WindowOwner owner, WindowHold hold, CancellationToken cancellationToken = default) => default;

    /// <inheritdoc/>
    public ValueTask<WindowSnapshot> SnapshotAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default)
    {
        var now = time.GetUtcNow();
        return new(new WindowSnapshot(now, [.. WindowSpec.Of(limits).Select(s => new UsedWindow(s, new(0, now)))], null));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OwnerState>> ReadAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            return new([.. _windows
                .OrderBy(o => (o.Key.Provider, o.Key.Model, o.Key.BaseUrl, o.Key.Account))
                .Select(o => new OwnerState(
                    o.Key, [.. o.Value.OrderBy(w => w.Spec.Name, StringComparer.Ordinal).Select(w => w.StateAt(now))], null))]);
        }
    }

    /// <inheritdoc/>
    public ValueTask<string> FingerprintAsync(string key, CancellationToken cancellationToken = default) => new(KeyFingerprint.Of(_salt, key));

    private void End(long number, Action<OwnerWindows, WindowOwner, Claim, DateTimeOffset> end)
    {
        lock (_gate)
        {
            if (!_claims.Remove(number, out var found) || found.Claim.Waits) return;
            var windows = Of(found.Owner);
            end(windows, found.Owner, found.Claim, time.GetUtcNow());
            _windows[found.Owner] = windows.Windows;
        }
    }

    private OwnerWindows Of(WindowOwner owner) => new(
        _windows.GetValueOrDefault(owner, []), [.. _claims.Values.Where(c => c.Owner == owner).Select(c => c.Claim)], transit);
}
