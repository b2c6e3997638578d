using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>
/// Takes one pack through one request: leave to go, intent, call. What came of it is for <see cref="Harvest"/> when there is a reply, for
/// <see cref="FailedCalls"/> when there is none.
/// </summary>
internal sealed class Asker
{
    private readonly RunContext _run;
    private readonly Admission _admission;
    private readonly Harvest _harvest;
    private readonly FailedCalls _failed;

    /// <summary>Creates the asker of a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="intake">Where the rows come from.</param>
    /// <param name="queue">Where what is left of packs goes.</param>
    public Asker(RunContext run, Intake intake, PackQueue queue)
    {
        _run = run;
        var learning = new RouteLearning(run);
        _admission = new Admission(run, queue.PutBack, queue.TryPutAside, intake.LetGo);
        _harvest = new Harvest(run, intake.Stored, learning);
        _failed = new FailedCalls(run, _harvest, learning, () => queue.IsUsedUp);
    }

    /// <summary>Asks a pack.</summary>
    /// <returns>What is to be asked next for its rows; nothing when each has ended, or when the run stops.</returns>
    public async ValueTask<StillToAsk> AskAsync(Pack pack)
    {
        if (await _admission.EnterAsync(pack).ConfigureAwait(false) is not { } entry) return StillToAsk.Nothing;
        try
        {
            return await CallAsync(entry).ConfigureAwait(false);
        }
        finally
        {
            entry.Route.Slots.Release();
        }
    }

    private async ValueTask<StillToAsk> CallAsync(Entry entry)
    {
        var (route, pack) = (entry.Route, entry.Pack);
        _run.Pass(Transition.Reserved);
        var request = _run.Text.Request(pack, route.Form, route.Budget, new PackReservation((int)entry.Demand.InputTokens, (int)entry.Demand.OutputTokens));
        var reserved = new TokenUsage(entry.Demand.InputTokens, 0, entry.Demand.OutputTokens);
        var maxUsd = route.Route.Price?.Of(reserved);
        if (!await WithinBudgetAsync(maxUsd ?? 0m).ConfigureAwait(false))
        {
            await GiveBackAsync(entry).ConfigureAwait(false);
            return StillToAsk.Nothing;
        }

        try
        {
            var callId = await OpenAsync(entry, reserved, maxUsd).ConfigureAwait(false);
            _run.Pass(Transition.IntentStored);
            _run.Counters.CallSent();
            var inFlight = route.Sent();
            var sentAt = _run.Clock.GetUtcNow();
            var began = _run.Clock.GetTimestamp();
            ModelResult result;
            using var span = CallSpan.Start(CallSpan.Chat, route.Route, request.MaxOutputTokens, _run.Job.Name, _run.RunId, pack.Rows.Count);
            span.Asks(request);
            try
            {
                result = await route.Client.AskAsync(request, _run.Stop.Abandoning).ConfigureAwait(false);
                span.Ended(result.Reply, result.Failure, result.Reply?.Usage, result.RequestId, _run.Clock.GetElapsedTime(began));
            }
            catch (OperationCanceledException) when (_run.Stop.Abandoning.IsCancellationRequested)
            {
                span.GivenUp(_run.Clock.GetElapsedTime(began));
                // Given up: nobody knows whether it is paid for or counted, so its intent stays open, the next run reports the doubt, and
                // its windows stay charged.
                _run.Counters.CallAbandoned();
                if (entry.Reservation is { } held) await _run.Environment.Windows.SettleAsync(held, new WindowSettlement(null)).ConfigureAwait(false);
                return StillToAsk.Nothing;
            }
            finally
            {
                route.Ended();
            }

            _run.Pass(Transition.Replied);
            var call = new EndedCall(callId, entry, request, result, maxUsd, sentAt, _run.Clock.GetElapsedTime(began), inFlight);
            return result.Reply is { } reply
                ? await _harvest.ReadAsync(call, reply).ConfigureAwait(false)
                : await _failed.EndAsync(call, result.Failure!).ConfigureAwait(false);
        }
        finally
        {
            if (_run.Money is not null) _run.Counters.Unreserve(maxUsd ?? 0m);
        }
    }

    /// <summary>
    /// Sets the most a call may cost aside. What is in flight may cost less than was set aside for it, so the run stops only
    /// when nothing is in flight and the next call could still cross the budget.
    /// </summary>
    private async ValueTask<bool> WithinBudgetAsync(decimal maxUsd)
    {
        if (_run.Money is not { } money) return true;
        Task? freed;
        while (!_run.Counters.TryReserve(maxUsd, money.Usd, out freed))
        {
            if (freed is null) _run.Stop.Request(money.Reached());
            if (_run.Stop.Reason is not null) return false;
            try
            {
                await freed!.WaitAsync(_run.Stop.Stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_run.Stop.Reason is not null)
            {
                return false;
            }
        }

        return true;
    }

    private async ValueTask<long> OpenAsync(Entry entry, TokenUsage reserved, decimal? maxUsd)
    {
        var pack = entry.Pack;

        // A probe carries no row of the job: its tokens and its money are nobody's share.
        var keys = new Rows.RowKey[pack.IsProbe ? 0 : pack.Rows.Count];
        for (var i = 0; i < keys.Length; i++) keys[i] = pack.Rows[i].Key;
        var intent = new CallIntent
        {
            Job = _run.Job.Name,
            RunId = _run.RunId,
            Question = _run.Question,
            Route = entry.Route.Id,
            At = _run.Clock.GetUtcNow(),
            Rows = keys,
            Reserved = reserved,
            MaxUsd = maxUsd,
            Lease = _run.Lease,
        };
        try
        {
            return await _run.Environment.Calls.OpenAsync(intent).ConfigureAwait(false);
        }
        catch
        {
            // It does not leave.
            await GiveBackAsync(entry).ConfigureAwait(false);
            throw;
        }
    }

    private ValueTask GiveBackAsync(Entry entry) =>
        entry.Reservation is { } held ? _run.Environment.Windows.ReleaseAsync(held) : default;
}
