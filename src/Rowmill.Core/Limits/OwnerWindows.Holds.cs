namespace Rowmill.Core.Limits;

/// <content>Holds, and what dead processes leave behind.</content>
public sealed partial class OwnerWindows
{
    /// <summary>How long the others wait at most for what comes of the one request let through after a hold.</summary>
    public static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(30);

    /// <summary>How soon they ask again meanwhile: what comes of it is there as soon as it is answered.</summary>
    public static readonly TimeSpan ProbeStep = TimeSpan.FromSeconds(1);

    /// <summary>No hold is believed for longer: a service that says a year is asked again once a day.</summary>
    public static readonly TimeSpan LongestHold = WindowLessons.LongestWait;

    /// <summary>Keeps everybody away; of two holds the longer one stays.</summary>
    public void Hold(WindowHold hold, DateTimeOffset now)
    {
        _gone.Clear();
        var (until, reason) = (Earlier(hold.Until, now + LongestHold), hold.Reason);
        if (_hold is { ProbeUntil: null } held && held.Until > until && Earlier(held.Until, now + LongestHold) is var longer)
            (until, reason) = (longer, held.Reason);
        _hold = new(until, reason, _tally.Charged.Requests, null, 0);
    }

    private (TimeSpan Wait, WindowHold? Hold) HoldAt(DateTimeOffset now)
    {
        if (_hold is null) return (TimeSpan.Zero, null);

        // A hold further ahead than any can be was made before the clock was set back.
        _hold = _hold with
        {
            Until = Earlier(_hold.Until, now + LongestHold),
            ProbeUntil = _hold.ProbeUntil is { } p ? Earlier(p, now + ProbeTime) : null,
        };
        if (now < _hold.Until) return (_hold.Until - now, new(_hold.Until, _hold.Reason));
        if (_hold.ProbeUntil is not { } probe || probe <= now) return (TimeSpan.Zero, null);
        return (probe - now < ProbeStep ? probe - now : ProbeStep, new(probe, _hold.Reason));
    }

    private WindowHold? Held(DateTimeOffset now) => HoldAt(now).Hold ?? (_hold is null ? null : new(_hold.Until, _hold.Reason));

    private void Probe(long order, DateTimeOffset now)
    {
        if (_hold is not null) _hold = _hold with { ProbeUntil = now + ProbeTime, Probe = order };
    }

    private void Ended(Claim claim, bool lifts)
    {
        if (_hold is null || claim.Order <= _hold.Order) return;
        if (lifts) _hold = null;
        else if (claim.Order == _hold.Probe) _hold = _hold with { ProbeUntil = null };
    }

    /// <summary>
    /// A dead process's places are free. Its requests may have left, and the provider counts them: what they probably took stays charged.
    /// </summary>
    private bool EndDead(DateTimeOffset now, LeaseOwner self, Func<LeaseOwner, bool?> isAlive)
    {
        Dictionary<LeaseOwner, bool?>? holders = null;
        List<Claim>? dead = null;
        foreach (var claim in _places)
            if (IsDead(claim)) (dead ??= []).Add(claim);
        foreach (var claim in _reservations())
            if (IsDead(claim)) (dead ??= []).Add(claim);
        if (dead is null) return false;
        foreach (var claim in dead)
        {
            if (claim.Waits)
            {
                Forget(claim.Number);
                continue;
            }

            _gone.Add(claim.Number);
            Replace(claim, claim.Expected, now);
            Ended(claim, lifts: false);
        }

        return true;

        bool IsDead(Claim claim)
        {
            if (ReferenceEquals(claim.Holder, self) || claim.Holder == self) return false;
            holders ??= [];
            if (!holders.TryGetValue(claim.Holder, out var alive)) holders[claim.Holder] = alive = isAlive(claim.Holder);

            // Out of sight it lives until it expires; one that expires later than any can was made before the clock was set back.
            return !(alive ?? (claim.Expires >= now && (claim.Waits || claim.Expires <= now + Expiry + WindowUsage.Skew)));
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
