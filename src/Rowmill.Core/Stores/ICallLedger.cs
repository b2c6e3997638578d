using Rowmill.Core.Models;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Stores;

/// <summary>A call about to leave.</summary>
public sealed record CallIntent
{
    /// <summary>The job.</summary>
    public required string Job { get; init; }

    /// <summary>The run.</summary>
    public required string RunId { get; init; }

    /// <summary>Fingerprint of the question.</summary>
    public required string Question { get; init; }

    /// <summary><see cref="Route.Id"/>.</summary>
    public required string Route { get; init; }

    /// <summary>When it is about to leave.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The rows in it; none in a probe.</summary>
    public required IReadOnlyList<RowKey> Rows { get; init; }

    /// <summary>Tokens reserved: the estimate of the prompt and the output limit.</summary>
    public required TokenUsage Reserved { get; init; }

    /// <summary>What it costs at most, in USD; null without a price.</summary>
    public required decimal? MaxUsd { get; init; }

    /// <summary>The run's lease.</summary>
    public required Lease Lease { get; init; }

    /// <summary>The line of a batch that it is; null for a request of its own.</summary>
    public BatchPlace? Place { get; init; }
}

/// <summary>How a call ended.</summary>
public sealed record CallSettlement
{
    /// <summary>The call.</summary>
    public required long CallId { get; init; }

    /// <summary>When it ended.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Null when a reply came.</summary>
    public FailureKind? Failure { get; init; }

    /// <summary>One line of what went wrong, also for a reply that lacked rows; null when all was well.</summary>
    public string? Note { get; init; }

    /// <summary>Headers and body that show a failure; bounded, without secrets.</summary>
    public string? Evidence { get; init; }

    /// <summary>HTTP status; null when there was none.</summary>
    public int? HttpStatus { get; init; }

    /// <summary>The service's id of the request.</summary>
    public string? RequestId { get; init; }

    /// <summary>Rows of the call that got a valid answer or abstention from it.</summary>
    public int GoodRows { get; init; }

    /// <summary>What was put right or refused in the reply.</summary>
    public ReplyCounts Counts { get; init; }

    /// <summary>Tokens as billed.</summary>
    public TokenUsage Usage { get; init; }

    /// <summary>USD; null without a price.</summary>
    public decimal? Usd { get; init; }

    /// <summary>From leaving to the last byte.</summary>
    public TimeSpan Latency { get; init; }
}

/// <summary>Where a call stands.</summary>
public enum CallState
{
    /// <summary>In flight, or its process died and nobody has looked yet.</summary>
    Open,

    /// <summary>Ended, with a reply or a failure.</summary>
    Settled,

    /// <summary>Its process died before it was settled: it may have been paid for.</summary>
    InDoubt,

    /// <summary>It was in doubt; nothing waits for it any more. What it may have cost stays counted.</summary>
    Cleared,
}

/// <summary>What ended a doubt.</summary>
public enum ClearedBy
{
    /// <summary>Later calls brought an outcome for each of its rows, if it had any.</summary>
    Outcomes,

    /// <summary>Every row of the job has ended, and some of its rows are not asked any more: the job was edited, or an earlier outcome counts.</summary>
    Job,
}

/// <summary>One line of the ledger.</summary>
/// <param name="CallId">Its number within the store, rising.</param>
/// <param name="Intent">What was sent.</param>
/// <param name="Settlement">How it ended; null unless <see cref="CallState.Settled"/>.</param>
/// <param name="State">Where it stands.</param>
public sealed record CallRecord(long CallId, CallIntent Intent, CallSettlement? Settlement, CallState State)
{
    /// <summary>What ended the doubt; null unless <see cref="CallState.Cleared"/>.</summary>
    public ClearedBy? ClearedBy { get; init; }

    /// <summary>The call as a look at its job's lease shows it: an open one that no live run can settle is in doubt.</summary>
    public CallRecord Seen(LeaseLook look) => State == CallState.Open && look.IsLeft(Intent.Lease.Token) ? this with { State = CallState.InDoubt } : this;
}

/// <summary>Which calls to read; null means any.</summary>
public sealed record CallQuery(string Job)
{
    /// <summary>Only calls that carried this row.</summary>
    public RowKey? Row { get; init; }

    /// <summary>Only calls of this run.</summary>
    public string? RunId { get; init; }

    /// <summary>Only calls in this state.</summary>
    public CallState? State { get; init; }

    /// <summary>Shows open calls as <see cref="CallRecord.Seen"/> does; without it they are open until a run marks them.</summary>
    public LeaseLook? Look { get; init; }
}

/// <summary>Calls in doubt.</summary>
/// <param name="Calls">Their number.</param>
/// <param name="Rows">The rows in them, each counted once.</param>
/// <param name="Usd">What they cost at most, as far as prices are known.</param>
public sealed record Doubt(long Calls, long Rows, decimal Usd)
{
    /// <summary>Batches whose requests are among the calls: nobody knows whether the service has them.</summary>
    public int Batches { get; init; }
}

/// <summary>A row and one of the calls that carried it.</summary>
/// <param name="CallId">The call.</param>
/// <param name="Row">The row.</param>
public readonly record struct RowCall(long CallId, RowKey Row);

/// <summary>Port: every call, written before it leaves and settled after. Holding the job's lease, a run is the only writer of its job's calls.</summary>
public interface ICallLedger
{
    /// <summary>Stores an intent; when it completes the intent survives a kill of the process.</summary>
    /// <returns>The call's number.</returns>
    /// <exception cref="LeaseLostException">Another run holds the job's lease.</exception>
    ValueTask<long> OpenAsync(CallIntent intent, CancellationToken cancellationToken = default);

    /// <summary>Stores how a call ended.</summary>
    ValueTask SettleAsync(CallSettlement settlement, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores a line of a batch that brought no outcome, with how it ended, and ends the line: all or nothing, and nothing when it has ended before.
    /// </summary>
    /// <param name="call">The call, with its <see cref="CallIntent.Place"/>.</param>
    /// <param name="settlement">How it ended; its number is given by the store.</param>
    /// <param name="cancellationToken">Gives up before it is queued.</param>
    /// <exception cref="LeaseLostException">Another run holds the job's lease.</exception>
    ValueTask RecordAsync(CallIntent call, CallSettlement settlement, CancellationToken cancellationToken = default);

    /// <summary>Marks the job's calls that earlier runs left open as in doubt, and tells how many are in doubt now, found before or not.</summary>
    ValueTask<Doubt> FindDoubtAsync(Lease lease, CancellationToken cancellationToken = default);

    /// <summary>Ends the doubt of calls, all or none of them; one that is not marked as in doubt stays as it is.</summary>
    /// <exception cref="LeaseLostException">Another run holds the job's lease.</exception>
    ValueTask ClearAsync(Lease lease, IReadOnlyList<long> calls, ClearedBy by, CancellationToken cancellationToken = default);

    /// <summary>
    /// Money spent on the job over all its runs, in USD; calls never settled count at their maximum, and so does what is open of batches that were sent or
    /// may have been (<see cref="BatchRecord.MaxUsd"/> times open lines over lines).
    /// </summary>
    ValueTask<decimal> SpentAsync(string job, CancellationToken cancellationToken = default);

    /// <summary>Streams the calls in order of their number.</summary>
    IAsyncEnumerable<CallRecord> ReadAsync(CallQuery query, CancellationToken cancellationToken = default);

    /// <summary>Finds what rows carry of calls, many at a time.</summary>
    /// <param name="rows">The rows, each with its call.</param>
    /// <param name="found">Receives the shares, null where the call is not settled or did not carry the row; as long as <paramref name="rows"/>.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    ValueTask FindSharesAsync(ReadOnlyMemory<RowCall> rows, Memory<CallShare?> found, CancellationToken cancellationToken = default);
}
