using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Packing;
using Rowmill.Core.Replies;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>
/// What a call brought: it is stored before it is counted, and the rows without a valid answer go up the <see cref="Ladder"/>. Safe for
/// concurrent use.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="stored">Is told of a row whose outcome is stored, and tells how many rows of the source it is the outcome of.</param>
/// <param name="learning">What a reply teaches of its route.</param>
internal sealed class Harvest(RunContext run, Func<Ask, int> stored, RouteLearning learning)
{
    /// <summary>
    /// When more rows than this, in <see cref="LeastBarrenPacks"/> requests or more, were asked for the first time and not one got a valid answer,
    /// from a model that never gave one to a row of the job, the mistake is in the job and not in the rows: going on would cost several
    /// requests for every row. A table with fewer rows is asked to its end.
    /// </summary>
    public const int MostBarrenRows = 100;

    /// <summary>See <see cref="MostBarrenRows"/>.</summary>
    public const int LeastBarrenPacks = 3;

    private readonly QualityGate? _quality = run.Options.Gate is { } percent ? new QualityGate(percent) : null;

    /// <summary>A reply came.</summary>
    public async ValueTask<StillToAsk> ReadAsync(EndedCall call, ModelReply reply)
    {
        Interlocked.Increment(ref call.Route.Successes);
        if (call.Line is null) call.Route.Gate.Succeeded(call.SentAt);
        var usage = reply.Usage ?? call.Estimated(reply.Text.Span);
        if (call.Pack.IsProbe) return await PassAsync(call, usage).ConfigureAwait(false);
        var reading = run.Reader.Read(reply.Text, call.Pack.Rows.Count);
        var reason = RowFailures.Of(reply, reading);
        if (reply.Refusal is { } words) reading = reading with { Problem = $"the model refused: {words}" };
        var came = reason switch
        {
            RowFailures.Truncated => Cut(call, reply, reading.Good),
            RowFailures.Refused or RowFailures.Filtered => new Came(call.Route.Id, IsPointless: true),
            _ => new Came(call.Route.Id, IsPointless: false),
        };
        return await StoreAsync(call, reading, reason, reply.Text, usage, null, came).ConfigureAwait(false);
    }

    /// <summary>Whether text that came with a failure answers a row.</summary>
    public bool HoldsAnswers(EndedCall call, ModelFailure failure) =>
        !failure.PartialText.IsEmpty && run.Reader.Read(failure.PartialText, call.Pack.Rows.Count).Good > 0;

    /// <summary>Text that came with a failure is read like a reply.</summary>
    public ValueTask<StillToAsk> ReadAsync(EndedCall call, ModelFailure failure, string reason)
    {
        var wrote = run.Reader.Read(failure.PartialText, call.Pack.Rows.Count);
        var usage = call.Estimated(failure.PartialText.Span);
        return StoreAsync(call, wrote, reason, failure.PartialText, usage, failure, new Came(call.Route.Id, IsPointless: false));
    }

    /// <summary>No reply came, and the rows seem to be the cause: asking the same again is pointless.</summary>
    public ValueTask<StillToAsk> BlameAsync(EndedCall call, ModelFailure failure, string reason)
    {
        var nothing = new ReplyReading(new RowReading[call.Pack.Rows.Count], 0, null);
        var came = new Came(call.Route.Id, IsPointless: true, IsSuspect: reason == RowFailures.Unavailable);
        return StoreAsync(call, nothing, reason, default, failure.Usage ?? default, failure, came);
    }

    /// <summary>Settles a call that ended no row.</summary>
    public async ValueTask CloseAsync(EndedCall call, ModelFailure failure)
    {
        var usd = IsPaidUnseen(failure) ? call.MaxUsd : 0m;
        await SettleAsync(call, Settlement(call, failure, 0, failure.Message, default, usd), []).ConfigureAwait(false);
        run.Pass(Transition.OutcomeStored);
        run.Counters.CallEnded(failure.Kind, default, usd);
        await learning.FailedAsync(call, failure).ConfigureAwait(false);
        run.Pass(Transition.Counted);
    }

    /// <summary>
    /// A reply was cut short. Several rows are split; one alone is asked with more room as long as there is any, and where its reply ended far
    /// from the limit, that was chance.
    /// </summary>
    private static Came Cut(EndedCall call, ModelReply reply, int good)
    {
        var (route, pack, limit) = (call.Route, call.Pack, call.Request.MaxOutputTokens);
        if (pack.Rows.Count > 1) return new Came(route.Id, IsPointless: good == 0);
        if (limit < route.Budget.MostOutput(pack.Tokens))
            return new Came(route.Id, IsPointless: false, (int)Math.Min(int.MaxValue, (long)Ladder.MoreRoom * limit));
        return new Came(route.Id, IsPointless: !(2 * reply.Usage?.Output < limit));
    }

    /// <summary>The service may have worked, and charged, for a reply that never came: then the most it can have cost counts.</summary>
    private static bool IsPaidUnseen(ModelFailure? failure) => failure is { Billed: true } or { Kind: FailureKind.TimedOut };

    /// <summary>Settles a probe that went through.</summary>
    private async ValueTask<StillToAsk> PassAsync(EndedCall call, TokenUsage usage)
    {
        var usd = call.Route.Route.Price?.Of(usage);
        await run.Environment.Calls.SettleAsync(Settlement(call, null, 0, "a probe: the service is there", usage, usd)).ConfigureAwait(false);
        run.Pass(Transition.OutcomeStored);
        run.Counters.CallEnded(null, usage, usd);
        await learning.RepliedAsync(call, usage, call.Pack.Rows.Count).ConfigureAwait(false);
        run.Pass(Transition.Counted);
        return StillToAsk.Nothing;
    }

    /// <summary>Stores what a call brought and sends the rest up the ladder.</summary>
    private async ValueTask<StillToAsk> StoreAsync(
        EndedCall call, ReplyReading reading, string? packReason, ReadOnlyMemory<byte> text, TokenUsage usage, ModelFailure? failure, Came came)
    {
        var pack = call.Pack;
        var outcomes = new List<RowOutcome>(pack.Rows.Count);
        List<Ask>? rest = null;

        // Rows that ended on another model say nothing against this one.
        var isClimbing = pack.Rows[0].Past.EndedOn.Count > 0;
        for (var i = 0; i < pack.Rows.Count; i++)
        {
            var ask = pack.Rows[i];
            var row = reading.Rows[i];
            ask.CountAttempt(call.Route.Route.Id);
            if (row.Kind is RowReadingKind.Answered or RowReadingKind.Abstained)
            {
                var kind = row.Kind == RowReadingKind.Answered ? OutcomeKind.Answered : OutcomeKind.Abstained;
                outcomes.Add(new RowOutcome(ask.Key, kind, row.Json, ask.Attempts));
                continue;
            }

            // A row fails only alone: nobody sees the text of other replies.
            ask.LastFailure = RowFailures.Of(row, packReason, reading.Problem ?? failure?.Message, pack.Rows.Count == 1 ? text : default);
            (rest ??= []).Add(ask);
        }

        IReadOnlyList<LadderMove> moves = rest is null ? [] : Ladder.Next(pack, rest, came with { InBatch = call.Line is not null }, (row, ended) => Parking.IsTaken(run, row, ended));
        foreach (var move in moves)
        {
            foreach (var (row, past) in move.Rows)
            {
                row.Past = past;
                if (move.Step == LadderStep.RowFailed)
                    outcomes.Add(new RowOutcome(row.Key, OutcomeKind.Failed, RowFailures.ToJson(row.LastFailure!), row.Attempts));
            }
        }

        await SettleAsync(call, outcomes, reading, usage, failure, rest?[0].LastFailure, moves).ConfigureAwait(false);
        Count(call, reading, moves);
        // Afterwards: what is stored counts, even when the windows cannot be written any more.
        if (failure is null or { Billed: true, Kind: not FailureKind.Filtered }) await learning.RepliedAsync(call, usage, reading.Good).ConfigureAwait(false);
        else await learning.FailedAsync(call, failure).ConfigureAwait(false);
        if (reading.Good > 0) run.Counters.AnsweredBy(call.Route.Id);
        else if (!isClimbing && IsBarren(packReason)) CountBarren(call.Route, pack, rest![0].LastFailure!);
        run.Pass(Transition.Counted);
        if (moves.Count == 0) return StillToAsk.Nothing;
        return new StillToAsk(
            [.. moves.SelectMany(m => m.Packs)],
            [.. moves.Where(m => m.Step != LadderStep.RowFailed && m.Packs.Count == 0).SelectMany(m => m.Rows).Select(c => c.Row)]);
    }

    private async ValueTask SettleAsync(
        EndedCall call, List<RowOutcome> outcomes, ReplyReading reading, TokenUsage usage, ModelFailure? failure, RowFailure? rest,
        IReadOnlyList<LadderMove> moves)
    {
        var now = run.Clock.GetUtcNow();
        var usd = IsPaidUnseen(failure) && usage == default ? call.MaxUsd : call.Route.Route.Price?.Of(usage);
        var note = rest is null ? null : $"{rest.Reason}: {rest.Detail}";
        var settlement = Settlement(call, failure, reading.Good, note, usage, usd) with { Counts = reading.Counts };
        if (outcomes.Count == 0)
        {
            await SettleAsync(call, settlement, moves).ConfigureAwait(false);
        }
        else
        {
            await run.Environment.Answers.AppendAsync(new OutcomePack
            {
                Job = run.Job.Name,
                RunId = run.RunId,
                Question = run.Question,
                Route = call.Route.Id,
                CallId = call.CallId,
                At = now,
                Settlement = settlement,
                Call = call.Line?.Invoke(moves),
                Rows = outcomes,
                Lease = run.Lease,
                Supersedes = run.Options switch
                {
                    { Fresh: true, Model: null } => Supersedes.EveryRoute,
                    { Fresh: true } or { RetryFailed: true } => Supersedes.OwnRoute,
                    _ => Supersedes.Nothing,
                },
            }).ConfigureAwait(false);
        }

        run.Pass(Transition.OutcomeStored);
        run.Counters.CallEnded(failure?.Kind, usage, usd, reading.Counts);
        run.Events.Answered(reading.Good, call.Pack.Rows.Count - reading.Good);
    }

    /// <summary>Stores how a call ended that brought no outcome.</summary>
    private ValueTask SettleAsync(EndedCall call, CallSettlement settlement, IReadOnlyList<LadderMove> moves) => call.Line is { } line
        ? run.Environment.Calls.RecordAsync(line(moves), settlement)
        : run.Environment.Calls.SettleAsync(settlement);

    private void Count(EndedCall call, ReplyReading reading, IReadOnlyList<LadderMove> moves)
    {
        var (pack, model) = (call.Pack, call.Route.Route.Name);
        for (var i = 0; i < pack.Rows.Count; i++)
        {
            if (reading.Rows[i].Kind == RowReadingKind.Answered) End(pack.Rows[i], RowStatus.Answered);
            else if (reading.Rows[i].Kind == RowReadingKind.Abstained) End(pack.Rows[i], RowStatus.Abstained);
        }

        foreach (var move in moves)
        {
            var kind = JsonNamingPolicy.SnakeCaseLower.ConvertName(move.Step.ToString());
            var first = move.Rows[0].Row;
            if (move.Step != LadderStep.RowFailed)
            {
                run.Events.Emit(kind, new JsonObject { ["model"] = model, ["rows"] = move.Rows.Count, ["packs"] = move.Packs.Count, ["reason"] = first.LastFailure!.Reason });
                continue;
            }

            End(first, RowStatus.Failed);
            run.Events.Emit(kind, new JsonObject { ["row"] = first.Key.ToString(), ["reason"] = first.LastFailure!.Reason, ["attempts"] = first.Attempts, ["model"] = model });
        }
    }

    private void End(Ask ask, RowStatus status)
    {
        var rows = stored(ask);
        run.Counters.Ended(status, rows);
        if (_quality?.Ended(status, rows, ask.InvalidBefore) is { } reason) run.Stop.Request(reason);
    }

    // A reply that was refused, filtered or cut says something of these rows, or of their number.
    private static bool IsBarren(string? reason) =>
        reason is not (RowFailures.TooLarge or RowFailures.Truncated or RowFailures.Refused or RowFailures.Filtered or RowFailures.Unavailable);

    /// <summary>A request brought nothing for its rows. When a model never brings anything it is left alone, and with the last one the run stops.</summary>
    private void CountBarren(RouteState route, Pack pack, RowFailure last)
    {
        if (run.Counters.HasAnswered(route.Id) || pack.Rows.Any(r => r.Attempts > 1)) return;
        var packs = Interlocked.Increment(ref route.BarrenPacks);
        var rows = Interlocked.Add(ref route.BarrenRows, pack.Rows.Count);
        if (packs < LeastBarrenPacks || rows <= MostBarrenRows) return;
        var what = $"{route.Route.Name} was asked {rows} rows and gave not one valid answer ({last.Reason}; rowmill calls tells more)";
        if (route.Park(new StopReason(RunState.Failed, what) { UserError = true }))
            run.Events.Emit("no_answers", new JsonObject { ["model"] = route.Route.Name, ["reason"] = last.Reason });
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
}
