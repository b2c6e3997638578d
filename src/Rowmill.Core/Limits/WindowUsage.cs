namespace Rowmill.Core.Limits;

/// <summary>How much of a bucket is used at an instant. All arithmetic of a refilling window is here; nothing reads a clock.</summary>
/// <param name="Used">Used or reserved, and not yet refilled. Above the capacity after requests that took more than they reserved.</param>
/// <param name="At">The instant it holds for.</param>
public readonly record struct WindowUsage(double Used, DateTimeOffset At)
{
    /// <summary>A stored instant this far ahead of the clock is another process's; beyond it the clock has been set back.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(1);

    // A billionth of the window, so that a request told to wait passes after exactly that wait in spite of rounding.
    private const double Tolerance = 1e-9;

    /// <summary>The usage at a later instant. A clock that went back neither refills nor drains: refilling goes on from there.</summary>
    public WindowUsage AdvancedTo(DateTimeOffset now, WindowSpec window)
    {
        var elapsed = now - At;
        if (elapsed < -Skew) return this with { At = now };
        return elapsed <= TimeSpan.Zero ? this : new(Math.Max(0, Used - Refill(elapsed, window)), now);
    }

    /// <summary>How long until an amount fits, from the clock's instant; never is <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    /// <param name="ahead">What others may take first.</param>
    /// <param name="amount">What the request takes.</param>
    /// <param name="now">The clock's instant; this usage has been advanced to it.</param>
    /// <param name="window">The window.</param>
    public TimeSpan WaitFor(double ahead, double amount, DateTimeOffset now, WindowSpec window)
    {
        if (amount > window.Limit) return Timeout.InfiniteTimeSpan;
        var lacking = Used + ahead + amount - window.CapacityFor(amount);
        return amount == 0 || lacking <= window.Limit * Tolerance ? TimeSpan.Zero : Until(lacking, now, window);
    }

    /// <summary>The usage after a request took an amount.</summary>
    /// <param name="amount">The amount.</param>
    /// <param name="now">The clock's instant; this usage has been advanced to it.</param>
    /// <param name="transit">
    /// How long the request may travel. A bucket that was full begins to refill when the request arrives at the service, not when it
    /// left here; once it refills, how long later requests travel makes no difference.
    /// </param>
    public WindowUsage Plus(double amount, DateTimeOffset now, TimeSpan transit) =>
        amount > 0 && Used == 0 ? new(amount, now + transit) : this with { Used = Used + amount };

    /// <summary>The usage after a part of a charge was given back; no more than what can still be there of it.</summary>
    /// <param name="amount">The part.</param>
    /// <param name="age">How long ago it was charged.</param>
    /// <param name="window">The window.</param>
    public WindowUsage Minus(double amount, TimeSpan age, WindowSpec window)
    {
        var left = Math.Max(0, window.CapacityFor(amount) - Refill(age > TimeSpan.Zero ? age : TimeSpan.Zero, window));
        return this with { Used = Math.Max(0, Used - Math.Min(amount, left)) };
    }

    /// <summary>When the bucket will be full again.</summary>
    public DateTimeOffset FullAt(DateTimeOffset now, WindowSpec window) => Used <= 0 ? now : now + Until(Used, now, window);

    private TimeSpan Until(double amount, DateTimeOffset now, WindowSpec window)
    {
        var ticks = Math.Ceiling(amount * window.Span.Ticks / window.Limit - 1e-3);
        // A century is for ever, and fits into a date.
        var wait = TimeSpan.FromTicks((long)Math.Min(ticks, TimeSpan.TicksPerDay * 36525d));
        return At > now ? wait + (At - now) : wait;
    }

    private static double Refill(TimeSpan elapsed, WindowSpec window) => elapsed.Ticks * (double)window.Limit / window.Span.Ticks;
}
