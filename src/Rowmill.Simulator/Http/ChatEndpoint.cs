using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Faults;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>A chat in any dialect: checks, admits, lets the model write, settles, replies.</summary>
internal sealed class ChatEndpoint
{
    /// <summary>Output tokens reserved when the request names no limit.</summary>
    private const int UnnamedOutput = 1024;

    private readonly SimulatorOptions _options;
    private readonly TimeProvider _clock;
    private readonly RequestLedger _ledger;
    private readonly Replies _replies;
    private readonly WorkRoom _room;
    private readonly CompletionMaker _model;
    private readonly LimitGate _limits;
    private readonly FaultPlan _faults;
    private readonly PrefixCache _prefixes;
    private long _admitted;

    public ChatEndpoint(
        SimulatorOptions options, TimeProvider clock, Dialect main, RequestLedger ledger, Replies replies, CancellationToken stopping)
    {
        _options = options;
        _clock = clock;
        _ledger = ledger;
        _replies = replies;
        _room = new WorkRoom(options, clock, stopping);
        _model = new CompletionMaker(options);
        _limits = new LimitGate(options, clock, main.CalendarDays);
        _faults = new FaultPlan(options);
        _prefixes = new PrefixCache(clock, main.CacheFromTokens);
    }

    /// <summary>What each key has taken of each model.</summary>
    public IReadOnlyList<AccountStats> Accounts => _limits.Accounts();

    public void Reset()
    {
        _limits.Reset();
        _faults.Reset();
        _prefixes.Reset();
        Interlocked.Exchange(ref _admitted, 0);
    }

    public async Task HandleAsync(HttpContext context, Dialect dialect, Place place, string key)
    {
        _ledger.Began();
        try
        {
            if (dialect.WantsJsonContentType && !RequestBody.Is(context.Request.ContentType, "application/json"))
            {
                await _replies.RefuseAsync(context, dialect, dialect.BadContentType(context.Request.ContentType ?? ""));
                return;
            }

            var body = await RequestBody.ReadAsync(context);
            var read = JsonBody.Read(body, static (root, to) => to.dialect.Chat.Read(root, to.place), (dialect, place));
            var (request, error) = read ?? (null, dialect.BadJson());
            if (request is null) await _replies.RefuseAsync(context, dialect, error!);
            else if (!_room.TryEnter()) await _replies.RefuseAsync(context, dialect, dialect.Overloaded() with { Outcome = "overloaded" });
            else await InsideAsync(context, dialect, key, request, Mix.Hash(body.Span));
        }
        finally
        {
            _ledger.Left();
        }
    }

    private async Task InsideAsync(HttpContext context, Dialect dialect, string key, ChatRequest request, ulong content)
    {
        try
        {
            await AdmitAsync(context, dialect, key, request, content);
        }
        finally
        {
            _room.Leave();
        }
    }

    private async Task AdmitAsync(HttpContext context, Dialect dialect, string key, ChatRequest request, ulong content)
    {
        var rows = RowFinder.Find(request.LastUser);
        var prompt = request.PromptTokens;
        if (Misfit(dialect, request, prompt) is { } misfit)
        {
            await _replies.RefuseAsync(context, dialect, misfit);
            return;
        }

        if (Room(request) is { } room && prompt > room)
        {
            rows = LastThatFit(rows, prompt - room);
            prompt = room;
        }

        if (Interlocked.Increment(ref _admitted) > _options.MaxRequests)
        {
            await _replies.RefuseAsync(context, dialect, dialect.QuotaExceeded() with { Outcome = "quota" });
            return;
        }

        var output = request.MaxTokens is > 0 ? request.MaxTokens.Value : UnnamedOutput;
        var admission = _limits.Admit(key, request.Model, dialect.Reserve(prompt, output, _options.Reservation));
        if (admission.Refusal is { } refusal)
        {
            Interlocked.Decrement(ref _admitted);
            var error = refusal.Oversized ? dialect.TooLarge(request.Model, refusal) : dialect.RateLimited(request.Model, refusal);
            await _replies.RefuseAsync(context, dialect, error, admission.Readings);
            return;
        }

        var (fault, chance) = _faults.Next(content);
        var ticket = _ledger.Accept(request.Model, rows);
        var exchange = new Exchange(context, dialect, key, request, rows, prompt, content, chance, admission, ticket);
        if (!await InterruptAsync(exchange, fault)) await CompleteAsync(exchange, fault);
    }

    /// <summary>Why the model cannot take a request, whatever the limits; null when it can.</summary>
    private ErrorReply? Misfit(Dialect dialect, ChatRequest request, int prompt)
    {
        if (dialect.ChecksModel && _options.KnownModels?.Contains(request.Model, StringComparer.Ordinal) == false)
        {
            return dialect.UnknownModel(request.Model);
        }

        if (request.ContextTokens > _options.MemoryTokens) return dialect.OutOfMemory(_options.OldServer);
        return !request.CutsLongPrompt && Room(request) is { } room && !dialect.Fits(request, prompt, room)
            ? dialect.ContextExceeded(request, room, prompt)
            : null;
    }

    private int? Room(ChatRequest request) => request.ContextTokens ?? _options.ContextTokens;

    /// <summary>The faults in which the model writes nothing; false when the request goes on.</summary>
    private async Task<bool> InterruptAsync(Exchange exchange, SimulatorFault fault)
    {
        var (dialect, model) = (exchange.Dialect, exchange.Request.Model);
        ErrorReply? error = fault switch
        {
            SimulatorFault.Http429 => dialect.RateLimited(model, Invented()),
            SimulatorFault.Quota => dialect.QuotaExceeded(),
            SimulatorFault.Http498 => dialect.OutOfCapacity(),
            SimulatorFault.Http500 => dialect.ServerError(),
            SimulatorFault.Http503 => dialect.Overloaded(),
            SimulatorFault.GoogleDayLimit => dialect.DayUsedUp(model, _options.RequestsPerDay ?? 20),
            SimulatorFault.GoogleNoAllowance => dialect.NoAllowance(model),
            SimulatorFault.RetryAfterDate => dialect.Limited($"{_clock.GetUtcNow() + TimeSpan.FromSeconds(30):r}"),
            SimulatorFault.RetryAfterGarbage => dialect.Limited("soon"),
            SimulatorFault.RetryAfterYear => dialect.Limited("31536000"),
            SimulatorFault.SpendCap => dialect.SpendCap(),
            SimulatorFault.BadKey => dialect.WrongKey(exchange.Key),
            SimulatorFault.Cloudflare1010 => ErrorReply.TurnedAway,
            SimulatorFault.MemoryOld => dialect.OutOfMemory(old: true),
            SimulatorFault.MemoryNew => dialect.OutOfMemory(old: false),
            _ => null,
        };
        if (error is null && fault is not (SimulatorFault.Drop or SimulatorFault.Hang)) return false;

        if (fault == SimulatorFault.Hang) await _room.StayAsync(exchange.Context, Timeout.InfiniteTimeSpan);
        // A refusal at the door counts as never made; a failure behind it costs the request, but no tokens.
        if (error?.Status is 401 or 403 or 429) exchange.Reservation.Cancel();
        else exchange.Reservation.Settle(default, bill: null);
        _ledger.Close(exchange.Ticket, FaultNames.Of(fault), bill: null);
        if (error is null) exchange.Context.Abort();
        else await _replies.SendAsync(exchange.Context, dialect, error, exchange.Limits);
        return true;
    }

    private async Task CompleteAsync(Exchange exchange, SimulatorFault fault)
    {
        var (context, dialect, request) = (exchange.Context, exchange.Dialect, exchange.Request);
        var generation = _model.Make(dialect, request, exchange.Rows, fault, exchange.Content, exchange.Chance);
        var latency = _options.Latency + _options.LatencyJitter * Mix.Unit(Mix.With(exchange.Chance, 3));
        var end = await _room.WorkAsync(context, latency);
        if (end == WorkEnd.LeftQueue)
        {
            exchange.Reservation.Settle(default, bill: null);
            _ledger.Close(exchange.Ticket, "client_gone", bill: null);
            context.Abort();
            return;
        }

        var bill = Settle(exchange, generation);
        // What was begun is charged for, whether the client waited or not.
        _ledger.Close(exchange.Ticket, end == WorkEnd.Done ? generation.Outcome : "client_gone", bill);
        if (end != WorkEnd.Done)
        {
            context.Abort();
            return;
        }

        if (generation.Error is { } error)
        {
            await _replies.SendAsync(context, dialect, error, exchange.Limits);
            return;
        }

        var body = dialect.Chat.Write(new Spoken(request, generation.Completion, bill, $"{exchange.Chance:x16}", _clock.GetUtcNow(), latency));
        await _replies.SendAsync(context, dialect, 200, dialect.Chat.ContentType(request), body, exchange.Limits);
    }

    /// <summary>Gives back what was reserved and not used, and says what the request costs.</summary>
    private Bill Settle(Exchange exchange, Generation generation)
    {
        var (dialect, request) = (exchange.Dialect, exchange.Request);
        var (cached, written) = _options.PromptCache ? _prefixes.Look(exchange.Key, request) : default;
        cached = Math.Min(exchange.Prompt, cached);
        if (_options.PromptCache) _prefixes.Remember(exchange.Key, request);
        var bill = new Bill(
            exchange.Prompt,
            cached,
            generation.OutputTokens * request.Choices,
            generation.Thoughts * request.Choices,
            request.Cache.Asked ? Math.Min(exchange.Prompt - cached, written) : 0);
        exchange.Reservation.Settle(dialect.Count(bill.Prompt - (dialect.CachedTokensAreFree ? cached : 0), bill.Output), bill);
        return bill;
    }

    /// <summary>The limit that an injected 429 tells of: one request must wait for its place.</summary>
    private Refusal Invented()
    {
        var limit = _options.RequestsPerMinute ?? 60;
        return new Refusal(Dimension.RequestsPerMinute, limit, limit, 1, TimeSpan.FromMinutes(1) / limit, Oversized: false);
    }

    /// <summary>Ollama keeps the end of a prompt that is too long.</summary>
    private static IReadOnlyList<AskedRow> LastThatFit(IReadOnlyList<AskedRow> rows, int excessTokens)
    {
        var excess = excessTokens * 4L;
        var gone = 0;
        while (gone < rows.Count && excess > 0) excess -= rows[gone++].Canonical.Length;
        return [.. rows.Skip(gone)];
    }

    /// <summary>One accepted request on its way through.</summary>
    private sealed record Exchange(
        HttpContext Context,
        Dialect Dialect,
        string Key,
        ChatRequest Request,
        IReadOnlyList<AskedRow> Rows,
        int Prompt,
        ulong Content,
        ulong Chance,
        Admission Admission,
        LedgerTicket Ticket)
    {
        public LimitGate.Reservation Reservation => Admission.Reservation!;

        public IReadOnlyList<BucketReading> Limits => Admission.Readings;
    }
}
