namespace Rowmill.Simulator.Limits;

/// <summary>
/// A continuously refilling bucket. Providers' messages obey <c>wait = (Used + Requested − Limit) / Limit × window</c> and
/// <c>reset = (limit − remaining) / limit × window</c>, which is a bucket that refills at Limit per window; daily limits too.
/// </summary>
internal class Bucket(Dimension dimension, long limit, double capacity, TimeSpan span)
{
    /// <summary>Waits are told in whole milliseconds: who waits exactly that long must get in.</summary>
    private const double ToleranceSeconds = 0.0006;

    private readonly double _perSecond = limit / span.TotalSeconds;
    private readonly double _capacity = capacity;
    private double _level = capacity;

    public Dimension Dimension => dimension;

    /// <summary>Time has passed.</summary>
    /// <param name="elapsed">Since the last time.</param>
    /// <param name="now">What the clock says.</param>
    public virtual void Refill(TimeSpan elapsed, DateTimeOffset now) => _level = Math.Min(_capacity, _level + _perSecond * elapsed.TotalSeconds);

    public void Take(double amount) => _level -= amount;

    public void GiveBack(double amount) => _level = Math.Min(_capacity, _level + amount);

    /// <summary>Null when the amount fits now.</summary>
    public Refusal? Check(long amount)
    {
        // A single request larger than a bucket that a burst has shrunk passes when that is full.
        var missing = Math.Min(amount, _capacity) - _level;
        var oversized = amount > limit;
        if (!oversized && missing <= _perSecond * ToleranceSeconds) return null;
        // Used is told as a whole number while the wait follows the exact level, as captures a few milliseconds off show.
        var used = Math.Clamp((long)Math.Round(limit - _level), 0, limit);
        return new Refusal(dimension, limit, used, amount, Until(Math.Max(0, oversized ? amount - _level : missing)), oversized);
    }

    public BucketReading Read()
    {
        var remaining = Math.Max(0, (long)Math.Floor(_level + 1e-6));
        return new BucketReading(dimension, limit, remaining, UntilFull(_capacity - remaining));
    }

    protected void Fill() => _level = _capacity;

    /// <summary>How long until so much has come back.</summary>
    protected virtual TimeSpan Until(double missing) => TimeSpan.FromSeconds(missing / _perSecond);

    /// <summary>How long until it is full, when so much is missing.</summary>
    protected virtual TimeSpan UntilFull(double missing) => Until(missing);
}

/// <summary>
/// A day's allowance that comes back whole at midnight in California (Google's page on rate limits), and not before.
/// </summary>
internal sealed class CalendarBucket(Dimension dimension, long limit, DateTimeOffset start) : Bucket(dimension, limit, limit, TimeSpan.FromDays(1))
{
    private static readonly TimeZoneInfo s_zone = TimeZoneInfo.FindSystemTimeZoneById("America/Los_Angeles");

    private DateTimeOffset _now = start;
    private DateTimeOffset _midnight = NextMidnight(start);

    public override void Refill(TimeSpan elapsed, DateTimeOffset now)
    {
        _now = now;
        if (now < _midnight) return;
        _midnight = NextMidnight(now);
        Fill();
    }

    protected override TimeSpan Until(double missing) => _midnight - _now;

    protected override TimeSpan UntilFull(double missing) => missing > 0 ? Until(missing) : TimeSpan.Zero;

    private static DateTimeOffset NextMidnight(DateTimeOffset now)
    {
        var there = TimeZoneInfo.ConvertTime(now, s_zone);
        var midnight = DateTime.SpecifyKind(there.Date.AddDays(1), DateTimeKind.Unspecified);
        return new DateTimeOffset(midnight, s_zone.GetUtcOffset(midnight));
    }
}

/// <summary>A bucket as the headers tell it; <paramref name="Reset"/> is the time until it is full.</summary>
internal readonly record struct BucketReading(Dimension Dimension, long Limit, long Remaining, TimeSpan Reset);

/// <summary>Why a request does not get in now, or never when it is <paramref name="Oversized"/>.</summary>
internal sealed record Refusal(Dimension Dimension, long Limit, long Used, long Requested, TimeSpan Wait, bool Oversized);
