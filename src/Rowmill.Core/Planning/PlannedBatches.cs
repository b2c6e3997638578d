namespace Rowmill.Core.Planning;

/// <summary>What asking all rows takes through a route's batch API.</summary>
public sealed record PlannedBatches
{
    /// <summary>Calls are lines of batches, money is at the price in a batch.</summary>
    public required PlannedWork Work { get; init; }

    /// <summary>Batches they are cut into.</summary>
    public required long Batches { get; init; }

    /// <summary>How often batches are waited for, one time after another: for room in the service's queue, for a stage of the rollout. Null when the queue admits none.</summary>
    public required long? Waves { get; init; }

    /// <summary>How long a batch is taken to be under way.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Ended batches of the job that <see cref="Duration"/> rests on; 0 when it is the time within which the service means to be done.</summary>
    public required int Measured { get; init; }

    /// <summary>Why the rollout lets nothing more go; null when it does.</summary>
    public string? Held { get; init; }
}
