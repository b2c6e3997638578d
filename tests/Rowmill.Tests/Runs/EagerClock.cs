using Rowmill.Tests.Support;

namespace Rowmill.Tests.Runs;

/// <summary>A clock that moves to the end of every wait as soon as somebody waits: waiting costs nothing and the time shows how long it was.</summary>
internal sealed class EagerClock : TimeProvider
{
    private readonly Lock _moving = new();
    private readonly VirtualClock _clock = new();

    public override long TimestampFrequency => _clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

    public override long GetTimestamp() => _clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var due = GetUtcNow() + dueTime;
        var timer = _clock.CreateTimer(callback, state, dueTime, period);
        if (period == Timeout.InfiniteTimeSpan && dueTime >= TimeSpan.Zero) ThreadPool.QueueUserWorkItem(_ => MoveTo(due));
        return timer;
    }

    /// <summary>Moves time forward.</summary>
    public void Advance(TimeSpan by) => MoveTo(GetUtcNow() + by);

    private void MoveTo(DateTimeOffset due)
    {
        lock (_moving)
        {
            var by = due - _clock.GetUtcNow();
            _clock.Advance(by > TimeSpan.Zero ? by : TimeSpan.Zero);
        }
    }
}
