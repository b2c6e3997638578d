namespace Rowmill.Core.Stores;

/// <summary>The right to run one job. The token rises with every run of the job, so a write that carries an old one is refused.</summary>
/// <param name="Job">The job.</param>
/// <param name="RunId">The run that holds it.</param>
/// <param name="Token">Fencing token.</param>
public sealed record Lease(string Job, string RunId, long Token);

/// <summary>What came of asking for a lease.</summary>
/// <param name="Granted">The lease, or null when another live run holds it.</param>
/// <param name="Holder">Who holds it otherwise.</param>
/// <param name="Since">Since when, otherwise.</param>
public sealed record LeaseGrant(Lease? Granted, LeaseOwner? Holder = null, DateTimeOffset? Since = null);

/// <summary>What somebody who does not want the lease sees of it.</summary>
/// <param name="Token">The token given out last; 0 when the job never ran.</param>
/// <param name="Held">The lease, when a live run holds it; null otherwise.</param>
public sealed record LeaseLook(long Token, Lease? Held)
{
    /// <summary>Whether what a run with this token has not ended was left by it. A run that began after the look counts as live.</summary>
    public bool IsLeft(long token) => token <= Token && token != Held?.Token;
}

/// <summary>Port: one run per job. The lease of a dead process is taken at once on its own machine, after a silence elsewhere.</summary>
public interface IRunLease
{
    /// <summary>Asks for the job's lease.</summary>
    ValueTask<LeaseGrant> AcquireAsync(string job, string runId, LeaseOwner owner, CancellationToken cancellationToken = default);

    /// <summary>Whether a live run holds the job, by the same rule as <see cref="AcquireAsync"/>; changes nothing.</summary>
    ValueTask<LeaseLook> LookAsync(string job, CancellationToken cancellationToken = default);

    /// <summary>Says that the holder lives; to be called every <see cref="RenewEvery"/>.</summary>
    /// <returns>False when another has taken the lease.</returns>
    ValueTask<bool> RenewAsync(Lease lease, CancellationToken cancellationToken = default);

    /// <summary>Gives the lease back.</summary>
    ValueTask ReleaseAsync(Lease lease, CancellationToken cancellationToken = default);

    /// <summary>How often a holder renews.</summary>
    static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(5);

    /// <summary>After this silence a holder on another machine counts as dead.</summary>
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);
}

/// <summary>Thrown at the edge when a run writes although another has taken its job.</summary>
public sealed class LeaseLostException(string job) : Exception($"another run has taken over the job '{job}'");
