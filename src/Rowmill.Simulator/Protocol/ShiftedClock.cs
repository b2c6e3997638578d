namespace Rowmill.Simulator.Protocol;

/// <summary>The injected clock, which can be pushed forward. What waits on it waits as long as ever.</summary>
internal sealed class ShiftedClock(TimeProvider inner) : TimeProvider
{
    private long _shift;

    /// <summary>By how much it was pushed.</summary>
    public TimeSpan Shift => TimeSpan.FromTicks(Interlocked.Read(ref _shift));

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    /// <summary>Pushes it forward.</summary>
    public void Advance(TimeSpan by) => Interlocked.Add(ref _shift, by.Ticks);

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + Shift;

    public override long GetTimestamp() => inner.GetElapsedTime(0, inner.GetTimestamp()).Ticks + Shift.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        inner.CreateTimer(callback, state, dueTime, period);
}
