using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>Where a run stands at one instant; cheap to take as often as a screen wants.</summary>
/// <param name="Phase">What it does.</param>
/// <param name="Rows">Rows so far; <see cref="RowCounts.Total"/> is 0 until the source was counted.</param>
/// <param name="Calls">Calls so far.</param>
/// <param name="InFlight">Requests in flight.</param>
/// <param name="Tokens">Tokens so far.</param>
/// <param name="Usd">Money so far; null without prices.</param>
/// <param name="Elapsed">Since the start.</param>
/// <param name="RowsPerSecond">Rows ended by calls, per second, over the last half minute.</param>
/// <param name="Remaining">Estimated time left; null when unknown.</param>
/// <param name="WaitingFor">What it waits for, in words; null when it does not wait.</param>
/// <param name="WaitingUntil">Until when.</param>
public sealed record RunProgress(
    RunPhase Phase, RowCounts Rows, CallCounts Calls, int InFlight, TokenUsage Tokens, decimal? Usd, TimeSpan Elapsed,
    double RowsPerSecond, TimeSpan? Remaining, string? WaitingFor, DateTimeOffset? WaitingUntil);

/// <summary>What a run does.</summary>
public enum RunPhase
{
    /// <summary>Counts and checks the source.</summary>
    Reading,

    /// <summary>Asks.</summary>
    Asking,

    /// <summary>Writes the output.</summary>
    Writing,

    /// <summary>Has ended.</summary>
    Ended,
}

/// <summary>Watches one run. Calls come from several threads and must return at once.</summary>
public interface IRunObserver
{
    /// <summary>The run begins; <paramref name="progress"/> may be called at any time from any thread.</summary>
    void Started(string runId, Func<RunProgress> progress);

    /// <summary>Something happened.</summary>
    void Happened(RunEvent e);
}
