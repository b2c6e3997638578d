namespace Rowmill.Core.Limits;

/// <summary>One window with its usage.</summary>
/// <param name="Spec">The window as it binds.</param>
/// <param name="Usage">Its usage.</param>
public sealed record UsedWindow(WindowSpec Spec, WindowUsage Usage);

/// <summary>One window of an owner as it is kept: what the jobs say of it, what the service said, and how much is used.</summary>
public sealed record KeptWindow
{
    /// <summary>A limit that the service has not named again for so long is no longer believed: accounts move to other plans.</summary>
    public static readonly TimeSpan LimitTrust = TimeSpan.FromDays(30);

    /// <summary>
    /// A told limit keeps a request that is larger than itself away for so long; then one is let through by the job's limit, so that the
    /// service can tell its limit anew: nothing that fits would ever correct one that is wrong.
    /// </summary>
    public static readonly TimeSpan TooSmallTrust = TimeSpan.FromMinutes(10);

    /// <summary>A bucket that was seen to be smaller than its limit is tried at its full size again after this time.</summary>
    public static readonly TimeSpan BurstTrust = TimeSpan.FromDays(7);

    /// <summary>The window as the job that last named it says; null when none did.</summary>
    public WindowSpec? Job { get; init; }

    /// <summary>The window with the limit that the service told; null when it told none.</summary>
    public WindowSpec? Told { get; init; }

    /// <summary>When the service last told that limit, or a request larger than it was last let through to try it.</summary>
    public DateTimeOffset ToldAt { get; init; }

    /// <summary>True when the service said that this is a day of the calendar.</summary>
    public bool Calendar { get; init; }

    /// <summary>What the service's bucket holds, where that was seen to be less than the limit; may be below zero while it grows.</summary>
    public double? Burst { get; init; }

    /// <summary>When that was seen; without <see cref="Burst"/>, when a refusal last surprised.</summary>
    public DateTimeOffset BurstAt { get; init; }

    /// <summary>The last reservation made before that: what comes of those up to it says nothing new of the bucket's size.</summary>
    public long BurstOrder { get; init; }

    /// <summary>
    /// True when a refusal showed it: each request up to <see cref="BurstOrder"/> that turns out to have been admitted then makes it larger.
    /// </summary>
    public bool BurstGrows { get; init; }

    /// <summary>The last reservation whose answer set the usage: earlier ones that were refused are not in it.</summary>
    public long SetOrder { get; init; }

    /// <summary>The last reservation that found the bucket so full that refilling begins when it arrives.</summary>
    public long LagOrder { get; init; }

    /// <summary>The window as it binds those whose job names it as the last did.</summary>
    public WindowSpec Spec { get; private init; } = null!;

    /// <summary>How much is used.</summary>
    public WindowUsage Usage { get; init; }

    /// <summary>True when the service's word binds.</summary>
    public bool Learned => Told is { } told && (Job is null || told.Limit < Job.Limit);

    /// <summary>The usage moved on to an instant; what was learned and is too old, or comes from a future that the clock left, is set right.</summary>
    public KeptWindow AdvancedTo(DateTimeOffset now)
    {
        var usage = Usage.AdvancedTo(now, Spec);
        var window = usage == Usage ? this : this with { Usage = usage };
        if (ToldAt > now || BurstAt > now) window = window with { ToldAt = Earlier(ToldAt, now), BurstAt = Earlier(BurstAt, now) };
        if (Told is not null && Job is not null && now - ToldAt > LimitTrust) window = (window with { Told = null }).Fitted();
        if (Burst is not null && now - BurstAt > BurstTrust) window = (window with { Burst = null }).Fitted();
        return window;
    }

    /// <summary>The window as it binds a job; null when it does not: the job does not name it, nor did the service within <see cref="LimitTrust"/>.</summary>
    /// <param name="job">The window as the job names it.</param>
    /// <param name="now">The clock's instant.</param>
    public WindowSpec? For(WindowSpec? job, DateTimeOffset now)
    {
        var told = now - ToldAt > LimitTrust ? null : Told;
        return ReferenceEquals(job, Job) && ReferenceEquals(told, Told) && (job ?? told) is not null ? Spec : Fit(job, told);
    }

    /// <summary>How long until an amount fits; never is <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    /// <param name="ahead">What others may take first.</param>
    /// <param name="amount">What the request takes.</param>
    /// <param name="now">The clock's instant.</param>
    /// <param name="spec">The window as it binds the job.</param>
    /// <param name="job">The window as the job names it.</param>
    public TimeSpan WaitFor(double ahead, double amount, DateTimeOffset now, WindowSpec spec, WindowSpec? job)
    {
        var wait = Usage.WaitFor(ahead, amount, now, spec);
        if (wait != Timeout.InfiniteTimeSpan || !IsTooSmallFor(amount, now)) return wait;
        var byJob = Fit(job, null) is { } own ? Usage.WaitFor(ahead, amount, now, own) : TimeSpan.Zero;
        if (byJob == Timeout.InfiniteTimeSpan) return byJob;
        var kept = ToldAt + TooSmallTrust - now;
        return kept > byJob ? kept : byJob;
    }

    /// <summary>True when the service told a limit, still believed, that is smaller than an amount.</summary>
    public bool IsTooSmallFor(double amount, DateTimeOffset now) => Told is { } told && told.Limit < amount && now - ToldAt <= LimitTrust;

    /// <summary>The window without belief in the limit that the service told.</summary>
    public KeptWindow Doubted(DateTimeOffset now) => this with { ToldAt = now - LimitTrust - TimeSpan.FromTicks(1) };

    /// <summary>With <see cref="Spec"/> as it follows from the rest.</summary>
    public KeptWindow Fitted() => this with { Spec = Fit(Job, Told) ?? Spec };

    private WindowSpec? Fit(WindowSpec? job, WindowSpec? told)
    {
        if ((job ?? told) is not { } named) return null;
        var limit = Math.Min(named.Limit, told?.Limit ?? named.Limit);
        var capacity = Math.Min(limit, named.Capacity);

        // One request always passes a bucket that is full.
        if (Burst is { } burst) capacity = Math.Min(capacity, Math.Max(burst, 1));
        return named with { Limit = limit, Capacity = capacity, Calendar = Calendar || named.Calendar };
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
