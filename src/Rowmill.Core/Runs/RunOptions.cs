namespace Rowmill.Core.Runs;

/// <summary>What one execution of a job does differently from the job file.</summary>
public sealed record RunOptions
{
    /// <summary>Only this many rows from <see cref="Offset"/> on; they then are all the run counts.</summary>
    public long? Limit { get; init; }

    /// <summary>Leaves out this many rows at the beginning.</summary>
    public long Offset { get; init; }

    /// <summary>Only this route (its <see cref="Models.Route.Name"/>); only its own stored answers count.</summary>
    public string? Model { get; init; }

    /// <summary>Asks rows again that failed earlier.</summary>
    public bool RetryFailed { get; init; }

    /// <summary>Asks rows again that were answered by earlier runs.</summary>
    public bool Fresh { get; init; }

    /// <summary>Waits through any limit, days if need be, instead of stopping.</summary>
    public bool Wait { get; init; }

    /// <summary>The most this run may cost, in USD; null for no bound of its own.</summary>
    public decimal? MaxUsd { get; init; }

    /// <summary>Stops when, of at least 100 rows ended, fewer than so many per cent were answered or abstained; null for never.</summary>
    public double? Gate { get; init; }

    /// <summary>Only the rows at these 0-based positions, for a trial; null for all. They then are all the run counts.</summary>
    public IReadOnlySet<long>? Rows { get; init; }

    /// <summary>Whether the output is written at the end; the rows are counted in any case.</summary>
    public bool WriteOutput { get; init; } = true;

    /// <summary>True for a part of the way of a batch, which is no run of its own.</summary>
    internal bool IsStep { get; init; }

    /// <summary>True for a run that only brings what batches have answered: the rest is asked later.</summary>
    internal bool IsFetch { get; init; }

    /// <summary>True when nothing is asked of any service: files are written or read, and no key is needed.</summary>
    internal bool IsOffline { get; init; }

    /// <summary>Whether the run counts the row at a 0-based position.</summary>
    internal bool Counts(long index) =>
        index >= Offset && (Limit is not { } limit || index - Offset < limit) && (Rows is null || Rows.Contains(index));

    /// <summary>Whether no row from a 0-based position on is counted.</summary>
    internal bool EndsBefore(long index) => Limit is { } limit && index - Offset >= limit;

    /// <summary>Whether a run asks a row again although the store has an outcome of it.</summary>
    internal bool AsksAgain(Stores.StoredOutcome found, string runId) =>
        found.RunId != runId && (Fresh || (found.Kind == Stores.OutcomeKind.Failed && RetryFailed));

    /// <summary>How many of the source's rows the run counts.</summary>
    internal long Total(long rows) => Rows?.Count ?? Math.Clamp(rows - Offset, 0, Limit ?? long.MaxValue);

    /// <summary>Asked once when an edit of the job leaves stored answers unused; false stops the run before it sends anything. Null: go on.</summary>
    public Func<Stores.UnusedAnswers, bool>? ConfirmUnused { get; init; }
}
