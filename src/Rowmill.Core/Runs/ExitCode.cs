namespace Rowmill.Core.Runs;

/// <summary>What a command leaves to the shell.</summary>
public enum ExitCode
{
    /// <summary>Every row answered or abstained.</summary>
    Done = 0,

    /// <summary>A bug or an unexpected I/O failure.</summary>
    Failure = 1,

    /// <summary>The command line, job file or source is wrong.</summary>
    UserError = 2,

    /// <summary>Finished with gaps.</summary>
    Gaps = 3,

    /// <summary>Stopped at a limit.</summary>
    RateLimited = 4,

    /// <summary>Stopped at the money budget or the gate.</summary>
    Budget = 5,

    /// <summary>The provider refused the key, the model or the account.</summary>
    Refused = 6,

    /// <summary>The same job is already running.</summary>
    AlreadyRunning = 7,

    /// <summary>Interrupted.</summary>
    Interrupted = 130,
}
