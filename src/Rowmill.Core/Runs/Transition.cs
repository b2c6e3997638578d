namespace Rowmill.Core.Runs;

/// <summary>
/// The moments of a run between which nothing outside changes: what a kill can leave behind is decided by the last one passed. In the
/// order in which a run passes them; those from <see cref="Reserved"/> to <see cref="Counted"/> once for every call.
/// </summary>
public enum Transition
{
    /// <summary>The job's lease is held.</summary>
    LeaseTaken,

    /// <summary>What earlier runs left in doubt is marked, and the run is in the log.</summary>
    RunBegun,

    /// <summary>A call's share of its windows is taken.</summary>
    Reserved,

    /// <summary>Its intent is stored; it has not left.</summary>
    IntentStored,

    /// <summary>Its reply, or the news that there is none, has arrived; nothing of it is stored.</summary>
    Replied,

    /// <summary>What it brought is stored; nothing is counted.</summary>
    OutcomeStored,

    /// <summary>Its windows are settled and its rows are counted.</summary>
    Counted,

    /// <summary>Nothing is left to ask; the output is not begun.</summary>
    AskingEnded,

    /// <summary>The output stands under its name; the run has not ended.</summary>
    OutputWritten,

    /// <summary>The run's end is in the log; the lease is still held.</summary>
    RunEnded,
}
