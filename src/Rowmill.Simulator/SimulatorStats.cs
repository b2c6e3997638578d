namespace Rowmill.Simulator;

/// <summary>What the simulator has seen so far: one consistent snapshot.</summary>
public sealed record SimulatorStats
{
    /// <summary>HTTP requests to the API, refused ones included; <c>/stats</c> and <c>/reset</c> do not count.</summary>
    public required long Requests { get; init; }

    /// <summary>Chat completions that were well-formed, authorized and within the limits: those of the ledger.</summary>
    public required long Accepted { get; init; }

    /// <summary>Accepted requests that are charged for.</summary>
    public required long Billed { get; init; }

    /// <summary>How many API requests ended in which way: <c>ok</c>, a fault's name, <c>rate_limited</c>, <c>too_large</c>, <c>http_401</c>, …</summary>
    public required IReadOnlyDictionary<string, long> Outcomes { get; init; }

    /// <summary>Rows in accepted requests, repeats included.</summary>
    public required long RowsAsked { get; init; }

    /// <summary>Rows in billed requests, repeats included.</summary>
    public required long RowsBilled { get; init; }

    /// <summary>Different rows asked, by content.</summary>
    public required long DistinctRows { get; init; }

    /// <summary>True when there were more different rows than are told apart, so <see cref="DistinctRows"/> is a lower bound.</summary>
    public required bool DistinctRowsIsLowerBound { get; init; }

    /// <summary>Chat completions being worked on now.</summary>
    public required int InFlight { get; init; }

    /// <summary>The most chat completions ever worked on at once.</summary>
    public required int MaxInFlight { get; init; }

    /// <summary>Prompt tokens of billed requests, cached ones included.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Cached prompt tokens of billed requests.</summary>
    public required long CachedTokens { get; init; }

    /// <summary>Reply tokens of billed requests.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Every batch there ever was, oldest first.</summary>
    public IReadOnlyList<SimulatorBatch> Batches { get; init; } = [];

    /// <summary>Lines of batches that are charged for.</summary>
    public long BatchLinesBilled { get; init; }

    /// <summary>
    /// Of them, those that asked about a row for which an earlier line had already delivered a good answer to the same question (system message and model).
    /// </summary>
    public long BatchLinesBilledTwice { get; init; }

    /// <summary>Rows charged after a batch had delivered a good answer for them, in a line of a batch or outside of batches.</summary>
    public long BatchRowsBilledTwice { get; init; }

    /// <summary>What each key has taken of each model, in the order of their first request.</summary>
    public IReadOnlyList<AccountStats> Accounts { get; init; } = [];

    /// <summary>The count of one outcome, 0 when there was none.</summary>
    public long Count(string outcome) => Outcomes.GetValueOrDefault(outcome);
}
