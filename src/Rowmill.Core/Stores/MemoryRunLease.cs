namespace Rowmill.Core.Stores;

internal sealed class MemoryRunLease(TimeProvider clock, Func<LeaseOwner, bool?> isAlive) : IRunLease
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Held> _jobs = new(StringComparer.Ordinal);

    private sealed record Held(string? RunId, long Token, LeaseOwner Owner, DateTimeOffset Since, DateTimeOffset Seen);

    public ValueTask<LeaseGrant> AcquireAsync(
        string job, string runId, LeaseOwner owner, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            var held = _jobs.GetValueOrDefault(job);
            if (held is not null && IsLive(held, now))
                return ValueTask.FromResult(new LeaseGrant(null, held.Owner, held.Since));

            var token = (held?.Token ?? 0) + 1;
            _jobs[job] = new Held(runId, token, owner, now, now);
            return ValueTask.FromResult(new LeaseGrant(new Lease(job, runId, token)));
        }
    }

    public ValueTask<LeaseLook> LookAsync(string job, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (!_jobs.TryGetValue(job, out var held)) return ValueTask.FromResult(new LeaseLook(0, null));
            return ValueTask.FromResult(new LeaseLook(held.Token, IsLive(held, clock.GetUtcNow()) ? new Lease(job, held.RunId!, held.Token) : null));
        }
    }

    public ValueTask<bool> RenewAsync(Lease lease, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (!Holds(lease, out var held)) return ValueTask.FromResult(false);
            _jobs[lease.Job] = held with { Seen = clock.GetUtcNow() };
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask ReleaseAsync(Lease lease, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (Holds(lease, out var held)) _jobs[lease.Job] = held with { RunId = null };
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Refuses the write of a run whose job another has taken since.</summary>
    public void Fence(Lease lease)
    {
        lock (_gate)
        {
            if (_jobs.TryGetValue(lease.Job, out var held) && held.Token > lease.Token) throw new LeaseLostException(lease.Job);
        }
    }

    private bool IsLive(Held held, DateTimeOffset now) => held.RunId is not null && (isAlive(held.Owner) ?? now - held.Seen < IRunLease.Silence);

    private bool Holds(Lease lease, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Held? held) =>
        _jobs.TryGetValue(lease.Job, out held) && held.Token == lease.Token && held.RunId == lease.RunId;
}
