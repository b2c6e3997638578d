namespace Rowmill.Simulator.Batches;

/// <summary>Where a batch stands, whatever its provider calls it.</summary>
internal enum BatchPhase
{
    Validating,
    InProgress,
    Finalizing,
    Completed,
    Failed,
    Expired,
    Cancelling,
    Cancelled,
}

/// <summary>The way of a batch through time: a function of the clock, without a timer.</summary>
/// <param name="created">When it was created.</param>
/// <param name="takes">How long it takes to its end.</param>
/// <param name="expires">When it is given up.</param>
internal sealed class BatchCourse(DateTimeOffset created, TimeSpan takes, DateTimeOffset expires)
{
    /// <summary>The share of the whole time that goes into checking, and again into finalizing or cancelling.</summary>
    private const double Edge = 0.1;

    public DateTimeOffset Created => created;

    public DateTimeOffset Expires => expires;

    public DateTimeOffset Begins => created + takes * Edge;

    public DateTimeOffset Finalizes => created + takes * (1 - Edge);

    public DateTimeOffset Ends => created + takes;

    /// <summary>True for one that fails when it has been checked.</summary>
    public bool Doomed { get; init; }

    /// <summary>The share after which nothing more is answered; null for one that goes on to its end.</summary>
    public double? StopsAt { get; init; }

    /// <summary>True for one that is never given up.</summary>
    public bool NeverExpires { get; init; }

    /// <summary>When it is asked to stop; null for never.</summary>
    public DateTimeOffset? CancelsAt { get; private set; }

    public DateTimeOffset CancelledAt => (CancelsAt ?? created) + takes * Edge;

    /// <summary>True when, as it stands, its time will be up before it is done.</summary>
    public bool WillExpire => !Doomed && !NeverExpires && !(CancelsAt < expires) && (StopsAt is not null || Ends > expires);

    /// <summary>Asks it to stop; the first time counts.</summary>
    public void Cancel(DateTimeOffset at) => CancelsAt = CancelsAt < at ? CancelsAt : at;

    /// <summary>The moment at which so large a share is answered.</summary>
    public DateTimeOffset When(double share) => Begins + (Finalizes - Begins) * share;

    public BatchPhase At(DateTimeOffset now)
    {
        if (Doomed) return now < Begins ? BatchPhase.Validating : BatchPhase.Failed;
        if (CancelsAt is { } asked && now >= asked && (NeverExpires || asked < expires))
        {
            return now < CancelledAt ? BatchPhase.Cancelling : BatchPhase.Cancelled;
        }

        if (StopsAt is null && Ends <= expires && now >= Ends) return BatchPhase.Completed;
        if (!NeverExpires && now >= expires) return BatchPhase.Expired;
        return now < Begins ? BatchPhase.Validating
            : StopsAt is null && now >= Finalizes ? BatchPhase.Finalizing
            : BatchPhase.InProgress;
    }

    /// <summary>How many of so many requests have been taken through.</summary>
    public int Done(DateTimeOffset now, int count)
    {
        if (Doomed) return 0;
        var until = CancelsAt is { } asked && asked < now ? asked : now;
        if (!NeverExpires && expires < until) until = expires;
        if (until < Begins) return 0;
        var share = until >= Finalizes ? 1 : (until - Begins) / (Finalizes - Begins);
        return (int)(count * Math.Min(share, StopsAt ?? 1) + 1e-9);
    }

    public static bool IsOver(BatchPhase phase) => phase is BatchPhase.Completed or BatchPhase.Failed or BatchPhase.Expired or BatchPhase.Cancelled;
}
