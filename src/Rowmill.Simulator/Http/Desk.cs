using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Faults;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>The way of every request for a model, whatever its form: admits, lets the model work, settles, replies.</summary>
internal sealed class Desk(
    SimulatorOptions options, TimeProvider clock, Dialect main, RequestLedger ledger, BatchLedger batches, Replies replies, CancellationToken stopping)
{
    private readonly WorkRoom _room = new(options, clock, stopping);
    private readonly LimitGate _limits = new(options, clock, main.CalendarDays);
    private readonly FaultPlan _faults = new(options);
    private long _admitted;

    /// <summary>What each key has taken of each model.</summary>
    public IReadOnlyList<AccountStats> Accounts => _limits.Accounts();

    public void Reset()
    {
        _limits.Reset();
        _faults.Reset();
        Interlocked.Exchange(ref _admitted, 0);
    }

    /// <summary>Reads a request and serves it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="dialect">Whose manners the reply has.</param>
    /// <param name="read">Reads it: the work, or the first mistake.</param>
    public async Task ServeAsync(HttpContext context, Dialect dialect, Func<Task<(Work? Work, ErrorReply? Error)>> read)
    {
        ledger.Began();
        try
        {
            var (work, error) = await read();
            if (work is null) await replies.RefuseAsync(context, dialect, error!);
            else if (!_room.TryEnter()) await replies.RefuseAsync(context, dialect, dialect.Overloaded() with { Outcome = "overloaded" });
            else await InsideAsync(context, work);
        }
        finally
        {
            ledger.Left();
        }
    }

    /// <summary>Answers a request of a batch: as any other, but under no limit and at once.</summary>
    public LineReply Answer(Work work)
    {
        if (Misfit(work) is { } misfit) return Refused(misfit);
        if (Interlocked.Increment(ref _admitted) > options.MaxRequests) return Refused(work.Dialect.QuotaExceeded());
        var (fault, chance) = _faults.Next(work.Content);
        var ticket = ledger.Accept(work.Model, work.Rows);
        // Nobody waits for a line on a connection of its own: what would break that is a failure of the service.
        var error = Interruption(work, fault) ?? (fault is SimulatorFault.Drop or SimulatorFault.Hang ? work.Dialect.ServerError() : null);
        if (error is not null)
        {
            ledger.Close(ticket, FaultNames.Of(fault), bill: null);
            return Refused(error);
        }

        var made = work.Make(fault, chance);
        if (made.Error is { Charged: false } refused)
        {
            ledger.Close(ticket, made.Outcome, bill: null);
            return Refused(refused);
        }

        var bill = work.Settle(made);
        ledger.Close(ticket, made.Outcome, bill);
        if (made.Error is { } charged) return Refused(charged) with { Bill = bill };
        var number = $"{chance:x16}";
        return new LineReply(LineEnd.Done, work.Write(bill, chance, clock.GetUtcNow(), options.Latency).Body, null, number)
        {
            Bill = bill,
            Rows = work.Rows.Count,
            IsGood = made.Outcome == FaultNames.Of(SimulatorFault.None),
        };

        LineReply Refused(ErrorReply refusal) => LineReply.Refused(work.Dialect, refusal, work.Content) with { Rows = work.Rows.Count };
    }

    private async Task InsideAsync(HttpContext context, Work work)
    {
        try
        {
            await AdmitAsync(context, work);
        }
        finally
        {
            _room.Leave();
        }
    }

    private async Task AdmitAsync(HttpContext context, Work work)
    {
        var dialect = work.Dialect;
        if (Misfit(work) is { } misfit)
        {
            await replies.RefuseAsync(context, dialect, misfit);
            return;
        }

        if (Interlocked.Increment(ref _admitted) > options.MaxRequests)
        {
            await replies.RefuseAsync(context, dialect, dialect.QuotaExceeded() with { Outcome = "quota" });
            return;
        }

        var admission = _limits.Admit(work.Key, work.Model, dialect.Reserve(work.Prompt, work.Output, options.Reservation));
        if (admission.Refusal is { } refusal)
        {
            Interlocked.Decrement(ref _admitted);
            var error = refusal.Oversized ? dialect.TooLarge(work.Model, refusal) : dialect.RateLimited(work.Model, refusal);
            await replies.RefuseAsync(context, dialect, error, admission.Readings);
            return;
        }

        var (fault, chance) = _faults.Next(work.Content);
        var exchange = new Exchange(context, work, chance, admission, ledger.Accept(work.Model, work.Rows));
        if (!await InterruptAsync(exchange, fault)) await CompleteAsync(exchange, fault);
    }

    /// <summary>The faults in which the model does nothing; false when the request goes on.</summary>
    private async Task<bool> InterruptAsync(Exchange exchange, SimulatorFault fault)
    {
        var error = Interruption(exchange.Work, fault);
        if (error is null && fault is not (SimulatorFault.Drop or SimulatorFault.Hang)) return false;

        if (fault == SimulatorFault.Hang) await _room.StayAsync(exchange.Context, Timeout.InfiniteTimeSpan);
        // A refusal at the door counts as never made; a failure behind it costs the request, but no tokens.
        if (error?.Status is 401 or 403 or 429) exchange.Reservation.Cancel();
        else exchange.Reservation.Settle(default, bill: null);
        ledger.Close(exchange.Ticket, FaultNames.Of(fault), bill: null);
        if (error is null) exchange.Context.Abort();
        else await replies.SendAsync(exchange.Context, exchange.Work.Dialect, error, exchange.Limits);
        return true;
    }

    private ErrorReply? Misfit(Work work) => work.Dialect.ChecksModel && options.KnownModels?.Contains(work.Model, StringComparer.Ordinal) == false
        ? work.Dialect.UnknownModel(work.Model)
        : work.Misfit();

    /// <summary>The refusal that a fault puts in the place of the model's work; null when it does not.</summary>
    private ErrorReply? Interruption(Work work, SimulatorFault fault)
    {
        var (dialect, model) = (work.Dialect, work.Model);
        return fault switch
        {
            SimulatorFault.Http429 => dialect.RateLimited(model, Invented()),
            SimulatorFault.Quota => dialect.QuotaExceeded(),
            SimulatorFault.Http498 => dialect.OutOfCapacity(),
            SimulatorFault.Http500 => dialect.ServerError(),
            SimulatorFault.Http503 => dialect.Overloaded(),
            SimulatorFault.GoogleDayLimit => dialect.DayUsedUp(model, options.RequestsPerDay ?? 20),
            SimulatorFault.GoogleNoAllowance => dialect.NoAllowance(model),
            SimulatorFault.RetryAfterDate => dialect.Limited($"{clock.GetUtcNow() + TimeSpan.FromSeconds(30):r}"),
            SimulatorFault.RetryAfterGarbage => dialect.Limited("soon"),
            SimulatorFault.RetryAfterYear => dialect.Limited("31536000"),
            SimulatorFault.SpendCap => dialect.SpendCap(),
            SimulatorFault.BadKey => dialect.WrongKey(work.Key),
            SimulatorFault.Cloudflare1010 => ErrorReply.TurnedAway,
            SimulatorFault.MemoryOld => dialect.OutOfMemory(old: true),
            SimulatorFault.MemoryNew => dialect.OutOfMemory(old: false),
            _ => null,
        };
    }

    private async Task CompleteAsync(Exchange exchange, SimulatorFault fault)
    {
        var (context, work) = (exchange.Context, exchange.Work);
        var made = work.Make(fault, exchange.Chance);
        var latency = options.Latency + options.LatencyJitter * Mix.Unit(Mix.With(exchange.Chance, 3));
        var end = await _room.WorkAsync(context, latency);
        if (end == WorkEnd.LeftQueue)
        {
            exchange.Reservation.Settle(default, bill: null);
            ledger.Close(exchange.Ticket, "client_gone", bill: null);
            context.Abort();
            return;
        }

        if (made.Error is { Charged: false } refused && end == WorkEnd.Done)
        {
            exchange.Reservation.Settle(default, bill: null);
            ledger.Close(exchange.Ticket, made.Outcome, bill: null);
            await replies.SendAsync(context, work.Dialect, refused, exchange.Limits);
            return;
        }

        var bill = work.Settle(made);
        var free = work.Dialect.CachedTokensAreFree ? bill.Cached : 0;
        exchange.Reservation.Settle(work.Dialect.Count(bill.Prompt - free, bill.Output), bill);
        // What was begun is charged for, whether the client waited or not.
        ledger.Close(exchange.Ticket, end == WorkEnd.Done ? made.Outcome : "client_gone", bill);
        batches.Online(work.Question, work.Rows);
        if (end != WorkEnd.Done)
        {
            context.Abort();
            return;
        }

        if (made.Error is { } error)
        {
            await replies.SendAsync(context, work.Dialect, error, exchange.Limits);
            return;
        }

        var (body, contentType) = work.Write(bill, exchange.Chance, clock.GetUtcNow(), latency);
        await replies.SendAsync(context, work.Dialect, 200, contentType, body, exchange.Limits);
    }

    /// <summary>The limit that an injected 429 tells of: one request must wait for its place.</summary>
    private Refusal Invented()
    {
        var limit = options.RequestsPerMinute ?? 60;
        return new Refusal(Dimension.RequestsPerMinute, limit, limit, 1, TimeSpan.FromMinutes(1) / limit, Oversized: false);
    }

    /// <summary>One accepted request on its way through.</summary>
    private sealed record Exchange(HttpContext Context, Work Work, ulong Chance, Admission Admission, LedgerTicket Ticket)
    {
        public LimitGate.Reservation Reservation => Admission.Reservation!;

        public IReadOnlyList<BucketReading> Limits => Admission.Readings;
    }
}
