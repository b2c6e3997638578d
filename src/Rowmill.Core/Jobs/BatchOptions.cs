namespace Rowmill.Core.Jobs;

/// <summary>How a job goes through batch APIs.</summary>
public sealed record BatchOptions
{
    /// <summary>What a job that says nothing of batches does.</summary>
    public static BatchOptions Default { get; } = new();

    /// <summary>How often a batch is looked at; null for a pace that follows its age.</summary>
    public TimeSpan? Poll { get; init; }

    /// <summary>Rows of each stage: the next one goes only when enough of the last ended well, and all the rest after the last. Empty for all at once.</summary>
    public IReadOnlyList<long> Rollout { get; init; } = [];

    /// <summary>Per cent of a stage's rows that must end well, more than 0 and at most 100.</summary>
    public double Gate { get; init; } = DefaultGate;

    /// <summary>When all must be done, counted from the first batch; what batches would not bring in time is asked online. Null for whenever.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>The gate of a job that writes none.</summary>
    public const double DefaultGate = 95;
}
