namespace Rowmill.Core.Limits;

/// <summary>Everything that was ever charged to an owner, so that what was charged since any earlier moment is a difference.</summary>
/// <param name="Charged">Charged so far. Its requests number the reservations.</param>
/// <param name="GivenBack">Given back so far.</param>
public readonly record struct Tally(Charge Charged, Charge GivenBack)
{
    /// <summary>What had been charged when <see cref="MarkAt"/> was.</summary>
    public Charge Mark { get; init; }

    /// <summary>The moment of <see cref="Mark"/>.</summary>
    public DateTimeOffset MarkAt { get; init; }

    /// <summary>No more than what had been charged one transit before the last charge.</summary>
    public Charge Earlier { get; init; }

    /// <summary>The sums after another charge.</summary>
    /// <param name="charge">The charge.</param>
    /// <param name="now">The clock's instant.</param>
    /// <param name="transit">How long a request may travel: two that are closer together may arrive in the other order.</param>
    public Tally Plus(Charge charge, DateTimeOffset now, TimeSpan transit)
    {
        var since = now - MarkAt;
        if (since >= TimeSpan.Zero && since < transit) return this with { Charged = Charged + charge };

        // All charges since the mark were made within one transit of it.
        return this with { Charged = Charged + charge, Earlier = since >= 2 * transit ? Charged : Mark, Mark = Charged, MarkAt = now };
    }

    /// <summary>The sums after something was given back.</summary>
    public Tally Less(Charge charge) => this with { GivenBack = GivenBack + charge };
}
