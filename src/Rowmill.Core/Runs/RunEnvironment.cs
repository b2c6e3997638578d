using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>Everything a run needs from outside: the ports, the clock and chance.</summary>
public sealed record RunEnvironment
{
    /// <summary>The answers.</summary>
    public required IAnswerStore Answers { get; init; }

    /// <summary>The ledger.</summary>
    public required ICallLedger Calls { get; init; }

    /// <summary>One run per job.</summary>
    public required IRunLease Leases { get; init; }

    /// <summary>The events.</summary>
    public required IEventLog Events { get; init; }

    /// <summary>The runs.</summary>
    public required IRunLog Runs { get; init; }

    /// <summary>The batch jobs.</summary>
    public required IBatchStore Batches { get; init; }

    /// <summary>The limits' usage.</summary>
    public required IWindowStore Windows { get; init; }

    /// <summary>What calls have shown about tokens.</summary>
    public ICalibrationStore Calibrations { get; init; } = new MemoryCalibrationStore();

    /// <summary>Whose windows a route uses; asked only for routes that have any.</summary>
    public required Func<Route, ValueTask<WindowOwner>> WindowOwner { get; init; }

    /// <summary>Makes the client of a route; the run owns none of them.</summary>
    /// <remarks>Throws <see cref="ProblemException"/> when the route's key is missing.</remarks>
    public required Func<Route, IModelClient> Client { get; init; }

    /// <summary>Makes the batch client of a route; null where its service has no batch API. The run owns none of them.</summary>
    /// <remarks>Throws <see cref="ProblemException"/> when the route's key is missing.</remarks>
    public Func<Route, IBatchClient?> BatchClient { get; init; } = _ => null;

    /// <summary>What the service of a route takes in one batch; null where it has no batch API. It needs no key.</summary>
    public Func<Route, BatchCaps?> BatchCaps { get; init; } = _ => null;

    /// <summary>Writes and reads the files of a route's batches for another machine, without a key; see <see cref="IBatchClient.WriteLine"/>.</summary>
    public Func<Route, IBatchClient>? BatchFiles { get; init; }

    /// <summary>Absolute path of the folder for the files of batches; it need not exist.</summary>
    public string BatchFolder { get; init; } = "";

    /// <summary>The context of a route as far as its server tells it, up to the route's own; it bounds requests, and judges no row.</summary>
    public Func<Route, int> ContextTokens { get; init; } = route => route.ContextTokens;

    /// <summary>Who holds the lease.</summary>
    public required LeaseOwner Owner { get; init; }

    /// <summary>Where the answers are, for people.</summary>
    public required string StoreName { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Chance, from 0 up to 1, for jitter and run ids.</summary>
    public required Func<double> Chance { get; init; }

    /// <summary>Is told of every <see cref="Transition"/> as it is passed, on the thread that passes it; null for nobody.</summary>
    public Action<Transition>? Passed { get; init; }

    /// <summary>How long an interrupted run lets what is in flight finish.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>The most rows a run holds to be asked again; see <see cref="Gathering.MostHeld"/>.</summary>
    internal int MostHeld { get; init; } = Gathering.MostHeld;
}

/// <summary>Thrown at the edge when the job already runs.</summary>
/// <param name="job">The job.</param>
/// <param name="holder">Who runs it.</param>
/// <param name="since">Since when.</param>
public sealed class AlreadyRunningException(string job, LeaseOwner holder, DateTimeOffset since)
    : Exception($"the job '{job}' is already running (process {holder.ProcessId} on {holder.Host}, since {since:yyyy-MM-dd HH:mm:ss}Z)")
{
    /// <summary>Who runs it.</summary>
    public LeaseOwner Holder { get; } = holder;
}
