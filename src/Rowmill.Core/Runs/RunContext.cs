using Rowmill.Core.Jobs;
using Rowmill.Core.Packing;
using Rowmill.Core.Replies;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>What the stations of one run share.</summary>
internal sealed record RunContext
{
    public required Job Job { get; init; }

    public required RunOptions Options { get; init; }

    public required RunEnvironment Environment { get; init; }

    public required Lease Lease { get; init; }

    public required IReadOnlyList<RouteState> Routes { get; init; }

    public required RequestText Text { get; init; }

    public required ReplyReader Reader { get; init; }

    public required RunCounters Counters { get; init; }

    public required EventStream Events { get; init; }

    public required StopSignal Stop { get; init; }

    /// <summary>USD the run may still spend; null for no bound.</summary>
    public required decimal? BudgetLeft { get; init; }

    /// <summary>True once rows were left aside because only a parked route takes them.</summary>
    public bool Stranded { get; set; }

    public string RunId => Lease.RunId;

    public TimeProvider Clock => Environment.Clock;
}
