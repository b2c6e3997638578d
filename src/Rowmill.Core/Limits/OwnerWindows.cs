using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>What a store keeps of an owner beside its claims.</summary>
/// <param name="Windows">Its windows.</param>
/// <param name="Tally">What was charged to it.</param>
/// <param name="Hold">A hold that has not been lifted.</param>
public sealed record OwnerRecord(IReadOnlyList<KeptWindow> Windows, Tally Tally, KeptHold? Hold)
{
    /// <summary>An owner of whom nothing is known.</summary>
    public static OwnerRecord New { get; } = new([], default, null);
}

/// <summary>
/// The windows of one owner and the claims on them: the rules that every store shares. A store loads it, asks it once, and writes
/// back what changed, all in one transaction; or keeps it.
/// </summary>
/// <remarks>
/// Order: a request passes only when it fits together with all places before it, so whoever waits is served in order of arrival, and
/// a small request goes ahead of a large one exactly where it does not delay it. Nothing is lost by that: the bucket fills for the
/// one that waits and is spent by it. A window once known is charged by all requests of the owner; it binds those whose limits name
/// it, and all when the service told its limit.
/// </remarks>
public sealed partial class OwnerWindows
{
    /// <summary>A place is lost when its holder has not asked again this long after its wait was over.</summary>
    public static readonly TimeSpan PlaceGrace = TimeSpan.FromSeconds(5);

    /// <summary>A reservation whose holder cannot be seen (another machine) returns after this time.</summary>
    public static readonly TimeSpan Expiry = TimeSpan.FromMinutes(10);

    private readonly WindowOwner _owner;
    private readonly TimeSpan _transit;
    private readonly List<KeptWindow> _windows;
    private readonly List<Claim> _places;
    private readonly Func<IReadOnlyCollection<Claim>> _reservations;
    private readonly List<long> _gone = [];
    private RouteLimits? _limits;
    private IReadOnlyList<WindowSpec> _specs = [];
    private Tally _tally;
    private KeptHold? _hold;

    /// <summary>The rules over what a store keeps.</summary>
    /// <param name="owner">Whose windows.</param>
    /// <param name="transit">How long a request may travel, at most <see cref="WindowUsage.Skew"/>; see <see cref="WindowUsage.Plus"/>.</param>
    /// <param name="record">What is kept.</param>
    /// <param name="places">The places, in order of their numbers.</param>
    /// <param name="reservations">The reservations; read only when needed, and those of the moment.</param>
    public OwnerWindows(
        WindowOwner owner, TimeSpan transit, OwnerRecord record, IEnumerable<Claim> places, Func<IReadOnlyCollection<Claim>> reservations)
    {
        (_owner, _transit, _reservations) = (owner, transit, reservations);
        (_windows, _tally, _hold) = ([.. record.Windows], record.Tally, record.Hold);
        _places = [.. places];
    }

    /// <summary>What is to be kept after a call.</summary>
    public OwnerRecord Record => new(_windows, _tally, _hold);

    /// <summary>Numbers of the claims that the last call ended.</summary>
    public IReadOnlyList<long> Gone => _gone;

    /// <summary>Decides a request and charges it when it fits.</summary>
    /// <param name="request">The request.</param>
    /// <param name="now">The clock's instant.</param>
    /// <param name="self">The process that asks.</param>
    /// <param name="isAlive">Whether a process lives; null when that cannot be seen from here.</param>
    public WindowVerdict Reserve(WindowRequest request, DateTimeOffset now, LeaseOwner self, Func<LeaseOwner, bool?> isAlive)
    {
        _gone.Clear();
        Know(request.Limits, now);
        var charge = Reservations.For(_owner.Provider, request.Demand);
        var place = request.Place is { } number && IndexOf(number) >= 0 ? request.Place : null;
        ForgetLost(place, now);

        var (wait, window) = Wait(place, charge, now);
        if (wait != TimeSpan.Zero && EndDead(now, self, isAlive)) (wait, window) = Wait(place, charge, now);
        WindowHold? hold = null;
        if (wait != Timeout.InfiniteTimeSpan && HoldAt(now) is var (until, held) && until > wait) (wait, window, hold) = (until, null, held);
        if (wait == TimeSpan.Zero) return new(wait, null, Charge(request.Demand, place, charge, now, self), null);
        if (wait != Timeout.InfiniteTimeSpan && wait <= request.Patience)
            return new(wait, window, new Claim(place ?? 0, Waits: true, charge, now, now + wait + PlaceGrace, self), hold);
        if (place is { } given) Forget(given);
        return new(wait, window, null, hold);
    }

    /// <summary>Takes a claim that has its number among those kept; a store that keeps these rules themselves calls it.</summary>
    public void Keep(Claim claim)
    {
        var at = IndexOf(claim.Number);
        if (claim.Waits && at >= 0) _places[at] = claim;
        else if (claim.Waits) _places.Add(claim);
        else if (at >= 0) _places.RemoveAt(at);
    }

    /// <summary>Gives a place up.</summary>
    public void Forget(long place)
    {
        var at = IndexOf(place);
        if (at < 0) return;
        _places.RemoveAt(at);
        _gone.Add(place);
    }

    /// <summary>What would bind a request with these limits.</summary>
    public WindowSnapshot Snapshot(RouteLimits limits, DateTimeOffset now)
    {
        Know(limits, now);
        var windows = new List<UsedWindow>(_windows.Count);
        foreach (var window in _windows)
            if (window.For(Named(window.Spec.Name), now) is { } spec) windows.Add(new(spec, window.Usage));
        return new(now, windows, Held(now));
    }

    /// <summary>All windows as they stand.</summary>
    public OwnerState State(DateTimeOffset now)
    {
        Advance(now);
        var states = _windows
            .OrderBy(w => w.Spec.Name, StringComparer.Ordinal)
            .Select(w => new WindowState(
                new(w.Spec, w.Usage), w.Learned ? WindowSource.Learned : WindowSource.Job, w.Usage.FullAt(now, w.Spec))
            { LearnedAt = w.Told is null ? null : w.ToldAt });
        return new(_owner, [.. states], Held(now));
    }

    private Claim Charge(Demand demand, long? place, Charge charge, DateTimeOffset now, LeaseOwner self)
    {
        var (providers, output) = (_owner.Provider, Math.Min(demand.ExpectedOutputTokens ?? demand.OutputTokens, demand.OutputTokens));
        var givenBack = _tally.GivenBack;
        _tally = _tally.Plus(charge, now, _transit);
        var order = _tally.Charged.Requests;
        for (var i = 0; i < _windows.Count; i++)
        {
            var window = _windows[i];
            var usage = window.Usage.Plus(charge[window.Spec.Measure], now, window.Spec, _transit);
            _windows[i] = window with
            {
                Usage = usage,
                LagOrder = usage.At > window.Usage.At ? order : window.LagOrder,

                // It tries the limit that the service told: the next one waits for what comes of it.
                ToldAt = window.IsTooSmallFor(charge[window.Spec.Measure], now) ? now : window.ToldAt,
            };
        }

        Probe(order, now);
        return new Claim(place ?? 0, Waits: false, charge, now, now + Expiry, self)
        {
            Expected = Reservations.Settled(providers, charge, new TokenUsage(demand.InputTokens, 0, output)),
            Order = order,
            Before = _tally.Earlier,
            GivenBack = givenBack,
        };
    }

    private (TimeSpan Wait, string? Window) Wait(long? place, Charge charge, DateTimeOffset now)
    {
        var ahead = default(Charge);
        foreach (var claim in _places)
            if (place is null || claim.Number < place) ahead += claim.Charge;
        var longest = TimeSpan.Zero;
        string? binding = null;
        foreach (var window in _windows)
        {
            var job = Named(window.Spec.Name);
            if (window.For(job, now) is not { } spec) continue;
            var wait = window.WaitFor(ahead[spec.Measure], charge[spec.Measure], now, spec, job);
            if (wait == Timeout.InfiniteTimeSpan) return (wait, spec.Name);
            if (wait > longest) (longest, binding) = (wait, spec.Name);
        }

        return (longest, binding);
    }

    private WindowSpec? Named(string name)
    {
        foreach (var spec in _specs)
            if (spec.Name == name) return spec;
        return null;
    }

    /// <summary>Brings the windows to an instant and takes in what a job's limits name.</summary>
    private void Know(RouteLimits limits, DateTimeOffset now)
    {
        if (!ReferenceEquals(limits, _limits)) (_limits, _specs) = (limits, WindowSpec.Of(limits, _owner));
        Advance(now);
        for (var i = 0; i < _specs.Count; i++)
        {
            var spec = _specs[i];
            var known = Find(spec.Name);
            if (known < 0) Add(new KeptWindow { Job = spec }, default, now);
            else if (!ReferenceEquals(_windows[known].Job, spec)) _windows[known] = (_windows[known] with { Job = spec }).Fitted();
        }
    }

    /// <summary>A window becomes known: what is on its way counts in it, what went before is not known.</summary>
    private void Add(KeptWindow window, Charge answered, DateTimeOffset now)
    {
        window = window.Fitted();
        double used = answered[window.Spec.Measure];
        foreach (var claim in _reservations()) used += claim.Charge[window.Spec.Measure];
        _windows.Add(window with { Usage = new(used, now) });
    }

    private int Find(string name)
    {
        for (var i = 0; i < _windows.Count; i++)
            if (_windows[i].Spec.Name == name) return i;
        return -1;
    }

    private int IndexOf(long place)
    {
        for (var i = 0; i < _places.Count; i++)
            if (_places[i].Number == place) return i;
        return -1;
    }

    private void Advance(DateTimeOffset now)
    {
        for (var i = 0; i < _windows.Count; i++)
        {
            var before = _windows[i];
            var window = before.AdvancedTo(now);
            if (before.Spec.Calendar && before.Usage.Used > 0 && window.Usage.Used == 0) window = Carried(window, now);
            _windows[i] = window;
        }
    }

    /// <summary>A new day, with the requests that left so shortly before it that they may arrive in it.</summary>
    private KeptWindow Carried(KeptWindow window, DateTimeOffset now)
    {
        var from = CalendarDay.Of(now).Start - _transit;
        double used = 0;
        foreach (var claim in _reservations())
            if (claim.At > from && claim.At <= now) used += claim.Charge[window.Spec.Measure];
        return window with { Usage = new(used, now) };
    }

    private void ForgetLost(long? place, DateTimeOffset now)
    {
        for (var i = _places.Count - 1; i >= 0; i--)
        {
            // A place of the future was taken before the clock was set back: nobody knows any more when it is lost.
            var claim = _places[i];
            if (claim.Number != place && (claim.Expires < now || claim.At > now + WindowUsage.Skew)) Forget(claim.Number);
        }
    }
}
