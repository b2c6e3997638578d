namespace Rowmill.Simulator.Limits;

/// <summary>
/// A continuously refilling bucket. Providers' messages obey <c>wait = (Used + Requested − Limit) / Limit × window</c> and
/// <c>reset = (limit − remaining) / limit × window</c>, which is a bucket that refills at Limit per window; daily limits too.
/// </summary>
internal sealed class Bucket(Dimension dimension, long limit, double capacity, TimeSpan span)
{
    /// <summary>Waits are told in whole milliseconds: who waits exactly that long must get in.</summary>
    private const double ToleranceSeconds = 0.0006;

    private readonly double _perSecond = limit / span.TotalSeconds;
    private readonly double _capacity = capacity;
    private double _level = capacity;

    public Dimension Dimension => dimension;

    public void Refill(TimeSpan elapsed) => _level = Math.Min(_capacity, _level + _perSecond * elapsed.TotalSeconds);

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
        return new Refusal(dimension, limit, used, amount, TimeSpan.FromSeconds(Math.Max(0, oversized ? amount - _level : missing) / _perSecond), oversized);
    }

    public BucketReading Read()
    {
        var remaining = Math.Max(0, (long)Math.Floor(_level + 1e-6));
        return new BucketReading(dimension, limit, remaining, TimeSpan.FromSeconds((_capacity - remaining) / _perSecond));
    }
}

/// <summary>A bucket as the headers tell it; <paramref name="Reset"/> is the time until it is full.</summary>
internal readonly record struct BucketReading(Dimension Dimension, long Limit, long Remaining, TimeSpan Reset);

/// <summary>Why a request does not get in now, or never when it is <paramref name="Oversized"/>.</summary>
internal sealed record Refusal(Dimension Dimension, long Limit, long Used, long Requested, TimeSpan Wait, bool Oversized);
