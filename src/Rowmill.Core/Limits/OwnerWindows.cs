using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>One window with its usage.</summary>
/// <param name="Spec">The window, with the limit of the job that last asked.</param>
/// <param name="Usage">Its usage.</param>
public sealed record UsedWindow(WindowSpec Spec, WindowUsage Usage)
{
    /// <summary>How it stands at an instant.</summary>
    public WindowState StateAt(DateTimeOffset now)
    {
        var usage = Usage.AdvancedTo(now, Spec);
        return new(this with { Usage = usage }, WindowSource.Job, usage.FullAt(now, Spec));
    }
}

/// <summary>A reservation, or the place of a request that waits for one.</summary>
/// <param name="Number">Its number; zero until the store gives it one. Numbers rise, so they are the order of arrival.</param>
/// <param name="Waits">True for a place.</param>
/// <param name="Charge">What it takes.</param>
/// <param name="At">When it was made.</param>
/// <param name="Expires">A place: when it is lost. A reservation: when it returns if its holder cannot be seen from here.</param>
/// <param name="Holder">The process.</param>
public sealed record Claim(long Number, bool Waits, Charge Charge, DateTimeOffset At, DateTimeOffset Expires, LeaseOwner Holder);

/// <summary>What came of a request.</summary>
/// <param name="Wait">How long until it fits; see <see cref="WindowGrant.Wait"/>.</param>
/// <param name="Window">The window that binds.</param>
/// <param name="Claim">What is to be kept: a reservation, a place, or nothing. Its number is zero when it is new.</param>
public sealed record WindowVerdict(TimeSpan Wait, string? Window, Claim? Claim)
{
    /// <summary>What the caller is told, once the claim has its number.</summary>
    public WindowGrant Grant(long number) => Claim switch
    {
        null => new(null, Wait, Window),
        { Waits: true } => new(null, Wait, Window) { Place = number },
        _ => new(number, Wait, null),
    };
}

/// <summary>
/// The windows of one owner and the claims on them: the rules that every store shares. A store loads it, asks it once, and writes
/// back what changed, all in one transaction.
/// </summary>
/// <remarks>
/// Order: a request passes only when it fits together with all places before it, so whoever waits is served in order of arrival, and
/// a small request goes ahead of a large one exactly where it does not delay it. Nothing is lost by that: the bucket fills for the
/// one that waits and is spent by it. A window once known is charged by all requests of the owner, but binds only those whose limits
/// name it.
/// </remarks>
/// <param name="windows">The owner's windows.</param>
/// <param name="claims">The owner's claims.</param>
/// <param name="transit">How long a request may travel, at most <see cref="WindowUsage.Skew"/>; see <see cref="WindowUsage.Plus"/>.</param>
public sealed class OwnerWindows(IReadOnlyCollection<UsedWindow> windows, IReadOnlyCollection<Claim> claims, TimeSpan transit)
{
    /// <summary>A place is lost when its holder has not asked again this long after its wait was over.</summary>
    public static readonly TimeSpan PlaceGrace = TimeSpan.FromSeconds(5);

    /// <summary>A reservation whose holder cannot be seen (another machine) returns after this time.</summary>
    public static readonly TimeSpan Expiry = TimeSpan.FromMinutes(10);

    private readonly List<UsedWindow> _windows = [.. windows];
    private readonly List<Claim> _claims = [.. claims];
    private readonly List<long> _gone = [];

    /// <summary>The windows as they stand after the call.</summary>
    public IReadOnlyList<UsedWindow> Windows => _windows;

    /// <summary>Numbers of the claims that the call ended.</summary>
    public IReadOnlyList<long> Gone => _gone;

    /// <summary>Decides a request and charges it when it fits.</summary>
    /// <param name="request">The request.</param>
    /// <param name="now">The clock's instant.</param>
    /// <param name="self">The process that asks.</param>
    /// <param name="isAlive">Whether a process lives; null when that cannot be seen from here.</param>
    public WindowVerdict Reserve(WindowRequest request, DateTimeOffset now, LeaseOwner self, Func<LeaseOwner, bool?> isAlive)
    {
        var specs = WindowSpec.Of(request.Limits);
        var charge = Reservations.For(request.Owner.Provider, request.Demand);
        var place = _claims.Exists(c => c.Waits && c.Number == request.Place) ? request.Place : null;
        Advance(now);
        foreach (var spec in specs) Know(spec, now);
        Forget(_claims.FindAll(c => c.Waits && c.Expires < now && c.Number != place));

        var (wait, window) = Wait(specs, place, charge, now);
        if (wait != TimeSpan.Zero && EndDead(now, self, isAlive)) (wait, window) = Wait(specs, place, charge, now);
        if (wait == TimeSpan.Zero)
        {
            Each(w => w.Usage.Plus(charge[w.Spec.Measure], now, transit));
            return new(wait, null, new Claim(place ?? 0, Waits: false, charge, now, now + Expiry, self));
        }

        if (wait != Timeout.InfiniteTimeSpan && wait <= request.Patience)
            return new(wait, window, new Claim(place ?? 0, Waits: true, charge, now, now + wait + PlaceGrace, self));
        if (place is { } given) _gone.Add(given);
        return new(wait, window, null);
    }

    /// <summary>Replaces what a reservation took by what was used.</summary>
    public void Settle(Claim reservation, string provider, TokenUsage used, DateTimeOffset now)
    {
        Advance(now);
        Replace(reservation, Reservations.Settled(provider, reservation.Charge, used), now);
    }

    /// <summary>Gives back what a reservation took.</summary>
    public void Release(Claim reservation, DateTimeOffset now)
    {
        Advance(now);
        Replace(reservation, default, now);
    }

    private (TimeSpan Wait, string? Window) Wait(IReadOnlyList<WindowSpec> specs, long? place, Charge charge, DateTimeOffset now)
    {
        var ahead = _claims.Where(c => c.Waits && (place is null || c.Number < place)).Aggregate(default(Charge), (sum, c) => sum + c.Charge);
        var longest = TimeSpan.Zero;
        string? binding = null;
        foreach (var spec in specs)
        {
            var usage = _windows.Find(w => w.Spec.Name == spec.Name)!.Usage;
            var wait = usage.WaitFor(ahead[spec.Measure], charge[spec.Measure], now, spec);
            if (wait == Timeout.InfiniteTimeSpan) return (wait, spec.Name);
            if (wait > longest) (longest, binding) = (wait, spec.Name);
        }

        return (longest, binding);
    }

    private void Know(WindowSpec spec, DateTimeOffset now)
    {
        var known = _windows.FindIndex(w => w.Spec.Name == spec.Name);
        if (known >= 0)
        {
            _windows[known] = _windows[known] with { Spec = spec };
            return;
        }

        // A job's limits name it for the first time: what is on its way counts in it, what went before is not known.
        _windows.Add(new(spec, new(_claims.Where(c => !c.Waits).Sum(c => (double)c.Charge[spec.Measure]), now)));
    }

    private bool EndDead(DateTimeOffset now, LeaseOwner self, Func<LeaseOwner, bool?> isAlive)
    {
        var holders = _claims.Select(c => c.Holder).Distinct().Where(h => h != self).ToDictionary(h => h, isAlive);
        var dead = _claims.FindAll(c => holders.TryGetValue(c.Holder, out var alive) && !(alive ?? c.Expires >= now));

        // A dead process's places are free. What it had reserved stays charged: its requests may have left, and the provider counts them.
        Forget(dead);
        return dead.Count > 0;
    }

    private void Forget(List<Claim> ended)
    {
        foreach (var claim in ended)
        {
            _gone.Add(claim.Number);
            _claims.Remove(claim);
        }
    }

    private void Replace(Claim reservation, Charge charge, DateTimeOffset now) => Each(window =>
    {
        double more = charge[window.Spec.Measure] - reservation.Charge[window.Spec.Measure];
        return more > 0 ? window.Usage.Plus(more, now, transit) : window.Usage.Minus(-more, now - reservation.At, window.Spec);
    });

    private void Advance(DateTimeOffset now) => Each(w => w.Usage.AdvancedTo(now, w.Spec));

    private void Each(Func<UsedWindow, WindowUsage> change)
    {
        for (var i = 0; i < _windows.Count; i++) _windows[i] = _windows[i] with { Usage = change(_windows[i]) };
    }
}
