using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>A request's leave to go.</summary>
/// <param name="Route">Where to; one of its slots is taken.</param>
/// <param name="Pack">What goes: the pack, or as much of it as the route takes at once.</param>
/// <param name="Demand">What it may take.</param>
/// <param name="Reservation">What the windows hold for it; null when the route has none.</param>
internal sealed record Entry(RouteState Route, Pack Pack, Demand Demand, long? Reservation);

/// <summary>
/// Finds a route for a pack and waits until a request may leave: a slot, the route's back-off, its windows. A wait longer than the
/// job's patience parks the route until its time; when no route is left the run stops and says when to go on, or, told to wait, waits.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="putBack">Takes the rest of a pack that a route takes only in part.</param>
/// <param name="putAside">Takes a pack to which no model is open; false when it does not, since nothing else is left to ask.</param>
/// <param name="letGo">Is told of a pack whose rows stay pending.</param>
internal sealed class Admission(RunContext run, Action<Pack> putBack, Func<Pack, bool> putAside, Action<Pack> letGo)
{
    // However long the wait: a clock set forward or a computer that slept is seen within a minute, and what others learn counts.
    private static readonly TimeSpan s_longestNap = TimeSpan.FromMinutes(1);

    // What another process learns of a route that this one knows no limit of is seen within this time.
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromSeconds(5);

    private readonly Parking _parking = new(run);

    /// <summary>Waits for leave.</summary>
    /// <returns>Null when the pack does not go: the run stops, or its rows are put aside or stay pending while others go on.</returns>
    public async ValueTask<Entry?> EnterAsync(Pack pack)
    {
        while (run.Stop.Reason is null)
        {
            var open = _parking.Open(pack);
            if (open.Count == 0)
            {
                if (pack.IsProbe || putAside(pack)) return null;
                if (_parking.Opens(pack) is not { ResumeAt: { } at } parked)
                {
                    letGo(pack);
                    return null;
                }

                if (await Parking.ReviewAsync(run).ConfigureAwait(false) is { } sooner && sooner < at) at = sooner;
                await NapAsync(at - run.Clock.GetUtcNow(), parked.Message).ConfigureAwait(false);
            }
            else if (await (open.Count == 1 ? WaitForAsync(open[0], pack) : SpreadAsync(open, pack)).ConfigureAwait(false) is { } entry)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>Waits for one route; null when the pack must look again.</summary>
    private async ValueTask<Entry?> WaitForAsync(RouteState route, Pack pack)
    {
        await route.Slots.WaitAsync(run.Stop.Stopping).ConfigureAwait(false);
        Entry? entry = null;
        try
        {
            if (!route.Windows.Binds && route.IsLookDue(run.Clock.GetUtcNow(), s_lookAgain)) await LookAsync(route).ConfigureAwait(false);
            if (!route.Windows.Binds)
                return await PassGateAsync(route).ConfigureAwait(false) && route.Part(pack) is { } part ? entry = Leave(route, pack, part) : null;
            await route.Turnstile.WaitAsync(run.Stop.Stopping).ConfigureAwait(false);
            try
            {
                return entry = await ReserveAsync(route, pack).ConfigureAwait(false);
            }
            finally
            {
                route.Turnstile.Release();
            }
        }
        finally
        {
            if (entry is null) route.Slots.Release();
        }
    }

    private async ValueTask<Entry?> ReserveAsync(RouteState route, Pack pack)
    {
        long? place = null;
        try
        {
            while (await PassGateAsync(route).ConfigureAwait(false) && route.Part(pack) is { } part)
            {
                // Who waits here while a preferred route opens goes there.
                var better = _parking.Better(route, pack);
                if (better <= run.Clock.GetUtcNow()) return null;
                var settled = route.Settled;
                var patience = run.Options.Wait ? TimeSpan.MaxValue : run.Job.Patience;
                var demand = route.Demand(part);
                var grant = await AskWindowsAsync(route, demand, patience, place).ConfigureAwait(false);
                place = grant.Place;
                if (grant.Reservation is not null) return Leave(route, pack, part, demand, grant.Reservation);
                if (!await IsWorthWaitingAsync(route, part, demand, grant).ConfigureAwait(false)) return null;

                // A reply that took fewer tokens than it reserved opens a window of tokens sooner.
                var untilBetter = better - run.Clock.GetUtcNow() ?? TimeSpan.MaxValue;
                await NapAsync(untilBetter < grant.Wait ? untilBetter : grant.Wait, Parking.Words(route, grant), CountsTokens(grant) ? [settled] : null)
                    .ConfigureAwait(false);
            }

            return null;
        }
        finally
        {
            if (place is { } kept) await run.Environment.Windows.ReleaseAsync(kept, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Takes whichever of several routes lets the pack, or a part of it, go first; null when the pack must look again.</summary>
    private async ValueTask<Entry?> SpreadAsync(IReadOnlyList<RouteState> routes, Pack pack)
    {
        await run.Crossroads.WaitAsync(run.Stop.Stopping).ConfigureAwait(false);
        try
        {
            var (shortest, what) = (s_longestNap, "a slot");
            var freed = new List<Task>();
            foreach (var route in routes)
            {
                // Asked for before the look, so that a slot freed meanwhile is not missed.
                var free = route.Slots.Freed;
                Entry? entry = null;
                if (!route.Slots.TryTake())
                {
                    freed.Add(free);
                    continue;
                }

                try
                {
                    var (tried, wait, words) = await TryAsync(route, pack).ConfigureAwait(false);
                    if (tried is not null) return entry = tried;
                    if (wait < shortest) (shortest, what) = (wait, words);
                }
                finally
                {
                    if (entry is null) route.Slots.Release();
                }
            }

            await NapAsync(shortest, what, freed).ConfigureAwait(false);
            return null;
        }
        finally
        {
            run.Crossroads.Release();
        }
    }

    /// <summary>Tries one route of several without waiting; a route whose wait is too long is parked, and its wait is zero then: look again.</summary>
    private async ValueTask<(Entry? Entry, TimeSpan Wait, string Words)> TryAsync(RouteState route, Pack pack)
    {
        var now = run.Clock.GetUtcNow();
        var back = route.Gate.Wait(now);
        if (back > TimeSpan.Zero)
        {
            var words = $"{route.Route.Name}: {route.Gate.Reason ?? "its turn"}";
            return (null, _parking.ParkIfBackOffIsLong(route, back, words, now) ? TimeSpan.Zero : back, words);
        }

        if (route.Part(pack) is not { } part)
        {
            route.Gate.NotSent();
            return (null, TimeSpan.Zero, "");
        }

        if (!route.Windows.Binds) return (Leave(route, pack, part), default, "");
        var demand = route.Demand(part);
        var grant = await AskWindowsAsync(route, demand, TimeSpan.Zero, null).ConfigureAwait(false);
        if (grant.Reservation is not null) return (Leave(route, pack, part, demand, grant.Reservation), default, "");
        return (null, await IsWorthWaitingAsync(route, part, demand, grant).ConfigureAwait(false) ? grant.Wait : TimeSpan.Zero, Parking.Words(route, grant));
    }

    private ValueTask<WindowGrant> AskWindowsAsync(RouteState route, Demand demand, TimeSpan patience, long? place)
    {
        var request = new WindowRequest(route.Owner, route.Route.Limits, demand) { Patience = patience, Place = place };
        return run.Environment.Windows.ReserveAsync(request, run.Stop.Stopping);
    }

    /// <summary>False when the windows never admit so much, or when the wait parked the route.</summary>
    private async ValueTask<bool> IsWorthWaitingAsync(RouteState route, Pack part, Demand demand, WindowGrant grant)
    {
        route.Gate.NotSent();
        if (!grant.NeverFits && route.Gate.Refused(run.Clock.GetUtcNow()) + grant.Wait <= run.Job.Patience) return true;

        // The windows may be smaller than the route knew: what it takes at once follows them.
        await LookAsync(route).ConfigureAwait(false);
        if (route.Part(part) is not { } smaller || smaller.Rows.Count < part.Rows.Count || route.Demand(smaller).IsLessThan(demand)) return false;
        if (!grant.NeverFits) return !_parking.ParkIfLong(route, grant.Wait, await _parking.ReasonAsync(route, grant).ConfigureAwait(false), demand);
        _parking.NeverFits(route, demand, grant.Window!);
        return false;
    }

    private async ValueTask LookAsync(RouteState route) =>
        route.Follow(await run.Environment.Windows.SnapshotAsync(route.Owner, route.Route.Limits, run.Stop.Stopping).ConfigureAwait(false));

    private static bool CountsTokens(WindowGrant grant) => grant.Window is not (null or LimitNames.RequestsPerMinute or LimitNames.RequestsPerDay);

    /// <summary>Waits until the route's back-off is over; false when the route was parked instead.</summary>
    private async ValueTask<bool> PassGateAsync(RouteState route)
    {
        while (route.Parked is null)
        {
            var now = run.Clock.GetUtcNow();
            var wait = route.Gate.Wait(now);
            if (wait <= TimeSpan.Zero) return true;
            var words = $"{route.Route.Name}: {route.Gate.Reason ?? "its turn"}";
            if (_parking.ParkIfBackOffIsLong(route, wait, words, now)) return false;
            await NapAsync(wait, words).ConfigureAwait(false);
        }

        return false;
    }

    private Entry Leave(RouteState route, Pack pack, Pack part) => Leave(route, pack, part, route.Demand(part), null);

    private Entry Leave(RouteState route, Pack pack, Pack part, Demand demand, long? reservation)
    {
        if (part.Rows.Count < pack.Rows.Count) putBack(pack.Without(part));
        return new Entry(route, part, demand, reservation);
    }

    /// <summary>Waits, at most until one of some tasks completes.</summary>
    private async ValueTask NapAsync(TimeSpan wait, string what, IReadOnlyList<Task>? sooner = null)
    {
        if (wait <= TimeSpan.Zero) return;
        _parking.Tell(wait, what);
        var nap = wait < s_longestNap ? wait : s_longestNap;

        // A delay drops fractions of a millisecond: rounded down, the end of every wait would be spent asking again at once.
        nap = TimeSpan.FromMilliseconds(Math.Ceiling(nap.TotalMilliseconds));
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(run.Stop.Stopping);
        var delay = Task.Delay(nap, run.Clock, woken.Token);
        await Task.WhenAny(sooner is null ? [delay] : [delay, .. sooner]).ConfigureAwait(false);
        await woken.CancelAsync().ConfigureAwait(false);
        run.Stop.Stopping.ThrowIfCancellationRequested();
    }
}
