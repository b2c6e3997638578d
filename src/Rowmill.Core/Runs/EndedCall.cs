using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>A call that has ended, with everything that is to be settled for it.</summary>
/// <param name="CallId">Its number in the ledger.</param>
/// <param name="Entry">What went where, and what its windows hold for it.</param>
/// <param name="Request">What was sent.</param>
/// <param name="Result">What came of it.</param>
/// <param name="MaxUsd">What it costs at most; null without a price.</param>
/// <param name="SentAt">When it left.</param>
/// <param name="Latency">From leaving to the last byte.</param>
/// <param name="InFlight">The route's requests in flight when it left, itself included.</param>
internal sealed record EndedCall(
    long CallId, Entry Entry, ModelRequest Request, ModelResult Result, decimal? MaxUsd, DateTimeOffset SentAt, TimeSpan Latency, int InFlight)
{
    /// <summary>For a line of a batch, the call as it enters the ledger, with what is left of it to be asked again; null for a request of its own.</summary>
    public Func<IReadOnlyList<LadderMove>, Stores.CallIntent>? Line { get; init; }

    /// <summary>True once its route has learned from it.</summary>
    public bool Learned { get; set; }

    public RouteState Route => Entry.Route;

    public Pack Pack => Entry.Pack;

    public Demand Demand => Entry.Demand;

    /// <summary>The tokens of a reply whose service does not tell them.</summary>
    public TokenUsage Estimated(ReadOnlySpan<byte> reply)
    {
        var estimate = Route.Budget.EstimateFor(Pack.Rows.Count, Pack.Tokens);
        return new TokenUsage((long)Math.Ceiling(Route.Calibration.Input(estimate).Mean), 0, TokenEstimate.Of(reply));
    }
}
