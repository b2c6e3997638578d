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
    private readonly Dictionary<WindowOwner, Owned> _owners = [];
    private readonly Dictionary<long, (Owned Owner, Claim Claim)> _claims = [];
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(KeyFingerprint.SaltBytes);
    private (WindowOwner Owner, Owned Owned)? _lastAsked;
    private long _last;

    /// <inheritdoc/>
    public ValueTask<WindowGrant> ReserveAsync(WindowRequest request, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var owner = Of(request.Owner);
            var verdict = owner.Windows.Reserve(request, time.GetUtcNow(), s_self, _ => true);
            foreach (var gone in owner.Windows.Gone) Forget(owner, gone);
            if (verdict.Claim is not { } claim) return new(verdict.Grant(0));

            var number = claim.Number == 0 ? ++_last : claim.Number;
            claim = claim with { Number = number };
            owner.Windows.Keep(claim);
            _claims[number] = (owner, claim);
            if (!claim.Waits) owner.Reservations[number] = claim;
            return new(verdict.Grant(number));
        }
    }

    /// <inheritdoc/>
    public ValueTask SettleAsync(long reservation, WindowSettlement settlement, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            if (End(reservation) is var (owner, claim)) owner.Windows.Settle(claim, settlement, time.GetUtcNow());
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ReleaseAsync(long number, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            if (End(number) is var (owner, claim)) owner.Windows.Release(claim, time.GetUtcNow());
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ObserveAsync(
        WindowOwner owner, IReadOnlyList<LimitReading> readings, DateTimeOffset sentAt, CancellationToken cancellationToken = default)
    {
        lock (_gate) Of(owner).Windows.Observe(readings, sentAt, time.GetUtcNow());
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask HoldAsync(WindowOwner owner, WindowHold hold, CancellationToken cancellationToken = default)
    {
        lock (_gate) Of(owner).Windows.Hold(hold, time.GetUtcNow());
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<WindowSnapshot> SnapshotAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default)
    {
        // Asking after an owner does not make it known.
        lock (_gate)
        {
            var windows = _owners.TryGetValue(owner, out var owned) ? owned.Windows : new OwnerWindows(owner, transit, OwnerRecord.New, [], () => []);
            return new(windows.Snapshot(limits, time.GetUtcNow()));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OwnerState>> ReadAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            return new([.. _owners
                .OrderBy(o => (o.Key.Provider, o.Key.Model, o.Key.BaseUrl, o.Key.Account))
                .Select(o => o.Value.Windows.State(now) with { Queue = o.Value.Queue.State(now) })]);
        }
    }

    /// <inheritdoc/>
    public ValueTask<QueueState> EnqueueAsync(QueueRequest request, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var owner = Of(request.Owner);
            (owner.Queue, var state) = owner.Queue.Entered(request, time.GetUtcNow());
            return new(state);
        }
    }

    /// <inheritdoc/>
    public ValueTask DequeueAsync(WindowOwner owner, string batch, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            if (_owners.TryGetValue(owner, out var owned)) owned.Queue = owned.Queue.Without(batch);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask LearnQueueAsync(WindowOwner owner, long limit, CancellationToken cancellationToken = default)
    {
        lock (_gate) Of(owner).Queue = Of(owner).Queue.Learned(limit, time.GetUtcNow());
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<QueueState> QueueAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var queue = _owners.TryGetValue(owner, out var owned) ? owned.Queue : KeptQueue.New;
            return new(queue.StateFor(limits, time.GetUtcNow()));
        }
    }

    /// <inheritdoc/>
    public ValueTask<string> FingerprintAsync(string key, CancellationToken cancellationToken = default) => new(KeyFingerprint.Of(_salt, key));

    /// <summary>Takes a claim out; nothing more is to be done for a place, nor for what is not outstanding.</summary>
    private (Owned Owner, Claim Claim)? End(long number)
    {
        if (!_claims.TryGetValue(number, out var found)) return null;
        Forget(found.Owner, number);
        if (!found.Claim.Waits) return found;
        found.Owner.Windows.Forget(number);
        return null;
    }

    private void Forget(Owned owner, long number)
    {
        _claims.Remove(number);
        owner.Reservations.Remove(number);
    }

    private Owned Of(WindowOwner owner)
    {
        if (_lastAsked is { } last && ReferenceEquals(last.Owner, owner)) return last.Owned;
        if (!_owners.TryGetValue(owner, out var owned)) _owners[owner] = owned = new Owned(owner, transit);
        _lastAsked = (owner, owned);
        return owned;
    }

    private sealed class Owned
    {
        public Owned(WindowOwner owner, TimeSpan transit) => Windows = new(owner, transit, OwnerRecord.New, [], () => Reservations.Values);

        public Dictionary<long, Claim> Reservations { get; } = [];

        public OwnerWindows Windows { get; }

        public KeptQueue Queue { get; set; } = KeptQueue.New;
    }
}
