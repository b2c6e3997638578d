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

    /// <summary>Asked once when an edit of the job leaves stored answers unused; false stops the run before it sends anything. Null: go on.</summary>
    public Func<Stores.UnusedAnswers, bool>? ConfirmUnused { get; init; }
}
