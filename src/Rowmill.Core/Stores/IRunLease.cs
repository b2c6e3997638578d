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

/// <summary>Port: one run per job. The lease of a dead process is taken at once on its own machine, after a silence elsewhere.</summary>
public interface IRunLease
{
    /// <summary>Asks for the job's lease.</summary>
    ValueTask<LeaseGrant> AcquireAsync(string job, string runId, LeaseOwner owner, CancellationToken cancellationToken = default);

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
