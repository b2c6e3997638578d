namespace Rowmill.Core.Limits;

/// <summary>How much of a window is used at an instant. All arithmetic of a window over time is here; nothing reads a clock.</summary>
/// <param name="Used">
/// Used or reserved, and not yet refilled; of a calendar day, since its midnight. Above the capacity after requests that took more
/// than they reserved.
/// </param>
/// <param name="At">The instant it holds for.</param>
public readonly record struct WindowUsage(double Used, DateTimeOffset At)
{
    /// <summary>A stored instant this far ahead of the clock is another process's; beyond it the clock has been set back.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(1);

    // A billionth of the window, so that a request told to wait passes after exactly that wait in spite of rounding.
    private const double Tolerance = 1e-9;

    /// <summary>
    /// The usage at a later instant. A clock that went back neither refills nor drains: refilling goes on from there. A calendar day
    /// that the clock was set back out of is kept until it ends, at most a day further.
    /// </summary>
    public WindowUsage AdvancedTo(DateTimeOffset now, WindowSpec window)
    {
        var elapsed = now - At;
        if (elapsed < -(window.Calendar ? CalendarDay.Longest : Skew)) return this with { At = now };
        if (elapsed <= TimeSpan.Zero) return this;
        if (!window.Calendar) return new(Math.Max(0, Used - Refill(elapsed, window)), now);
        return now < CalendarDay.Of(At).End ? this with { At = now } : new(0, now);
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
    /// <param name="window">The window.</param>
    /// <param name="transit">
    /// How long the request may travel. A bucket that is full when it arrives begins to refill then, not when it left here; once a
    /// bucket refills, how long requests travel makes no difference.
    /// </param>
    public WindowUsage Plus(double amount, DateTimeOffset now, WindowSpec window, TimeSpan transit = default)
    {
        if (amount <= 0) return this;
        var lag = window.Calendar || transit == TimeSpan.Zero ? TimeSpan.Zero : Lag(amount, transit, window);
        return new(Used + amount, lag > TimeSpan.Zero && now + lag > At ? now + lag : At);
    }

    /// <summary>The usage after a charge was taken back that the service never made; no more than what can still be there of it.</summary>
    /// <param name="amount">The charge, or a part of it.</param>
    /// <param name="age">How long ago it was charged.</param>
    /// <param name="window">The window.</param>
    public WindowUsage Minus(double amount, TimeSpan age, WindowSpec window)
    {
        var left = Math.Max(0, window.CapacityFor(amount) - Refill(age > TimeSpan.Zero ? age : TimeSpan.Zero, window));
        return Refund(window.Calendar ? amount : Math.Min(amount, left), age, window);
    }

    /// <summary>The usage after the service itself gave a part of a charge back. What was charged yesterday is not given back to a calendar's today.</summary>
    /// <param name="amount">The part.</param>
    /// <param name="age">How long ago it was charged.</param>
    /// <param name="window">The window.</param>
    public WindowUsage Refund(double amount, TimeSpan age, WindowSpec window) =>
        window.Calendar && At - age < CalendarDay.Of(At).Start ? this : this with { Used = Math.Max(0, Used - amount) };

    /// <summary>When the window will be unused again: the bucket full, the day over.</summary>
    public DateTimeOffset FullAt(DateTimeOffset now, WindowSpec window) => Used <= 0 ? now : now + Until(Used, now, window);

    /// <summary>What refills within a time; nothing of a calendar day.</summary>
    internal static double Refill(TimeSpan elapsed, WindowSpec window) =>
        window.Calendar ? 0 : elapsed.Ticks * (double)window.Limit / window.Span.Ticks;

    /// <summary>
    /// How much later than now refilling can begin. What is used already goes on refilling meanwhile. Never so late that a small bucket
    /// in steady use is held up: half of what such a bucket has used when it lets the amount in.
    /// </summary>
    private TimeSpan Lag(double amount, TimeSpan transit, WindowSpec window)
    {
        var steady = (window.CapacityFor(amount) - amount) / 2 / window.PerSecond;
        var seconds = Math.Min(transit.TotalSeconds, steady) - Used / window.PerSecond;
        return seconds > 0 ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;
    }

    private TimeSpan Until(double amount, DateTimeOffset now, WindowSpec window)
    {
        if (window.Calendar) return CalendarDay.Of(At > now ? At : now).End - now;
        var ticks = Math.Ceiling(amount * window.Span.Ticks / window.Limit - 1e-3);
        // A century is for ever, and fits into a date.
        var wait = TimeSpan.FromTicks((long)Math.Min(ticks, TimeSpan.TicksPerDay * 36525d));
        return At > now ? wait + (At - now) : wait;
    }
}
