using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>How a run ended. The words of the <c>--json</c> summary are these in snake_case.</summary>
public enum RunState
{
    /// <summary>Every row answered or abstained.</summary>
    Completed,

    /// <summary>Finished; some rows failed or are invalid.</summary>
    CompletedWithGaps,

    /// <summary>Stopped at a limit.</summary>
    RateLimited,

    /// <summary>Stopped at the money budget.</summary>
    Budget,

    /// <summary>Stopped at the gate.</summary>
    Gate,

    /// <summary>Left with rows in batches, or with rows that later batches are to ask.</summary>
    InBatches,

    /// <summary>Stopped by the person.</summary>
    Interrupted,

    /// <summary>The provider refused the key, the model or the account.</summary>
    Refused,

    /// <summary>Stopped by a mistake in the job that only the provider could find, or by an I/O failure.</summary>
    Failed,
}

/// <summary>Rows by where they stand.</summary>
/// <param name="Total">All rows the run counts.</param>
/// <param name="Answered">Answered.</param>
/// <param name="Abstained">Abstained.</param>
/// <param name="Invalid">Invalid.</param>
/// <param name="Failed">Failed.</param>
/// <param name="Pending">Not yet ended.</param>
/// <param name="FromCache">Answered or abstained by calls of earlier runs.</param>
public readonly record struct RowCounts(long Total, long Answered, long Abstained, long Invalid, long Failed, long Pending, long FromCache);

/// <summary>Calls of a run.</summary>
/// <param name="Sent">Requests that left.</param>
/// <param name="Succeeded">Requests that brought a reply.</param>
/// <param name="Failed">Requests that brought none, limits apart.</param>
/// <param name="RateLimited">Requests refused by a limit.</param>
public sealed record CallCounts(long Sent, long Succeeded, long Failed, long RateLimited);

/// <summary>What a run leaves behind: the <c>--json</c> summary.</summary>
public sealed record RunSummary
{
    /// <summary>The job.</summary>
    public required string Job { get; init; }

    /// <summary>The run.</summary>
    public required string RunId { get; init; }

    /// <summary>How it ended.</summary>
    public required RunState State { get; init; }

    /// <summary>One sentence for a person: what stopped it and what to do; null when it completed.</summary>
    public string? Message { get; init; }

    /// <summary>Rows, as the output holds them.</summary>
    public required RowCounts Rows { get; init; }

    /// <summary>Calls of this run.</summary>
    public required CallCounts Calls { get; init; }

    /// <summary>Tokens of this run.</summary>
    public required TokenUsage Tokens { get; init; }

    /// <summary>What was put right or refused in the replies of this run.</summary>
    public ReplyCounts Replies { get; init; }

    /// <summary>USD of this run; null when a route without a price answered.</summary>
    public required decimal? Usd { get; init; }

    /// <summary>Calls of earlier runs found in doubt at this run's start.</summary>
    public required Doubt InDoubt { get; init; }

    /// <summary>Calls in doubt, of whatever run, that this one cleared: later calls brought what they were to bring.</summary>
    public ClearedCalls Cleared { get; init; } = new(0, 0, 0);

    /// <summary>From start to the end of the output.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>When the next call fits; null when nothing waits.</summary>
    public DateTimeOffset? ResumeAt { get; init; }

    /// <summary>When the rest would be done, waiting through every limit; null when nothing is left or it is unknown.</summary>
    public DateTimeOffset? FinishAt { get; init; }

    /// <summary>Where the answers are.</summary>
    public required string Store { get; init; }

    /// <summary>Where the output is; null when none was to be written.</summary>
    public required string? Output { get; init; }

    /// <summary>Stored answers that an edit of the job left unused, when it did.</summary>
    public UnusedAnswers? Unused { get; init; }

    /// <summary>True when the source changed between the passes; rows were joined by their content all the same.</summary>
    public bool SourceChanged { get; init; }

    /// <summary>True for a run against the simulator: its labels mean nothing.</summary>
    public bool Simulated { get; init; }

    /// <summary>True when the source itself, the key or the request was wrong (exit 2), for <see cref="RunState.Failed"/>.</summary>
    public bool UserError { get; init; }
}
