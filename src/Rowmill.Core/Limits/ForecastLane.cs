namespace Rowmill.Core.Limits;

/// <summary>A window during a forecast.</summary>
internal sealed class ForecastWindow(UsedWindow window, ForecastRoute route)
{
    /// <summary>The window.</summary>
    public WindowSpec Spec { get; } = window.Spec;

    /// <summary>What a request takes when it is let in.</summary>
    public double Reserved { get; } = route.Reserved[window.Spec.Measure];

    /// <summary>What it has taken in the end.</summary>
    public double Settled { get; } = route.Settled[window.Spec.Measure];

    /// <summary>The larger of the two.</summary>
    public double Size => Math.Max(Reserved, Settled);

    /// <summary>Its usage.</summary>
    public WindowUsage Usage { get; set; } = window.Usage;

    /// <summary>Seconds waited for it.</summary>
    public double Waited { get; set; }

    /// <summary>The next request waits while more than this is used.</summary>
    public double Threshold { get; } = window.Spec.CapacityFor(route.Reserved[window.Spec.Measure]) - route.Reserved[window.Spec.Measure];
}

/// <summary>A route during a forecast.</summary>
internal sealed class ForecastLane
{
    private readonly Queue<DateTimeOffset> _inFlight = new();
    private readonly TimeSpan _latency;
    private readonly DateTimeOffset _heldUntil;
    private readonly ForecastWindow? _calendar;
    private DateTimeOffset _dayEnds;

    public ForecastLane(ForecastRoute route, int index, DateTimeOffset now)
    {
        Index = index;
        RowsPerCall = Math.Max(route.RowsPerCall, double.Epsilon);
        Concurrency = Math.Max(1, route.Concurrency);
        _latency = route.Latency > TimeSpan.Zero ? route.Latency : TimeSpan.Zero;
        _heldUntil = route.Windows.Hold?.Until ?? DateTimeOffset.MinValue;
        Windows = [.. route.Windows.Windows.Select(w => new ForecastWindow(w, route))];
        _calendar = Array.Find(Windows, w => w.Spec.Calendar);
        _dayEnds = _calendar is null ? DateTimeOffset.MaxValue : now;
    }

    public int Index { get; }

    public double RowsPerCall { get; }

    public int Concurrency { get; }

    public ForecastWindow[] Windows { get; }

    /// <summary>Calls so far; the last counts by its share of a whole one.</summary>
    public double Calls { get; set; }

    /// <summary>When the last reply is there; null before the first call.</summary>
    public DateTimeOffset? DoneAt { get; private set; }

    /// <summary>Left aside until it opens.</summary>
    public bool Parked { get; set; }

    /// <summary>How long until its hold and windows let a request in, as far as can be seen from the last look.</summary>
    public TimeSpan Wait { get; private set; }

    /// <summary>The window behind <see cref="Wait"/>.</summary>
    public ForecastWindow? Binding { get; private set; }

    public bool HasSlot => _inFlight.Count < Concurrency;

    public bool Opens => Wait == TimeSpan.Zero && HasSlot;

    /// <summary>False when a request is larger than one of its windows.</summary>
    public bool EverOpens => Array.TrueForAll(Windows, w => w.Reserved <= w.Spec.Limit);

    /// <summary>When the next reply comes; null when nothing is in flight.</summary>
    public DateTimeOffset? NextReply => _inFlight.TryPeek(out var left) ? left + _latency : null;

    /// <summary>When its hold ends, if that is still to come.</summary>
    public DateTimeOffset? HeldAfter(DateTimeOffset now) => _heldUntil > now ? _heldUntil : null;

    /// <summary>The end of its calendar day; never when it has none.</summary>
    public DateTimeOffset DayEnds(DateTimeOffset now)
    {
        if (_calendar is not null && _dayEnds <= now) _dayEnds = NextMidnight(now);
        return _dayEnds;
    }

    /// <summary>The midnight after an instant; a day that is all used is unused again then.</summary>
    public DateTimeOffset NextMidnight(DateTimeOffset at) => new WindowUsage(_calendar!.Spec.Limit, at).FullAt(at, _calendar.Spec);

    /// <summary>Takes the replies that are there by now.</summary>
    public void Settle(DateTimeOffset now)
    {
        while (NextReply is { } reply && reply <= now)
        {
            _inFlight.Dequeue();
            foreach (var window in Windows)
            {
                if (window.Reserved == window.Settled) continue;
                var usage = window.Usage.AdvancedTo(now, window.Spec);
                window.Usage = window.Settled > window.Reserved
                    ? usage.Plus(window.Settled - window.Reserved, now, window.Spec)
                    : usage.Refund(window.Reserved - window.Settled, _latency, window.Spec);
            }
        }
    }

    /// <summary>Looks how long the next request waits.</summary>
    public void Look(DateTimeOffset now)
    {
        Binding = null;
        Wait = _heldUntil > now ? _heldUntil - now : TimeSpan.Zero;
        foreach (var window in Windows)
        {
            window.Usage = window.Usage.AdvancedTo(now, window.Spec);
            var wait = window.Usage.WaitFor(0, window.Reserved, now, window.Spec);
            if (wait > Wait) (Wait, Binding) = (wait, window);
        }
    }

    /// <summary>A request leaves.</summary>
    /// <param name="now">The instant.</param>
    /// <param name="share">The part of its rows that are left to be asked, 1 but for the last request.</param>
    public void Admit(DateTimeOffset now, double share)
    {
        foreach (var window in Windows) window.Usage = window.Usage.Plus(window.Reserved, now, window.Spec);
        Calls += share;
        DoneAt = now + _latency;
        if (_latency > TimeSpan.Zero) _inFlight.Enqueue(now);
        else SettleAtOnce(now);
    }

    /// <summary>Moves the lane on in time as if the same had happened many times over.</summary>
    public void Skip(TimeSpan by)
    {
        DoneAt += by;
        for (var i = _inFlight.Count; i > 0; i--) _inFlight.Enqueue(_inFlight.Dequeue() + by);
        foreach (var window in Windows) window.Usage = window.Usage with { At = window.Usage.At + by };
    }

    private void SettleAtOnce(DateTimeOffset now)
    {
        _inFlight.Enqueue(now);
        Settle(now);
    }
}
