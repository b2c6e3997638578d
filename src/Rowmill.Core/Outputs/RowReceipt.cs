namespace Rowmill.Core.Outputs;

/// <summary>Where a row's outcome came from and what it cost.</summary>
public sealed record RowReceipt
{
    /// <summary>The model, as the job names it; with its address where the job names two alike.</summary>
    public required string Model { get; init; }

    /// <summary>Fingerprint of the question.</summary>
    public required string Prompt { get; init; }

    /// <summary>The run that asked.</summary>
    public required string RunId { get; init; }

    /// <summary>The call in the ledger; 0 when no call was made.</summary>
    public required long Call { get; init; }

    /// <summary>1-based number of the request that brought it, counted for this row in its run.</summary>
    public required int Attempt { get; init; }

    /// <summary>The row's share of the call's prompt tokens; null when the call is not settled.</summary>
    public long? InputTokens { get; init; }

    /// <summary>Its share of those of them that were cached.</summary>
    public long? CachedInputTokens { get; init; }

    /// <summary>Its share of the reply's tokens.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>Its share of the call's cost, in USD; null when that is not known.</summary>
    public decimal? Usd { get; init; }

    /// <summary>How long the call took; null when it is not settled.</summary>
    public TimeSpan? Latency { get; init; }

    /// <summary>True when a run before the last one asked.</summary>
    public required bool FromCache { get; init; }

    /// <summary>When the reply came.</summary>
    public required DateTimeOffset At { get; init; }
}
