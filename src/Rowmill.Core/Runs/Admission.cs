using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Core.Limits;
using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>What a pack may do.</summary>
internal enum EntryKind
{
    /// <summary>Leave now.</summary>
    Go,

    /// <summary>Nothing whole: the route takes only a part of it at once.</summary>
    Split,

    /// <summary>Nothing: only a route that is parked takes its rows; they stay pending while others go on.</summary>
    Stranded,

    /// <summary>Nothing: the run stops.</summary>
    Stop,
}

/// <summary>A request's leave to go.</summary>
/// <param name="Kind">What the pack may do.</param>
/// <param name="Route">Where to, to <see cref="EntryKind.Go"/>; its slot is taken then.</param>
/// <param name="Reservation">What the windows hold for it; null when the route has none.</param>
internal readonly record struct Entry(EntryKind Kind, RouteState? Route, long? Reservation);

/// <summary>
/// Finds a route for a pack and waits until a request may leave: a slot, the route's back-off, its windows. A wait longer than the
/// job's patience parks the route; when no route is left the run stops and says when to go on.
/// </summary>
internal sealed class Admission(RunContext run)
{
    /// <summary>Waits for leave.</summary>
    public async ValueTask<Entry> EnterAsync(Pack pack)
    {
        while (run.Stop.Reason is null)
        {
            if (Choose(pack) is not { } route)
            {
                if (run.Routes.Any(r => r.Parked is null)) return new Entry(EntryKind.Stranded, null, null);
                run.Stop.Request(Reason(run.Routes));
                break;
            }

            if (pack.Rows.Count > 1 && !Fits(pack, route.Budget)) return new Entry(EntryKind.Split, null, null);
            await route.Slots.WaitAsync(run.Stop.Stopping).ConfigureAwait(false);
            Entry? entry = null;
            try
            {
                entry = await WaitAsync(route, pack).ConfigureAwait(false);
            }
            finally
            {
                if (entry is not { Kind: EntryKind.Go }) route.Slots.Release();
            }

            if (entry is { } decided) return decided;
        }

        return new Entry(EntryKind.Stop, null, null);
    }

    /// <summary>The first route that is not parked and that takes at least one of the rows alone.</summary>
    private RouteState? Choose(Pack pack)
    {
        var smallest = int.MaxValue;
        foreach (var row in pack.Rows) smallest = Math.Min(smallest, row.Tokens);
        foreach (var route in run.Routes)
            if (route.Parked is null && smallest <= route.Budget.LargestRow) return route;
        return null;
    }

    private static bool Fits(Pack pack, PackBudget budget) =>
        pack.LargestRow <= budget.LargestRow && budget.Fits(pack.Rows.Count, pack.Tokens);

    /// <summary>Why nothing can be asked: the earliest time any route opens, else the first route's reason.</summary>
    public static StopReason Reason(IReadOnlyList<RouteState> routes)
    {
        var parked = routes.Select(r => r.Parked).OfType<StopReason>().ToList();
        return parked.Where(r => r.ResumeAt is not null).MinBy(r => r.ResumeAt)
            ?? parked.FirstOrDefault()
            ?? new StopReason(RunState.Failed, "no model of the job takes the rows that are left");
    }

    /// <summary>Waits for back-off and windows; null when the route was parked meanwhile.</summary>
    private async ValueTask<Entry?> WaitAsync(RouteState route, Pack pack)
    {
        if (route.Windows is null)
            return await PassGateAsync(route).ConfigureAwait(false) ? new Entry(EntryKind.Go, route, null) : null;

        await route.Turnstile.WaitAsync(run.Stop.Stopping).ConfigureAwait(false);
        long? place = null;
        try
        {
            var demand = new Demand(route.Budget.InputFor(pack.Rows.Count, pack.Tokens), route.Budget.OutputFor(pack.Rows.Count));
            while (await PassGateAsync(route).ConfigureAwait(false))
            {
                var request = new WindowRequest(route.Windows, route.Route.Limits, demand) { Patience = run.Job.Patience, Place = place };
                var grant = await run.Environment.Windows.ReserveAsync(request, run.Stop.Stopping).ConfigureAwait(false);
                place = grant.Place;
                if (grant.Reservation is not null) return new Entry(EntryKind.Go, route, grant.Reservation);
                if (grant.NeverFits)
                {
                    if (pack.Rows.Count > 1) return new Entry(EntryKind.Split, null, null);
                    run.Stop.Request(NeverFits(route, grant.Window!, demand));
                    return new Entry(EntryKind.Stop, null, null);
                }

                if (!await HoldAsync(route, grant.Wait, $"{route.Route.Name}: {Words(grant.Window!)}").ConfigureAwait(false)) return null;
            }

            return null;
        }
        finally
        {
            route.Turnstile.Release();
            if (place is { } kept) await run.Environment.Windows.ReleaseAsync(kept, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until the route's back-off is over; false when the route was parked instead.</summary>
    private async ValueTask<bool> PassGateAsync(RouteState route)
    {
        while (route.Parked is null)
        {
            var now = run.Clock.GetUtcNow();
            var wait = route.Gate.Wait(now);
            if (wait <= TimeSpan.Zero) return true;
            if (!await HoldAsync(route, wait, $"{route.Route.Name}: {route.Gate.Reason}", route.Gate.Refused(now)).ConfigureAwait(false)) return false;
        }

        return false;
    }

    /// <summary>Waits, when that is within the job's patience; parks the route otherwise.</summary>
    /// <param name="route">The route.</param>
    /// <param name="wait">How long.</param>
    /// <param name="what">What for.</param>
    /// <param name="already">How long the service has refused everything so far: patience counts from there.</param>
    private async ValueTask<bool> HoldAsync(RouteState route, TimeSpan wait, string what, TimeSpan already = default)
    {
        var until = run.Clock.GetUtcNow() + wait;
        if (already + wait > run.Job.Patience)
        {
            if (route.Parked is null)
            {
                route.Park(route.Gate.Outage(run.Clock.GetUtcNow()) > TimeSpan.Zero
                    ? new StopReason(RunState.Failed, what)
                    : new StopReason(RunState.RateLimited, $"{what}; it opens again after {Local(until)}") { ResumeAt = until });
                run.Events.Emit("limited", new JsonObject { ["model"] = route.Route.Name, ["reason"] = what, ["resume_at"] = Iso(until) });
            }

            return false;
        }

        run.Counters.Waiting(what, until);
        if (wait >= TimeSpan.FromSeconds(1))
            run.Events.Emit("waiting", new JsonObject { ["model"] = route.Route.Name, ["reason"] = what, ["until"] = Iso(until) });

        // A delay drops fractions of a millisecond: rounded down, the end of every wait would be spent asking again at once.
        await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), run.Clock, run.Stop.Stopping).ConfigureAwait(false);
        return true;
    }

    private static StopReason NeverFits(RouteState route, string window, Demand demand) => new(
        RunState.Failed,
        string.Create(
            CultureInfo.InvariantCulture,
            $"a request to {route.Route.Name} needs {demand.InputTokens + demand.OutputTokens} tokens, more than its limit of {Words(window)} ever admits; lower pack.rows or options.max_output_tokens"))
    { UserError = true };

    private static string Words(string window) => window.Replace('_', ' ');

    private static string Local(DateTimeOffset at) => at.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Iso(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
