using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <content>What comes of requests, and what the service says with it.</content>
public sealed partial class OwnerWindows
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    /// <summary>A request that left has ended.</summary>
    /// <param name="claim">Its reservation, which is no longer among those kept.</param>
    /// <param name="settlement">How it ended.</param>
    /// <param name="now">The clock's instant.</param>
    public void Settle(Claim claim, WindowSettlement settlement, DateTimeOffset now)
    {
        _gone.Clear();
        Advance(now);
        var readings = Refusals(settlement);
        var answered = settlement.Used is not null || readings.Count > 0;
        if (settlement.Counted && answered) Arrived(claim, now);
        var known = _windows.Count;
        if (settlement is { Counted: true, Used: not null }) Disprove(claim, readings, now);
        Learn(readings, claim.Charge, now);
        var givenBack = _tally.GivenBack - claim.GivenBack;
        if (!settlement.Counted) TakeBack(claim, now);
        foreach (var reading in readings)
        {
            // A window that begins with this answer has no usage yet that could be corrected.
            if (!reading.Refused && Find(reading.Window) is >= 0 and var at && at < known)
                _windows[at] = WindowLessons.Raised(_windows[at], reading, claim.At, givenBack, now);
        }

        if (settlement is { Counted: true, Used: { } used }) Replace(claim, Reservations.Settled(_owner.Provider, claim.Charge, used), now);
        foreach (var reading in readings)
        {
            if (Find(reading.Window) is not (>= 0 and var at)) continue;
            if (reading.Refused) Refuse(at, reading, claim, settlement.Counted, now);
            else if (at >= known) _windows[at] = WindowLessons.Begun(_windows[at], reading);
            else Lower(at, reading, claim, now);
        }

        if (settlement is { Counted: true, Used: not null }) Grow(claim);

        // Silence (a timeout, a lost connection) says nothing of a hold.
        Ended(claim, settlement.Used is not null || settlement.Readings.Count > 0);
    }

    /// <summary>A request did not leave, or the service never saw it.</summary>
    public void Release(Claim claim, DateTimeOffset now)
    {
        _gone.Clear();
        Advance(now);
        TakeBack(claim, now);
        Ended(claim, lifts: false);
    }

    /// <summary>The service said something with a request that was not reserved.</summary>
    public void Observe(IReadOnlyList<LimitReading> readings, DateTimeOffset sentAt, DateTimeOffset now)
    {
        _gone.Clear();
        Advance(now);
        var known = _windows.Count;
        Learn(readings, default, now);
        foreach (var reading in readings)
        {
            if (Find(reading.Window) is not (>= 0 and var at)) continue;
            if (reading.Refused) Refuse(at, reading, sentAt);
            else if (at >= known) _windows[at] = WindowLessons.Begun(_windows[at], reading);
            else _windows[at] = WindowLessons.Raised(_windows[at], reading, sentAt, default, now);
        }
    }

    /// <summary>
    /// The readings, and one for a refusal that names no window but a short wait: that is the minute's window of requests, which some
    /// services enforce by the second.
    /// </summary>
    private IReadOnlyList<LimitReading> Refusals(WindowSettlement settlement)
    {
        if (settlement.Counted || settlement.RetryAfter is not { } after || after > s_minute || Find(LimitNames.RequestsPerMinute) < 0)
            return settlement.Readings;
        foreach (var reading in settlement.Readings)
            if (reading.Refused) return settlement.Readings;
        return [.. settlement.Readings, new LimitReading(LimitNames.RequestsPerMinute) { Refused = true, OpensIn = after }];
    }

    private void Learn(IReadOnlyList<LimitReading> readings, Charge answered, DateTimeOffset now)
    {
        foreach (var reading in readings)
        {
            var at = Find(reading.Window);
            if (at < 0)
            {
                if (WindowSpec.Begun(reading, _owner) is not { } spec) continue;
                at = _windows.Count;
                Add(new KeptWindow { Told = spec }, answered, now);
            }

            var told = WindowSpec.Told(reading.Window, reading.Limit ?? 0, _owner)!;
            _windows[at] = WindowLessons.Sized(WindowLessons.Limited(_windows[at], reading, told, now), reading, _tally.Charged.Requests, now);
        }
    }

    /// <summary>An answered request has arrived: a bucket that waited for it refills by now.</summary>
    private void Arrived(Claim claim, DateTimeOffset now)
    {
        for (var i = 0; i < _windows.Count; i++)
        {
            var window = _windows[i];
            if (window.Usage.At > now && window.LagOrder > 0 && claim.Order >= window.LagOrder)
                _windows[i] = window with { Usage = window.Usage with { At = now } };
        }
    }

    private void Lower(int at, LimitReading reading, Claim claim, DateTimeOffset now)
    {
        var window = _windows[at];
        var measure = window.Spec.Measure;
        if (WindowLessons.MostUsed(window, reading, claim.At, now) is not { } most) return;
        most += (_tally.Charged - claim.Before - claim.Charge)[measure];
        if (window.Usage.Used <= most) return;

        // What left before it and is not answered may have arrived after it, or the service may have given a part of it back already
        // that will be given back here once more.
        foreach (var other in _reservations())
        {
            if (other.Order > claim.Order) continue;
            if (other.At + _transit > claim.At) most += other.Charge[measure];
            else most += (other.Charge - Reservations.Settled(_owner.Provider, other.Charge, default))[measure];
        }

        if (window.Usage.Used > most)
            _windows[at] = window with { Usage = window.Usage with { Used = most }, SetOrder = Math.Max(window.SetOrder, claim.Order) };
    }

    private void Refuse(int at, LimitReading refusal, Claim claim, bool counted, DateTimeOffset now)
    {
        var window = _windows[at];
        var measure = window.Spec.Measure;
        double amount = refusal.Requested ?? claim.Charge[measure];

        if (WindowLessons.IsTooLarge(window, refusal, amount)) return;
        double later = 0, others = 0;
        foreach (var other in _reservations())
        {
            others += other.Charge[measure];
            if (other.Order > claim.Order) later += other.Charge[measure];
        }

        // Requests that left before the last lesson say nothing new.
        if (window.Spec.Span == s_minute && amount <= window.Spec.Limit && claim.Order > Math.Max(window.BurstOrder, window.SetOrder))
        {
            // While it travelled the bucket refilled, and others of its crowd may have been let in because of that.
            var travelled = now - claim.At < _transit ? now - claim.At : _transit;
            var admitted = window.Usage.Used - others - (counted ? claim.Charge[measure] : 0) - WindowUsage.Refill(travelled, window.Spec);
            window = WindowLessons.Resized(window, refusal, amount, admitted, _tally.Charged.Requests, now);
        }

        _windows[at] = WindowLessons.Refused(window, refusal, amount, claim.Charge[measure], later) with { SetOrder = Math.Max(window.SetOrder, claim.Order) };
    }

    private void Refuse(int at, LimitReading refusal, DateTimeOffset sentAt)
    {
        var window = _windows[at];
        double later = 0;
        foreach (var claim in _reservations())
            if (claim.At >= sentAt) later += claim.Charge[window.Spec.Measure];
        double amount = refusal.Requested ?? 0;
        if (!WindowLessons.IsTooLarge(window, refusal, amount)) _windows[at] = WindowLessons.Refused(window, refusal, amount, amount, later);
    }

    private void Grow(Claim claim)
    {
        for (var i = 0; i < _windows.Count; i++)
        {
            var window = _windows[i];
            if (window is { BurstGrows: true, Burst: not null } && claim.Order <= window.BurstOrder)
                _windows[i] = WindowLessons.Grown(window, claim.Charge[window.Spec.Measure]);
        }
    }

    /// <summary>A service that admitted more than the limit it told, and tells none now, has another one.</summary>
    private void Disprove(Claim claim, IReadOnlyList<LimitReading> readings, DateTimeOffset now)
    {
        for (var i = 0; i < _windows.Count; i++)
        {
            var window = _windows[i];
            if (claim.At < window.ToldAt || !window.IsTooSmallFor(claim.Charge[window.Spec.Measure], now)) continue;
            if (!readings.Any(r => r.Window == window.Spec.Name && r.Limit is > 0)) _windows[i] = window.Doubted(now);
        }
    }

    /// <summary>A charge that the service never made is taken back.</summary>
    private void TakeBack(Claim claim, DateTimeOffset now)
    {
        _tally = _tally.Less(claim.Charge);
        for (var i = 0; i < _windows.Count; i++)
        {
            // The service's own count, taken since, does not hold it.
            var window = _windows[i];
            if (claim.Order > 0 && claim.Order <= window.SetOrder) continue;
            _windows[i] = window with { Usage = window.Usage.Minus(claim.Charge[window.Spec.Measure], now - claim.At, window.Spec) };
        }
    }

    private void Replace(Claim claim, Charge charge, DateTimeOffset now)
    {
        var difference = charge - claim.Charge;
        var more = new Charge(
            Math.Max(0, difference.Requests), Math.Max(0, difference.Tokens), Math.Max(0, difference.InputTokens), Math.Max(0, difference.OutputTokens));
        if (more != default) _tally = _tally.Plus(more, now, _transit);
        _tally = _tally.Less(more - difference);
        for (var i = 0; i < _windows.Count; i++)
        {
            var (window, change) = (_windows[i], difference[_windows[i].Spec.Measure]);
            if (change == 0) continue;

            // Whatever a service claims to have used: one request blocks a window for no more than one span beyond its reservation.
            if (change > window.Spec.Limit) change = window.Spec.Limit;
            var usage = change > 0 ? window.Usage.Plus(change, now, window.Spec) : window.Usage.Refund(-change, now - claim.At, window.Spec);
            _windows[i] = window with { Usage = usage };
        }
    }
}
