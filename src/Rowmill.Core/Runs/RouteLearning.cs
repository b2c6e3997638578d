using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>What every reply and every refusal teaches of a route: its windows, its tokens, the size of its packs, its level.</summary>
internal sealed class RouteLearning(RunContext run)
{
    // A shorter wait is over before another process would look.
    private static readonly TimeSpan s_worthSharing = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_longestBelieved = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<(RouteState Route, string Window), long> _limits = new();

    /// <summary>A reply came.</summary>
    /// <param name="call">The call.</param>
    /// <param name="usage">Its tokens; measured, or estimated when the service does not tell.</param>
    /// <param name="good">Rows with a valid answer.</param>
    public async ValueTask RepliedAsync(EndedCall call, TokenUsage usage, int good)
    {
        var (route, rows) = (call.Route, call.Pack.Rows.Count);
        var truncated = call.Result.Reply?.Ending == ReplyEnding.Truncated;
        if (call.Result.Reply is not null)
        {
            route.Room.Held(call.Result.ContextTokens);
            if (route.Prove()) await run.Environment.Calibrations.SetFormAsync(route.Id, call.Request.Form).ConfigureAwait(false);
        }

        // A probe is no row of the job.
        if (call.Pack.IsProbe)
        {
            await SettleAsync(call, new WindowSettlement(usage) { Readings = call.Result.Limits }).ConfigureAwait(false);
            return;
        }

        // A row that was given more room and still ran out of it says nothing of the usual reply.
        if (call.Result.Reply?.Usage is { } told && !(truncated && call.Pack.Room > 0))
            route.Budget.Observe(rows, call.Pack.Tokens, told, truncated, call.Line is null ? call.Latency : null);
        if (route.Sizer.Ended(rows, good, truncated, call.Pack.Rows.Max(r => r.AttemptsOn(route.Route.Id)), call.Pack.Tokens) is { } size) Emit(route, size);
        if (call.Line is not null) return;
        route.Level.Replied(call.Latency, rows, call.InFlight, run.Clock.GetUtcNow());
        await SettleAsync(call, new WindowSettlement(usage) { Readings = call.Result.Limits }).ConfigureAwait(false);
    }

    /// <summary>No reply came. What it says of the route is learned once.</summary>
    public async ValueTask FailedAsync(EndedCall call, ModelFailure failure)
    {
        if (call.Learned || call.Line is not null) return;
        call.Learned = true;
        if (failure.Kind is FailureKind.Unavailable or FailureKind.OutOfMemory or FailureKind.TimedOut or FailureKind.ConnectionLost)
            call.Route.Level.Overloaded(call.SentAt, run.Clock.GetUtcNow());
        await SettleAsync(call, Settlement(failure, call.Result.Limits)).ConfigureAwait(false);
        if (failure is { Kind: FailureKind.RateLimited, Window: null, RetryAfter: { } after } && after >= s_worthSharing)
        {
            var hold = new WindowHold(run.Clock.GetUtcNow() + Believed(after), failure.Message);
            await run.Environment.Windows.HoldAsync(call.Route.Owner, hold).ConfigureAwait(false);
            await FollowAsync(call.Route).ConfigureAwait(false);
        }
    }

    /// <summary>What the windows are charged for a request that brought nothing.</summary>
    public static WindowSettlement Settlement(ModelFailure failure, IReadOnlyList<LimitReading> limits)
    {
        // The service may have counted it: what was reserved stays charged.
        if ((failure.Billed && failure.Usage is null) || failure.Kind is FailureKind.TimedOut or FailureKind.ConnectionLost) return new WindowSettlement(null) { Readings = limits };

        // A request that the service called wrong has been counted as one, and brought no tokens but those it tells.
        var counted = failure.Kind is FailureKind.BadRequest or FailureKind.Filtered or FailureKind.FormRefused or FailureKind.ParameterRefused;
        return new WindowSettlement(counted ? failure.Usage ?? default(TokenUsage) : null)
        {
            Counted = counted,
            Readings = limits,
            RetryAfter = failure is { Kind: FailureKind.RateLimited, Window: null } ? failure.RetryAfter : null,
        };
    }

    /// <summary>A window turned the request away: whether, after what the service said of it, it keeps the next one back itself.</summary>
    public async ValueTask<bool> IsKeptBackAsync(EndedCall call, ModelFailure failure)
    {
        await FailedAsync(call, failure).ConfigureAwait(false);
        if (!call.Result.Limits.Any(l => l.Refused && (l.OpensIn ?? (object?)l.Used ?? l.Remaining) is not null)) return false;
        var charge = Reservations.For(call.Route.Route.Provider, call.Demand);
        var now = run.Clock.GetUtcNow();
        return call.Route.Windows.Windows.Any(w => w.Spec.Name == failure.Window
            && w.Usage.AdvancedTo(now, w.Spec).WaitFor(0, Math.Min(charge[w.Spec.Measure], w.Spec.Limit), now, w.Spec) > TimeSpan.Zero);
    }

    /// <summary>A window turned the request away as larger than it ever admits: whether the route would send less now.</summary>
    public async ValueTask<bool> HasShrunkAsync(EndedCall call, ModelFailure failure)
    {
        if (call.Result.Limits.FirstOrDefault(l => l.Window == failure.Window)?.Requested is { } requested)
        {
            var reserved = new PackReservation((int)call.Demand.InputTokens, (int)call.Demand.OutputTokens);
            call.Route.Budget.Refused(call.Pack.Rows.Count, call.Pack.Tokens, reserved, requested);
        }

        await FailedAsync(call, failure).ConfigureAwait(false);
        if (call.Route.Part(call.Pack) is not { } part || part.Rows.Count < call.Pack.Rows.Count) return true;
        return call.Route.Demand(part).IsLessThan(call.Demand);
    }

    /// <summary>A wait as far as it is believed: whoever says "a year" is asked again once a day.</summary>
    public static TimeSpan Believed(TimeSpan told) => told < s_longestBelieved ? told : s_longestBelieved;

    /// <summary>Stores what the run has learned of tokens since the last time.</summary>
    public static async ValueTask SaveAsync(RunContext run)
    {
        try
        {
            foreach (var route in run.Routes)
            {
                var seen = route.Calibration.TakeFresh();
                if (seen.Calls > 0)
                    await run.Environment.Calibrations.AddAsync(route.Id, run.Job.Question.Fingerprint, seen).ConfigureAwait(false);
                foreach (var size in route.Sizer.TakeFresh())
                    await run.Environment.Calibrations.SetSizeAsync(route.Id, run.Job.Question.Fingerprint, size).ConfigureAwait(false);
            }
        }
        catch (StoreException e)
        {
            // Estimates stay as they were; no answer depends on it.
            run.Events.Emit("not_calibrated", new JsonObject { ["reason"] = e.Message });
        }
    }

    private void Emit(RouteState route, PackChoice size) => run.Events.Emit("pack_size", new JsonObject
    {
        ["model"] = route.Route.Name,
        ["rows"] = size.Rows,
        ["was"] = size.Was,
        ["row_tokens"] = size.RowTokens,
        ["reason"] = size.Reason,
    });

    private async ValueTask SettleAsync(EndedCall call, WindowSettlement settlement)
    {
        var windows = run.Environment.Windows;
        if (call.Entry.Reservation is { } reservation) await windows.SettleAsync(reservation, settlement).ConfigureAwait(false);
        else if (TellsAnything(call.Route, settlement.Readings)) await windows.ObserveAsync(call.Route.Owner, Sized(call, settlement.Readings), call.SentAt).ConfigureAwait(false);

        var changed = !settlement.Counted && settlement.Readings.Count > 0;
        foreach (var reading in settlement.Readings)
        {
            if (reading.Limit is not { } limit || (_limits.TryGetValue((call.Route, reading.Window), out var known) && known == limit)) continue;
            _limits[(call.Route, reading.Window)] = limit;
            changed = true;
            if (call.Route.Windows.Windows.Any(w => w.Spec.Name == reading.Window && w.Spec.Limit <= limit)) continue;
            run.Events.Emit("learned", new JsonObject { ["model"] = call.Route.Route.Name, ["window"] = reading.Window, ["limit"] = limit });
        }

        if (changed) await FollowAsync(call.Route).ConfigureAwait(false);
        call.Route.HasSettled();
    }

    /// <summary>
    /// False where no window is known and none begins: servers without limits tell boundless ones with every reply, and a transaction on the file
    /// that all processes share is not worth that.
    /// </summary>
    private static bool TellsAnything(RouteState route, IReadOnlyList<LimitReading> readings)
    {
        if (route.Windows.Binds) return readings.Count > 0;
        foreach (var reading in readings)
            if (WindowSpec.Begun(reading, route.Owner) is not null) return true;
        return false;
    }

    /// <summary>The readings, refusals with what the request asked for where the service does not say.</summary>
    private static IReadOnlyList<LimitReading> Sized(EndedCall call, IReadOnlyList<LimitReading> readings)
    {
        if (!readings.Any(r => r.Refused && r.Requested is null)) return readings;
        var charge = Reservations.For(call.Route.Route.Provider, call.Demand);
        return [.. readings.Select(r => r.Refused && r.Requested is null && WindowSpec.Told(r.Window, 1, call.Route.Owner) is { } spec
            ? r with { Requested = charge[spec.Measure] } : r)];
    }

    private async ValueTask FollowAsync(RouteState route) =>
        route.Follow(await run.Environment.Windows.SnapshotAsync(route.Owner, route.Route.Limits).ConfigureAwait(false));
}
