using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>A batch in a service's queue.</summary>
/// <param name="Batch">Our own name of it.</param>
/// <param name="Tokens">The tokens it takes there.</param>
/// <param name="Until">When its room is free even if nobody told its end.</param>
public sealed record QueuedBatch(string Batch, long Tokens, DateTimeOffset Until);

/// <summary>
/// One owner's queue of batch jobs as it is kept: the rules that every store shares. A store loads it, asks it once, and writes back what changed, all in
/// one transaction; or keeps it.
/// </summary>
public sealed record KeptQueue
{
    /// <summary>A queue of which nothing is known.</summary>
    public static KeptQueue New { get; } = new();

    /// <summary>What is in it.</summary>
    public IReadOnlyList<QueuedBatch> Batches { get; init; } = [];

    /// <summary>What it takes, as the job says that last named it; null when none did.</summary>
    public long? Job { get; init; }

    /// <summary>What it takes, as the service told; null when it did not.</summary>
    public long? Told { get; init; }

    /// <summary>When the service last told it.</summary>
    public DateTimeOffset ToldAt { get; init; }

    /// <summary>Takes a batch in when it fits with the others; one that is in it already stays as it is.</summary>
    /// <param name="request">The batch.</param>
    /// <param name="now">The clock's instant.</param>
    /// <returns>What is to be kept, and what the caller is told.</returns>
    public (KeptQueue Queue, QueueState State) Entered(QueueRequest request, DateTimeOffset now)
    {
        var queue = At(now) with { Job = request.Limits.EnqueuedTokens ?? Job };
        var state = queue.StateFor(request.Limits, now);
        if (queue.Holds(request.Batch)) return (queue, state with { Granted = true });

        // Not a sum: that of two large numbers may be no number at all.
        if (state.Limit is { } limit && request.Tokens > limit - state.Used) return (queue, state);
        queue = queue with { Batches = [.. queue.Batches, new QueuedBatch(request.Batch, request.Tokens, request.Until)] };
        return (queue, queue.StateFor(request.Limits, now) with { Granted = true });
    }

    /// <summary>The queue without a batch.</summary>
    public KeptQueue Without(string batch) => Holds(batch) ? this with { Batches = [.. Batches.Where(b => b.Batch != batch)] } : this;

    /// <summary>The service told what it takes: its last word counts. Less than nothing says nothing.</summary>
    public KeptQueue Learned(long limit, DateTimeOffset now) => limit < 0 ? this : this with { Told = limit, ToldAt = now };

    /// <summary>The queue as it stands for a job.</summary>
    /// <param name="limits">The limits the job gives.</param>
    /// <param name="now">The clock's instant.</param>
    public QueueState StateFor(RouteLimits limits, DateTimeOffset now) => (At(now) with { Job = limits.EnqueuedTokens }).Now();

    /// <summary>The queue as it stands for nobody in particular; null when nothing is in it and no limit is known.</summary>
    public QueueState? State(DateTimeOffset now) => At(now).Now() is { } state && (state.Limit is not null || state.Batches > 0) ? state : null;

    /// <summary>The queue at an instant: without what has had its time, and without a limit that was told too long ago, or in a future that the clock left.</summary>
    private KeptQueue At(DateTimeOffset now)
    {
        var queue = this;
        if (Batches.Any(b => b.Until <= now)) queue = queue with { Batches = [.. Batches.Where(b => b.Until > now)] };
        if (ToldAt > now) queue = queue with { ToldAt = now };
        if (Told is not null && now - ToldAt > KeptWindow.LimitTrust) queue = queue with { Told = null };
        return queue;
    }

    private QueueState Now()
    {
        var told = Told is { } limit && (Job is null || limit < Job);
        return new QueueState(Batches.Sum(b => b.Tokens), told ? Told : Job)
        {
            Batches = Batches.Count,
            Source = told ? WindowSource.Learned : Job is null ? null : WindowSource.Job,
        };
    }

    private bool Holds(string batch) => Batches.Any(b => b.Batch == batch);
}
