using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Core.Limits;
using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>Which routes are open to a pack, which are parked until when, and what is said of it.</summary>
internal sealed class Parking(RunContext run)
{
    private readonly Lock _gate = new();
    private (string What, DateTimeOffset Until) _told;

    /// <summary>
    /// The routes that take at least a part of the pack now: in order, only the first of them; side by side, all, the one whose calendar day
    /// ends first before the others, since what is left of a day at its end is lost.
    /// </summary>
    public IReadOnlyList<RouteState> Open(Pack pack)
    {
        var now = run.Clock.GetUtcNow();
        foreach (var route in run.Routes)
            if (route.Reopen(now)) run.Events.Emit("reopened", new JsonObject { ["model"] = route.Route.Name });
        if (run.Spreads) return [.. run.Routes.Where(r => r.Parked is null && Takes(r, pack)).OrderBy(r => r.DayEnds(now))];
        foreach (var route in run.Routes)
            if (route.Parked is null && Takes(route, pack)) return [route];
        return [];
    }

    /// <summary>
    /// What a pack without an open route does: told to wait, it waits for the parked route that opens first; otherwise its rows stay pending
    /// while others go on, or the run stops.
    /// </summary>
    /// <returns>Why the route it waits for is parked; null when it does not wait.</returns>
    public StopReason? Opens(Pack pack)
    {
        // Each is looked at once: another worker may open a route at any moment, and one that just has is no reason to give rows up.
        var routes = run.Routes.Select(r => (r.Parked, Takes: Takes(r, pack))).ToList();
        var takers = routes.Where(r => r.Takes).Select(r => r.Parked).ToList();
        if (takers.Contains(null)) return new StopReason(RunState.Failed, "") { ResumeAt = run.Clock.GetUtcNow() };
        if (run.Options.Wait && Earliest(takers) is { } parked) return parked;
        run.Strand(takers.Count == 0 ? TooLarge(pack) : Earliest(takers) ?? takers[0]!);
        // Rows left aside before may go on sooner than these.
        if (takers.Count > 0 && routes.TrueForAll(r => r.Parked is not null)) run.Stop.Request(run.Stranded!);
        return null;
    }

    /// <summary>Whether a route that takes the row and that it has not ended on is open, or its time has come.</summary>
    public static bool IsOpen(RunContext run, Ask ask)
    {
        var now = run.Clock.GetUtcNow();
        foreach (var route in run.Routes)
        {
            if (ask.Past.EndedOn.Contains(route.Id) || !route.Takes(ask)) continue;
            if (route.Parked is not { } parked || parked.ResumeAt <= now) return true;
        }

        return false;
    }

    /// <summary>Whether a route takes a row that has ended on others, now or, where it is parked, when it opens.</summary>
    public static bool IsTaken(RunContext run, Ask ask, IReadOnlyList<string> endedOn)
    {
        foreach (var route in run.Routes)
            if (!endedOn.Contains(route.Id) && route.Takes(ask)) return true;
        return false;
    }

    /// <summary>
    /// Parks a route whose wait is longer than the job's patience, which counts from the first of the refusals when nothing has got through
    /// since. Told to wait, it does so only for another that goes on sooner.
    /// </summary>
    /// <param name="route">The route.</param>
    /// <param name="wait">How long.</param>
    /// <param name="what">What for.</param>
    /// <param name="demand">What the request may take.</param>
    public bool ParkIfLong(RouteState route, TimeSpan wait, string what, Demand demand) =>
        ParkIfLong(route, wait, what, route.Gate.Refused(run.Clock.GetUtcNow()), down: false, demand);

    /// <summary>Parks a route whose back-off is longer than the job's patience, which counts from the first of the refusals.</summary>
    public bool ParkIfBackOffIsLong(RouteState route, TimeSpan wait, string what, DateTimeOffset now) =>
        ParkIfLong(route, wait, what, route.Gate.Refused(now), route.Gate.Outage(now) > TimeSpan.Zero, null);

    /// <summary>When a route that is preferred to another opens to a pack: one listed before it, or, side by side, any; null when none does.</summary>
    public DateTimeOffset? Better(RouteState route, Pack pack)
    {
        DateTimeOffset? earliest = null;
        foreach (var other in run.Routes)
        {
            if (other == route)
            {
                if (!run.Spreads) break;
                continue;
            }

            if (!Takes(other, pack)) continue;
            var opens = other.Parked is not { } parked ? DateTimeOffset.MinValue : parked.ResumeAt;
            if (opens is { } at && !(at >= earliest)) earliest = at;
        }

        return earliest;
    }

    private bool ParkIfLong(RouteState route, TimeSpan wait, string what, TimeSpan already, bool down, Demand? demand)
    {
        if (already + wait <= run.Job.Patience) return false;
        var now = run.Clock.GetUtcNow();
        var until = now + wait;
        if (run.Options.Wait && !down && !run.Routes.Any(r => r != route && GoesOnBefore(r, until))) return false;
        if (!route.Park(down ? new StopReason(RunState.Failed, what) : new StopReason(RunState.RateLimited, what) { ResumeAt = until, Waits = demand })) return true;
        run.Events.Emit("limited", new JsonObject { ["model"] = route.Route.Name, ["reason"] = what, ["resume_at"] = SummaryJson.Time(until) });
        if (run.Routes.FirstOrDefault(r => r.Parked is null) is { } next)
            run.Events.Emit("failed_over", new JsonObject { ["from"] = route.Route.Name, ["to"] = next.Route.Name });
        return true;
    }

    /// <summary>No window of the route ever admits a row: with another model it goes on, otherwise the run stops and says with which number.</summary>
    public void NeverFits(RouteState route, Demand demand, string window)
    {
        var limit = route.Windows.Windows.FirstOrDefault(w => w.Spec.Name == window)?.Spec.Limit;
        var needs = string.Create(
            CultureInfo.InvariantCulture,
            $"a request to {route.Route.Name} needs {demand.InputTokens + demand.OutputTokens:N0} tokens, more than its limit of {limit:N0} {LimitWords.Name(window)} ever admits; lower pack.rows or options.max_output_tokens");
        route.Park(new StopReason(RunState.Failed, needs) { UserError = true });
        run.Events.Emit("limited", new JsonObject { ["model"] = route.Route.Name, ["reason"] = needs });
    }

    /// <summary>What a refused reservation waits for, in short words.</summary>
    public static string Words(RouteState route, WindowGrant grant) =>
        grant.Hold is { } hold ? $"{route.Route.Name}: {hold.Reason}" : $"{route.Route.Name}: {LimitWords.Name(grant.Window!)}";

    /// <summary>What a refused reservation waits for, as a sentence begins.</summary>
    public async ValueTask<string> ReasonAsync(RouteState route, WindowGrant grant)
    {
        if (grant.Hold is not null || grant.Wait <= run.Job.Patience) return Words(route, grant);
        var windows = await run.Environment.Windows.SnapshotAsync(route.Owner, route.Route.Limits, run.Stop.Stopping).ConfigureAwait(false);
        return LimitWords.Used(route.Route.Name, windows.Windows.FirstOrDefault(w => w.Spec.Name == grant.Window)?.Spec.Limit, grant.Window!);
    }

    /// <summary>
    /// Looks again when the parked routes open: while others were in flight a window held their reservations too, and what came back of
    /// them opens it sooner.
    /// </summary>
    /// <returns>The earliest; null when none opens.</returns>
    public static async ValueTask<DateTimeOffset?> ReviewAsync(RunContext run)
    {
        foreach (var route in run.Routes)
        {
            if (route.Parked is not { ResumeAt: { } at, Waits: { } demand }) continue;
            var windows = await run.Environment.Windows.SnapshotAsync(route.Owner, route.Route.Limits).ConfigureAwait(false);
            var charge = Reservations.For(route.Route.Provider, demand);
            var now = run.Clock.GetUtcNow();
            var waits = windows.Windows.Select(w => w.Usage.AdvancedTo(now, w.Spec).WaitFor(0, charge[w.Spec.Measure], now, w.Spec)).ToList();
            if (waits.Count == 0 || waits.Contains(Timeout.InfiniteTimeSpan)) continue;
            var opens = now + waits.Max();
            if (windows.Hold?.Until > opens) opens = windows.Hold.Until;
            if (opens < at) route.OpensSooner(opens);
        }

        return Earliest(run.Routes.Select(r => r.Parked))?.ResumeAt;
    }

    /// <summary>Says that a pack waits, once for each wait.</summary>
    public void Tell(TimeSpan wait, string what)
    {
        var until = run.Clock.GetUtcNow() + wait;
        run.Counters.Waiting(what, until);
        if (wait < TimeSpan.FromSeconds(1)) return;
        lock (_gate)
        {
            if (_told.What == what && (until - _told.Until).Duration() < TimeSpan.FromSeconds(1)) return;
            _told = (what, until);
        }

        run.Events.Emit("waiting", new JsonObject { ["reason"] = what, ["until"] = SummaryJson.Time(until) });
    }

    private static bool Takes(RouteState route, Pack pack) => pack.MayUse(route.Id) && route.Part(pack) is not null;

    private static StopReason? Earliest(IEnumerable<StopReason?> parked) => parked.Where(p => p?.ResumeAt is not null).MinBy(p => p!.ResumeAt);

    private static bool GoesOnBefore(RouteState route, DateTimeOffset until) =>
        route.Parked is not { } parked || parked.ResumeAt < until;

    private static StopReason TooLarge(Pack pack) => new(RunState.Failed, string.Create(
        CultureInfo.InvariantCulture,
        $"a row of about {pack.Rows.Min(r => r.Tokens):N0} tokens is more than any model of the job admits in one request"))
    { UserError = true };
}
