using System.Numerics;

namespace Rowmill.Core.Limits;

/// <summary>One play of a forecast: goes from event to event (a request leaves, a reply comes, a window opens, a day ends).</summary>
internal sealed class ForecastRun
{
    /// <summary>Beyond this a job is never done.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromDays(36525);

    private readonly List<ForecastLane> _lanes;
    private readonly ForecastRules _rules;
    private readonly DateTimeOffset _end;
    private readonly double _least;
    private DateTimeOffset _now;
    private DateTimeOffset _dayEnds;
    private double _rows;

    public ForecastRun(List<ForecastLane> lanes, double rows, DateTimeOffset now, ForecastRules rules)
    {
        (_lanes, _rows, _now, _rules) = (lanes, rows, now, rules);
        _end = now + Horizon;
        // Below this the rest is what rounding left of a row.
        _least = rows * 1e-9;
        _dayEnds = DayEnds();
    }

    /// <summary>Calls played so far.</summary>
    public long Played { get; private set; }

    /// <summary>Plays to the end.</summary>
    /// <param name="skip">Whether what repeats itself may be skipped.</param>
    /// <returns>False when the end is beyond the horizon.</returns>
    public bool Play(bool skip)
    {
        skip &= _rows / _lanes.Max(l => l.RowsPerCall) > Forecast.PlayedWhole;
        var cycle = skip ? new ForecastCycle(_lanes, days: false) : null;
        var days = skip && _dayEnds < DateTimeOffset.MaxValue ? new ForecastCycle(_lanes, days: true) : null;
        var block = Block();
        for (var left = block; _rows > _least;)
        {
            foreach (var lane in _lanes) lane.Settle(_now);
            if (Next() is { } route)
            {
                var share = Math.Min(1, _rows / route.RowsPerCall);
                _rows -= share * route.RowsPerCall;
                route.Admit(_now, share);
                Played++;
                if (cycle is null || --left > 0) continue;
                if (!Skip(cycle)) return false;
                left = block *= cycle.Patience();
            }
            else
            {
                if (_now > _end) return false;
                if (_now < _dayEnds) continue;
                _dayEnds = DayEnds();
                if (days is null) continue;
                if (!SkipDays(days)) return false;
                cycle!.Forget();
                left = block;
            }
        }

        return true;
    }

    /// <summary>The route that the next request leaves to now; null when time has to go on first, and then it has.</summary>
    private ForecastLane? Next()
    {
        foreach (var lane in _lanes) lane.Look(_now);
        var chosen = _rules.Spread ? Freest() : Preferred();
        if (chosen.Opens) return chosen;

        var next = chosen.HasSlot ? _now + chosen.Wait : chosen.NextReply!.Value;
        foreach (var lane in _lanes)
        {
            // A reply gives back what it did not use, and a route before this one may open.
            if (lane.NextReply is { } reply && reply < next) next = reply;
            if (lane.Wait > TimeSpan.Zero && lane.Index < chosen.Index && _now + lane.Wait < next) next = _now + lane.Wait;
        }

        if (_dayEnds > _now && _dayEnds < next) next = _dayEnds;
        if (chosen.Wait > TimeSpan.Zero && chosen.Binding is { } window) window.Waited += (next - _now).TotalSeconds;
        _now = next;
        return null;
    }

    /// <summary>In order: the first that is not parked.</summary>
    private ForecastLane Preferred()
    {
        var soonest = _lanes[0];
        foreach (var lane in _lanes)
            if (lane.Wait < soonest.Wait) soonest = lane;
        ForecastLane? first = null;
        foreach (var lane in _lanes)
        {
            if (lane.Wait == TimeSpan.Zero) lane.Parked = false;
            else if (lane.Wait > _rules.Patience && soonest.Wait < lane.Wait) lane.Parked = true;
            if (!lane.Parked) first ??= lane;
        }

        return first ?? soonest;
    }

    /// <summary>Side by side: what is open goes first, of that the day that ends first; otherwise what opens first.</summary>
    private ForecastLane Freest()
    {
        var best = _lanes[0];
        foreach (var lane in _lanes)
        {
            if (ReferenceEquals(lane, best)) continue;
            var (one, other) = (ReadyAt(lane), ReadyAt(best));
            if (one < other || (one == other && lane.DayEnds(_now) < best.DayEnds(_now))) best = lane;
        }

        return best;
    }

    private DateTimeOffset ReadyAt(ForecastLane lane)
    {
        var open = _now + lane.Wait;
        return lane.HasSlot || lane.NextReply!.Value < open ? open : lane.NextReply.Value;
    }

    private DateTimeOffset DayEnds() => _lanes.Min(l => l.DayEnds(_now));

    /// <summary>
    /// Calls between two looks at how things go. Slots that are filled together are freed together: whole rounds of every route, so that
    /// looks do not differ by a part of a round.
    /// </summary>
    private int Block()
    {
        const int Least = 2048;
        var round = 1;
        foreach (var lane in _lanes) round = Round(round, lane.Concurrency);
        return (Least + round - 1) / round * round;

        static int Round(int a, int b)
        {
            var both = a / (int)BigInteger.GreatestCommonDivisor(a, b) * (long)b;
            return both <= 8 * Least ? (int)both : Math.Max(a, b);
        }
    }

    private bool Skip(ForecastCycle cycle)
    {
        var until = _dayEnds;
        foreach (var lane in _lanes)
            if (lane.HeldAfter(_now) is { } held && held < until) until = held;
        var times = cycle.Repeats(_now, _rows, until);
        if (times <= 0) return true;
        return times * (double)cycle.Period.Ticks < Horizon.Ticks && Repeat(cycle, times, _now + times * cycle.Period);
    }

    private bool SkipDays(ForecastCycle days)
    {
        if (_lanes.Exists(l => l.HeldAfter(_now) is not null)) return true;
        var times = days.Repeats(_now, _rows, _end);
        if (times <= 0) return true;
        // Days differ in length where the clocks are set: count midnights. Where lanes' days differ, the first to end counts.
        var at = _now;
        var calendar = _lanes.MinBy(l => l.DayEnds(_now))!;
        for (var i = 0L; i < times && at < _end; i++) at = calendar.NextMidnight(at);
        return Repeat(days, times, at);
    }

    private bool Repeat(ForecastCycle cycle, long times, DateTimeOffset to)
    {
        if (to > _end) return false;
        _rows -= times * cycle.Rows;
        cycle.Repeat(times, to - _now);
        _now = to;
        _dayEnds = DayEnds();
        return true;
    }
}
