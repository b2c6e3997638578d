using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Packing;
using Rowmill.Core.Replies;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>
/// Takes one pack through one request: leave to go, intent, call, reading, storing. What it brings is stored before it is counted; what
/// it does not bring goes up the ladder, or, after a limit or an outage, back into the queue unchanged.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="intake">Where the rows come from.</param>
/// <param name="putBack">Takes the rest of a pack that a route takes only in part.</param>
internal sealed class Asker(RunContext run, Intake intake, Action<Pack> putBack)
{
    /// <summary>Outages of one and the same pack, while other requests go through, before its rows are taken for the cause.</summary>
    private const int OutagesOfOnePack = 4;

    private static readonly IReadOnlyList<Pack> s_none = [];

    private readonly Admission _admission = new(run, putBack);
    private readonly RouteLearning _learning = new(run);
    private readonly QualityGate? _quality = run.Options.Gate is { } percent ? new QualityGate(percent) : null;

    /// <summary>Asks a pack.</summary>
    /// <returns>The packs to ask next for its rows; empty when each has ended, or when the run stops.</returns>
    public async ValueTask<IReadOnlyList<Pack>> AskAsync(Pack pack)
    {
        if (await _admission.EnterAsync(pack).ConfigureAwait(false) is not { } entry) return s_none;
        try
        {
            return await CallAsync(entry).ConfigureAwait(false);
        }
        finally
        {
            entry.Route.Slots.Release();
        }
    }

    private async ValueTask<IReadOnlyList<Pack>> CallAsync(Entry entry)
    {
        var (route, pack) = (entry.Route, entry.Pack);
        run.Pass(Transition.Reserved);
        var request = run.Text.Request(pack, route.Form, route.Budget) with { MaxOutputTokens = (int)entry.Demand.OutputTokens };
        var reserved = new TokenUsage(entry.Demand.InputTokens, 0, entry.Demand.OutputTokens);
        var maxUsd = route.Route.Price?.Of(reserved);
        if (!await WithinBudgetAsync(maxUsd ?? 0m).ConfigureAwait(false))
        {
            await GiveBackAsync(entry).ConfigureAwait(false);
            return s_none;
        }

        try
        {
            var callId = await OpenAsync(entry, reserved, maxUsd).ConfigureAwait(false);
            run.Pass(Transition.IntentStored);
            run.Counters.CallSent();
            var inFlight = route.Sent();
            var sentAt = run.Clock.GetUtcNow();
            var began = run.Clock.GetTimestamp();
            ModelResult result;
            try
            {
                result = await route.Client.AskAsync(request, run.Stop.Abandoning).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (run.Stop.Abandoning.IsCancellationRequested)
            {
                // Given up: nobody knows whether it is paid for or counted, so its intent stays open, the next run reports the doubt, and
                // its windows stay charged.
                run.Counters.CallAbandoned();
                if (entry.Reservation is { } held) await run.Environment.Windows.SettleAsync(held, new WindowSettlement(null)).ConfigureAwait(false);
                return s_none;
            }
            finally
            {
                route.Ended();
            }

            run.Pass(Transition.Replied);
            var call = new EndedCall(callId, entry, request, result, maxUsd, sentAt, run.Clock.GetElapsedTime(began), inFlight);
            return result.Reply is { } reply ? await ReadAsync(call, reply).ConfigureAwait(false) : await FailAsync(call, result.Failure!).ConfigureAwait(false);
        }
        finally
        {
            if (run.Money is not null) run.Counters.Unreserve(maxUsd ?? 0m);
        }
    }

    /// <summary>
    /// Sets the most a call may cost aside. What is in flight may cost less than was set aside for it, so the run stops only
    /// when nothing is in flight and the next call could still cross the budget.
    /// </summary>
    private async ValueTask<bool> WithinBudgetAsync(decimal maxUsd)
    {
        if (run.Money is not { } money) return true;
        Task? freed;
        while (!run.Counters.TryReserve(maxUsd, money.Usd, out freed))
        {
            if (freed is null) run.Stop.Request(money.Reached());
            if (run.Stop.Reason is not null) return false;
            try
            {
                await freed!.WaitAsync(run.Stop.Stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (run.Stop.Reason is not null)
            {
                return false;
            }
        }

        return true;
    }

    private async ValueTask<long> OpenAsync(Entry entry, TokenUsage reserved, decimal? maxUsd)
    {
        var pack = entry.Pack;
        var keys = new Rows.RowKey[pack.Rows.Count];
        for (var i = 0; i < keys.Length; i++) keys[i] = pack.Rows[i].Key;
        var intent = new CallIntent
        {
            Job = run.Job.Name,
            RunId = run.RunId,
            Question = run.Question,
            Route = entry.Route.Route.Id,
            At = run.Clock.GetUtcNow(),
            Rows = keys,
            Reserved = reserved,
            MaxUsd = maxUsd,
            Lease = run.Lease,
        };
        try
        {
            return await run.Environment.Calls.OpenAsync(intent).ConfigureAwait(false);
        }
        catch
        {
            // It does not leave.
            await GiveBackAsync(entry).ConfigureAwait(false);
            throw;
        }
    }

    private async ValueTask<IReadOnlyList<Pack>> ReadAsync(EndedCall call, ModelReply reply)
    {
        Interlocked.Increment(ref call.Route.Successes);
        call.Route.Gate.Succeeded(call.SentAt);
        var usage = reply.Usage ?? call.Estimated(reply.Text.Span);
        var reading = run.Reader.Read(reply.Text, call.Pack.Rows.Count);
        var failure = RowFailures.Of(reply, reading);
        if (reply.Refusal is { } words) reading = reading with { Problem = $"the model refused: {words}" };
        return await StoreAsync(call, reading, failure, reply.Text, usage, null, splitNow: reply.Ending == ReplyEnding.Truncated).ConfigureAwait(false);
    }

    /// <summary>Stores what a reply brought and sends the rest up the ladder.</summary>
    private async ValueTask<IReadOnlyList<Pack>> StoreAsync(
        EndedCall call, ReplyReading reading, string? packReason, ReadOnlyMemory<byte> text, TokenUsage usage, ModelFailure? failure, bool splitNow)
    {
        var pack = call.Pack;
        var outcomes = new List<RowOutcome>(pack.Rows.Count);
        List<Ask>? rest = null;
        for (var i = 0; i < pack.Rows.Count; i++)
        {
            var ask = pack.Rows[i];
            var row = reading.Rows[i];
            ask.Attempts++;
            if (row.Kind is RowReadingKind.Answered or RowReadingKind.Abstained)
            {
                var kind = row.Kind == RowReadingKind.Answered ? OutcomeKind.Answered : OutcomeKind.Abstained;
                outcomes.Add(new RowOutcome(ask.Key, kind, row.Json, ask.Attempts));
                continue;
            }

            ask.LastFailure = RowFailures.Of(row, packReason, reading.Problem ?? failure?.Message, text);
            (rest ??= []).Add(ask);
        }

        var final = packReason is RowFailures.Refused or RowFailures.Filtered;
        var step = rest is null ? new LadderStep([], []) : Ladder.Next(pack, rest, splitNow, final);
        foreach (var ask in step.Failed) outcomes.Add(new RowOutcome(ask.Key, OutcomeKind.Failed, RowFailures.ToJson(ask.LastFailure!), ask.Attempts));
        await SettleAsync(call, outcomes, reading, usage, failure, rest?[0].LastFailure).ConfigureAwait(false);
        Count(pack, reading, step);
        run.Pass(Transition.Counted);
        return step.Again;
    }

    private async ValueTask SettleAsync(
        EndedCall call, List<RowOutcome> outcomes, ReplyReading reading, TokenUsage usage, ModelFailure? failure, RowFailure? rest)
    {
        var now = run.Clock.GetUtcNow();
        // The service may have worked, and charged, for a reply that never came: count the most it can have cost.
        var usd = failure?.Kind == FailureKind.TimedOut ? call.MaxUsd : call.Route.Route.Price?.Of(usage);
        var note = rest is null ? null : $"{rest.Reason}: {rest.Detail}";
        var settlement = Settlement(call, failure, reading.Good, note, usage, usd) with { Counts = reading.Counts };
        if (outcomes.Count == 0)
        {
            await run.Environment.Calls.SettleAsync(settlement).ConfigureAwait(false);
        }
        else
        {
            await run.Environment.Answers.AppendAsync(new OutcomePack
            {
                Job = run.Job.Name,
                RunId = run.RunId,
                Question = run.Question,
                Route = call.Route.Route.Id,
                CallId = call.CallId,
                At = now,
                Settlement = settlement,
                Rows = outcomes,
                Lease = run.Lease,
                Fresh = run.Options.Fresh || run.Options.RetryFailed,
            }).ConfigureAwait(false);
        }

        run.Pass(Transition.OutcomeStored);
        if (failure is null or { Billed: true }) await _learning.RepliedAsync(call, usage, reading.Good).ConfigureAwait(false);
        else await _learning.FailedAsync(call, failure).ConfigureAwait(false);
        run.Counters.CallEnded(failure?.Kind, usage, usd, reading.Counts);
        run.Events.Answered(reading.Good, call.Pack.Rows.Count - reading.Good);
    }

    private void Count(Pack pack, ReplyReading reading, LadderStep step)
    {
        for (var i = 0; i < pack.Rows.Count; i++)
        {
            if (reading.Rows[i].Kind == RowReadingKind.Answered) End(pack.Rows[i], RowStatus.Answered);
            else if (reading.Rows[i].Kind == RowReadingKind.Abstained) End(pack.Rows[i], RowStatus.Abstained);
        }

        foreach (var ask in step.Failed)
        {
            End(ask, RowStatus.Failed);
            run.Events.Emit("row_failed", new JsonObject { ["row"] = ask.Key.ToString(), ["reason"] = ask.LastFailure!.Reason, ["attempts"] = ask.Attempts });
        }

        if (step.Again.Count > 0)
        {
            run.Events.Emit("retried", new JsonObject
            {
                ["rows"] = step.Again.Sum(p => p.Rows.Count),
                ["packs"] = step.Again.Count,
                ["reason"] = step.Again[0].Rows[0].LastFailure!.Reason,
            });
        }
    }

    private void End(Ask ask, RowStatus status)
    {
        var rows = intake.Stored(ask);
        run.Counters.Ended(status, rows);
        if (_quality?.Ended(status, rows, ask.InvalidBefore) is { } reason) run.Stop.Request(reason);
    }

    /// <summary>A request that brought no reply.</summary>
    private async ValueTask<IReadOnlyList<Pack>> FailAsync(EndedCall call, ModelFailure failure)
    {
        var route = call.Route;
        // An answer that is not the service's protocol says no more than none.
        var seen = failure.Kind == FailureKind.BadReply ? failure with { Kind = FailureKind.Unavailable } : failure;
        if (seen.RetryAfter is { } after) seen = seen with { RetryAfter = RouteLearning.Believed(after) };
        if (seen is { Kind: FailureKind.RateLimited, Window: { } window })
            seen = seen with { Message = LimitWords.Used(route.Route.Name, call.Result.Limits.FirstOrDefault(l => l.Window == window)?.Limit, window) };

        // A window that keeps the next one back itself tells each how long to wait; nobody need be held back beyond that.
        if (seen is { Kind: FailureKind.RateLimited, Window: not null } && await _learning.IsKeptBackAsync(call, failure).ConfigureAwait(false)) route.Gate.Answered();
        else route.Gate.Failed(seen, call.SentAt, run.Clock.GetUtcNow());
        switch (failure.Kind)
        {
            case FailureKind.BadGeneration:
                // The service threw away what the model wrote, but charged for it: what can be read of it counts.
                Interlocked.Increment(ref route.Successes);
                var wrote = run.Reader.Read(failure.PartialText, call.Pack.Rows.Count);
                var usage = call.Estimated(failure.PartialText.Span);
                return await StoreAsync(call, wrote, RowFailures.BadGeneration, failure.PartialText, usage, failure, splitNow: false).ConfigureAwait(false);

            case FailureKind.TooLarge when failure.Window is not null && await _learning.HasShrunkAsync(call, failure).ConfigureAwait(false):
                // Larger than a window: what it admits is known now, so the next request is smaller or goes elsewhere.
                run.Events.Emit("too_large", new JsonObject { ["model"] = route.Route.Name, ["window"] = failure.Window, ["reason"] = failure.Message });
                break;

            case FailureKind.TooLarge:
                return await ClimbAsync(call, failure, RowFailures.TooLarge, splitNow: true).ConfigureAwait(false);

            case FailureKind.Filtered:
                return await ClimbAsync(call, failure, RowFailures.Filtered, splitNow: false).ConfigureAwait(false);

            case FailureKind.BadRequest:
                if (Interlocked.Increment(ref route.BadRequests) >= 3 && Interlocked.Read(ref route.Successes) == 0)
                {
                    run.Stop.Request(new StopReason(RunState.Failed, $"{route.Route.Name} says the request is wrong: {failure.Message}") { UserError = true });
                    break;
                }

                return await ClimbAsync(call, failure, RowFailures.BadRequest, splitNow: false).ConfigureAwait(false);

            case FailureKind.ParameterRefused:
                run.Events.Emit("parameter_refused", new JsonObject { ["model"] = route.Route.Name, ["reason"] = failure.Message });
                break;

            case FailureKind.FormRefused when route.LowerForm(call.Request.Form):
                run.Events.Emit("form_lowered", new JsonObject { ["model"] = route.Route.Name, ["refused"] = call.Request.Form.ToString(), ["reason"] = failure.Message });
                break;

            case FailureKind.FormRefused:
                run.Stop.Request(new StopReason(RunState.Failed, $"{route.Route.Name} takes no form of output: {failure.Message}") { UserError = true });
                break;

            case FailureKind.KeyRefused or FailureKind.ModelRefused or FailureKind.QuotaExhausted or FailureKind.NoAllowance:
                Refuse(route, failure);
                break;

            case FailureKind.RateLimited:
                run.Events.Emit("limited", new JsonObject { ["model"] = route.Route.Name, ["reason"] = failure.Message, ["window"] = failure.Window, ["retry_after_seconds"] = failure.RetryAfter?.TotalSeconds });
                break;

            default:
                call.Pack.CountOutage(Interlocked.Read(ref route.Successes));
                if (call.Pack.Outages >= OutagesOfOnePack)
                    return await ClimbAsync(call, failure, RowFailures.Unavailable, splitNow: false).ConfigureAwait(false);
                ParkAfterOutage(route, failure);
                break;
        }

        await CloseAsync(call, failure).ConfigureAwait(false);
        return run.Stop.Reason is null ? [call.Pack] : s_none;
    }

    /// <summary>The rows themselves seem to be the cause: they go up the ladder.</summary>
    private ValueTask<IReadOnlyList<Pack>> ClimbAsync(EndedCall call, ModelFailure failure, string reason, bool splitNow)
    {
        var nothing = new ReplyReading(new RowReading[call.Pack.Rows.Count], 0, null);
        return StoreAsync(call, nothing, reason, default, default, failure, splitNow);
    }

    private void Refuse(RouteState route, ModelFailure failure)
    {
        route.Park(new StopReason(RunState.Refused, $"{route.Route.Name} refused: {failure.Message}"));
        run.Events.Emit("refused", new JsonObject { ["model"] = route.Route.Name, ["kind"] = failure.Kind.ToString(), ["reason"] = failure.Message });
    }

    private void ParkAfterOutage(RouteState route, ModelFailure failure)
    {
        var outage = route.Gate.Outage(run.Clock.GetUtcNow());
        if (outage <= run.Job.Patience) return;
        var minutes = outage.TotalMinutes.ToString("0.#", CultureInfo.InvariantCulture);
        route.Park(new StopReason(RunState.Failed, $"{route.Route.Name} has not answered for {minutes} minutes: {failure.Message}"));
        run.Events.Emit("outage", new JsonObject { ["model"] = route.Route.Name, ["reason"] = failure.Message });
    }

    /// <summary>Settles a call that ended no row.</summary>
    private async ValueTask CloseAsync(EndedCall call, ModelFailure failure)
    {
        // The service may have worked, and charged, for a reply that never came: count the most it can have cost.
        var paid = failure.Billed || failure.Kind == FailureKind.TimedOut;
        var usd = paid ? call.MaxUsd : 0m;
        await run.Environment.Calls.SettleAsync(Settlement(call, failure, 0, failure.Message, default, usd)).ConfigureAwait(false);
        run.Pass(Transition.OutcomeStored);
        await _learning.FailedAsync(call, failure).ConfigureAwait(false);
        run.Counters.CallEnded(failure.Kind, default, usd);
        run.Pass(Transition.Counted);
    }

    private CallSettlement Settlement(EndedCall call, ModelFailure? failure, int good, string? note, TokenUsage usage, decimal? usd) =>
        new()
        {
            CallId = call.CallId,
            At = run.Clock.GetUtcNow(),
            Failure = failure?.Kind,
            Note = note,
            Evidence = failure?.Evidence,
            HttpStatus = failure is null ? 200 : failure.HttpStatus,
            RequestId = call.Result.RequestId,
            GoodRows = good,
            Usage = usage,
            Usd = usd,
            Latency = call.Latency,
        };

    private ValueTask GiveBackAsync(Entry entry) =>
        entry.Reservation is { } held ? run.Environment.Windows.ReleaseAsync(held) : default;
}
