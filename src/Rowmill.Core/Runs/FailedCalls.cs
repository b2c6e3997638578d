using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>
/// Requests that brought no reply: what is the rows' fault goes up the ladder; after a limit, an outage or a mistake of the service the same
/// pack is asked again, here or on another model.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="harvest">Stores and counts.</param>
/// <param name="learning">What a failure teaches of its route.</param>
/// <param name="isUsedUp">Whether no new rows come.</param>
internal sealed class FailedCalls(RunContext run, Harvest harvest, RouteLearning learning, Func<bool> isUsedUp)
{
    /// <summary>Outages of one and the same pack, while other requests go through, before its rows are taken for the cause.</summary>
    private const int OutagesOfOnePack = 4;

    /// <summary>The same for a part of such a pack, as long as it holds several rows: splitting one too many costs little.</summary>
    private const int OutagesOfSuspects = 1;

    /// <summary>Requests called wrong by a model that has taken none, before the request itself is taken to be wrong.</summary>
    private const int BadRequestsAtFirst = 3;

    /// <summary>A request ended without a reply.</summary>
    /// <returns>What is to be asked next for its rows.</returns>
    public async ValueTask<StillToAsk> EndAsync(EndedCall call, ModelFailure failure)
    {
        var route = call.Route;
        // An answer that is not the service's protocol says no more than none, and memory that was there before is back sooner or later.
        var isOutage = failure.Kind == FailureKind.BadReply || (failure.Kind == FailureKind.OutOfMemory && route.Room.HasHeld(call.Result.ContextTokens));
        var seen = isOutage ? failure with { Kind = FailureKind.Unavailable } : failure;
        if (seen.RetryAfter is { } after) seen = seen with { RetryAfter = RouteLearning.Believed(after) };
        if (seen is { Kind: FailureKind.RateLimited, Window: { } window })
            seen = seen with { Message = LimitWords.Used(route.Route.Name, call.Result.Limits.FirstOrDefault(l => l.Window == window)?.Limit, window) };

        // A window that keeps the next one back itself tells each how long to wait; nobody need be held back beyond that.
        if (seen is { Kind: FailureKind.RateLimited, Window: not null } && await learning.IsKeptBackAsync(call, failure).ConfigureAwait(false)) route.Gate.Answered(run.Clock.GetUtcNow());
        else route.Gate.Failed(seen, call.SentAt, run.Clock.GetUtcNow());
        if (IsOfTheRows(failure.Kind) && call.Pack.IsProbe)
        {
            // The service is there, whatever it thinks of the probe.
            Interlocked.Increment(ref route.Successes);
            await harvest.CloseAsync(call, failure).ConfigureAwait(false);
            return StillToAsk.Nothing;
        }

        var probes = false;
        switch (failure.Kind)
        {
            case FailureKind.BadGeneration:
                // The service threw away what the model wrote, but charged for it: what can be read of it counts.
                Interlocked.Increment(ref route.Successes);
                return await harvest.ReadAsync(call, failure, RowFailures.BadGeneration).ConfigureAwait(false);

            case FailureKind.ConnectionLost when harvest.HoldsAnswers(call, failure):
                // It broke off in the middle of a reply that is paid for: the answers that came whole count.
                Interlocked.Increment(ref route.Successes);
                return await harvest.ReadAsync(call, failure, RowFailures.Unavailable).ConfigureAwait(false);

            case FailureKind.TooLarge when failure.Window is not null && await learning.HasShrunkAsync(call, failure).ConfigureAwait(false):
                // Larger than a window: what it admits is known now, so the next request is smaller or goes elsewhere.
                run.Events.Emit("too_large", new JsonObject { ["model"] = route.Route.Name, ["window"] = failure.Window, ["reason"] = failure.Message });
                break;

            case FailureKind.TooLarge:
                return await harvest.BlameAsync(call, failure, RowFailures.TooLarge).ConfigureAwait(false);

            case FailureKind.Filtered:
                return await harvest.BlameAsync(call, failure, RowFailures.Filtered).ConfigureAwait(false);

            case FailureKind.BadRequest:
                if (Interlocked.Read(ref route.Successes) > 0 || run.Counters.HasAnswered(route.Id))
                    return await harvest.BlameAsync(call, failure, RowFailures.BadRequest).ConfigureAwait(false);
                if (Interlocked.Increment(ref route.BadRequests) < BadRequestsAtFirst)
                {
                    // Whether it is the row or the job, the next rows tell.
                    call.Pack.Yields = true;
                    break;
                }

                var wrong = new StopReason(RunState.Failed, $"{route.Route.Name} says the request is wrong: {failure.Message}") { UserError = true };
                if (route.Park(wrong)) run.Events.Emit("no_answers", new JsonObject { ["model"] = route.Route.Name, ["reason"] = RowFailures.BadRequest });
                break;

            case FailureKind.ParameterRefused:
                run.Events.Emit("parameter_refused", new JsonObject { ["model"] = route.Route.Name, ["reason"] = failure.Message });
                break;

            case FailureKind.FormRefused when route.LowerForm(call.Request.Form):
                run.Events.Emit("form_lowered", new JsonObject { ["model"] = route.Route.Name, ["refused"] = call.Request.Form.ToString(), ["reason"] = failure.Message });
                await run.Environment.Calibrations.SetFormAsync(route.Route.Id, route.Form).ConfigureAwait(false);
                break;

            case FailureKind.FormRefused:
                run.Stop.Request(new StopReason(RunState.Failed, $"{route.Route.Name} takes no form of output: {failure.Message}") { UserError = true });
                break;

            case FailureKind.KeyRefused or FailureKind.ModelRefused or FailureKind.QuotaExhausted or FailureKind.NoAllowance:
                Refuse(route, failure);
                break;

            case FailureKind.OutOfMemory when !isOutage:
                MakeRoom(call, failure);
                break;

            case FailureKind.RateLimited:
                run.Events.Emit("limited", new JsonObject { ["model"] = route.Route.Name, ["reason"] = failure.Message, ["window"] = failure.Window, ["retry_after_seconds"] = failure.RetryAfter?.TotalSeconds });
                break;

            default:
                // Looked at first: others may go through, and use the source up, from here on.
                var isAtEnd = isUsedUp();
                var isKnown = call.Pack.CountOutage(Interlocked.Read(ref route.Successes));
                if (call.Pack.Outages >= (call.Pack is { Suspect: true, Rows.Count: > 1 } ? OutagesOfSuspects : OutagesOfOnePack))
                    return await harvest.BlameAsync(call, failure, RowFailures.Unavailable).ConfigureAwait(false);
                call.Pack.Rest = route.Gate.Rest(call.Pack.Outages);
                ParkAfterOutage(route, failure);
                probes = !isKnown && isAtEnd && route.Parked is null;
                break;
        }

        await harvest.CloseAsync(call, failure).ConfigureAwait(false);
        if (run.Stop.Reason is not null || call.Pack.IsProbe) return StillToAsk.Nothing;
        return new StillToAsk(probes ? [Probe(call), call.Pack] : [call.Pack], []);
    }

    private static bool IsOfTheRows(FailureKind kind) =>
        kind is FailureKind.BadGeneration or FailureKind.TooLarge or FailureKind.Filtered or FailureKind.BadRequest;

    /// <summary>
    /// With no new rows nothing else may go through any more, and a request that breaks the service looks like an outage for ever. A tiny one
    /// of its own, a row without fields, tells the two apart.
    /// </summary>
    private Pack Probe(EndedCall call)
    {
        run.Events.Emit("probe", new JsonObject { ["model"] = call.Route.Route.Name, ["reason"] = RowFailures.Unavailable });
        var others = run.Routes.Where(r => r != call.Route).Select(r => r.Id);
        return new Pack([new Ask(call.Pack.Rows[0].Key, default) { Past = RowPast.None with { EndedOn = [.. others] } }]) { IsProbe = true };
    }

    private void Refuse(RouteState route, ModelFailure failure)
    {
        route.Park(StopReason.Refused(route.Route, failure));
        run.Events.Emit("refused", new JsonObject { ["model"] = route.Route.Name, ["kind"] = failure.Kind.ToString(), ["reason"] = failure.Message });
    }

    /// <summary>The machine has too little memory for the model: a smaller context is tried, with smaller packs; when none is left the next model takes over.</summary>
    private void MakeRoom(EndedCall call, ModelFailure failure)
    {
        var route = call.Route;
        if (route.Room.Lower(call.Result.ContextTokens) && route.Part(call.Pack) is not null)
            run.Events.Emit("context_lowered", new JsonObject { ["model"] = route.Route.Name, ["context"] = route.Budget.ContextTokens, ["reason"] = failure.Message });
        else
            Refuse(route, failure);
    }

    private void ParkAfterOutage(RouteState route, ModelFailure failure)
    {
        var outage = route.Gate.Outage(run.Clock.GetUtcNow());
        if (outage <= run.Job.Patience) return;
        var minutes = outage.TotalMinutes.ToString("0.#", CultureInfo.InvariantCulture);
        route.Park(new StopReason(RunState.Failed, $"{route.Route.Name} has not answered for {minutes} minutes: {failure.Message}"));
        run.Events.Emit("outage", new JsonObject { ["model"] = route.Route.Name, ["reason"] = failure.Message });
    }
}
