using Rowmill.Core.Jobs;
using Rowmill.Core.Packing;
using Rowmill.Core.Replies;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>What the stations of one run share.</summary>
internal sealed record RunContext
{
    private readonly Lock _gate = new();

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

    /// <summary>The money the run may still spend; null for no bound.</summary>
    public required MoneyLeft? Money { get; init; }

    /// <summary>The rows given out so far.</summary>
    public RowsAsked Asked { get; } = new();

    /// <summary>True when several routes are used side by side.</summary>
    public bool Spreads => Job.Routing == Routing.Spread && Routes.Count > 1;

    /// <summary>Lets one pack at a time look which of several routes it can go.</summary>
    public SemaphoreSlim Crossroads { get; } = new(1, 1);

    /// <summary>Why rows were left aside while others went on; null when none were.</summary>
    public StopReason? Stranded { get; private set; }

    /// <summary>Rows are left aside; of several reasons the one that opens first counts, else the first.</summary>
    public void Strand(StopReason why)
    {
        lock (_gate)
        {
            if (Stranded is null || (why.ResumeAt is { } at && !(at >= Stranded.ResumeAt))) Stranded = why;
        }
    }

    /// <summary>The sizer of the route that a row would go now: the first open one that takes it, or, side by side, the one with the largest packs.</summary>
    public PackSizer SizerFor(Ask ask)
    {
        PackSizer? best = null;
        var open = false;
        foreach (var route in Routes)
        {
            if (ask.Tokens > route.Budget.LargestRow || ask.Past.EndedOn.Contains(route.Id) || (open && route.Parked is not null)) continue;
            var better = best is null || (!open && route.Parked is null) || (Spreads && route.Sizer.Rows > best.Rows);
            if (better) (best, open) = (route.Sizer, route.Parked is null);
        }

        return best ?? Routes[^1].Sizer;
    }

    public string RunId => Lease.RunId;

    /// <summary>Fingerprint under which this run stores and finds answers.</summary>
    public required string Question { get; init; }

    /// <summary>The rows in open lines of the question's batches: nobody else asks them. Null when there are none; the caller disposes of it.</summary>
    public ValueTask<OccurrenceIndex?> OpenRowsAsync() => OpenRows.ReadAsync(Environment.Batches, Job.Name, Question, Stop.Abandoning);

    /// <summary>A moment is passed.</summary>
    public void Pass(Transition moment) => Environment.Passed?.Invoke(moment);

    public TimeProvider Clock => Environment.Clock;
}
