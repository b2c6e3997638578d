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

    /// <summary>The file and the record of a batch are there; nothing of it was sent.</summary>
    BatchPrepared,

    /// <summary>It is stored that a batch is being sent; nothing of it has left.</summary>
    BatchIntent,

    /// <summary>Its file is with the service.</summary>
    BatchUploaded,

    /// <summary>It is stored that it is being created; that request has not left.</summary>
    BatchCreating,

    /// <summary>The service has said that it has it; that is not stored.</summary>
    BatchCreated,

    /// <summary>It is stored that the service has it.</summary>
    BatchSubmitted,

    /// <summary>It is stored that it is over; nothing of it was fetched.</summary>
    BatchOver,

    /// <summary>Its results are on this machine; nothing of them is stored.</summary>
    BatchDownloaded,

    /// <summary>Every line of it has ended, and that is stored.</summary>
    BatchEnded,

    /// <summary>Nothing is left to ask; the output is not begun.</summary>
    AskingEnded,

    /// <summary>The output stands under its name; the run has not ended.</summary>
    OutputWritten,

    /// <summary>The run's end is in the log; the lease is still held.</summary>
    RunEnded,
}
