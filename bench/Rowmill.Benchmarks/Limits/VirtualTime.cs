namespace Rowmill.Benchmarks.Limits;

/// <summary>A clock that stands still until it is told to go to the next timer. Timers due at the same instant fire in the order they were set.</summary>
internal sealed class VirtualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<(Timer Timer, long Version), (long Due, long Set)> _timers = new();
    private DateTimeOffset _now = start;
    private long _set;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate) return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>When the next timer is due; null when there is none.</summary>
    public DateTimeOffset? Next
    {
        get
        {
            lock (_gate)
            {
                while (_timers.TryPeek(out var entry, out var at))
                {
                    if (entry.Timer.Version == entry.Version) return new DateTimeOffset(at.Due, TimeSpan.Zero);
                    _timers.Dequeue();
                }

                return null;
            }
        }
    }

    /// <summary>Goes to the next timer and fires it.</summary>
    public void FireNext()
    {
        Timer timer;
        lock (_gate)
        {
            if (Next is not { } due) return;
            timer = _timers.Dequeue().Timer;
            if (due > _now) _now = due;
            timer.Rearm(due);
        }

        timer.Fire();
    }

    private sealed class Timer(VirtualTime clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        /// <summary>Counts the changes: what was set before the last one is void.</summary>
        public long Version { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                Version++;
                _period = period;
                if (dueTime >= TimeSpan.Zero) Set(clock._now + dueTime);
                return true;
            }
        }

        public void Rearm(DateTimeOffset due)
        {
            Version++;
            if (_period > TimeSpan.Zero) Set(due + _period);
        }

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Set(DateTimeOffset due) => clock._timers.Enqueue((this, Version), (due.UtcTicks, clock._set++));
    }
}
