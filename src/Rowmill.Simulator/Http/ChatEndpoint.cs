using System.Buffers;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Faults;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Http;

/// <summary><c>POST /v1/chat/completions</c>: checks, admits, lets the model write, settles, replies.</summary>
internal sealed class ChatEndpoint
{
    /// <summary>Output tokens reserved when the request names no limit.</summary>
    private const int UnnamedOutput = 1024;

    private readonly SimulatorOptions _options;
    private readonly TimeProvider _clock;
    private readonly Dialect _dialect;
    private readonly RequestLedger _ledger;
    private readonly Replies _replies;
    private readonly WorkRoom _room;
    private readonly ChatRequestReader _reader;
    private readonly CompletionMaker _model;
    private readonly LimitGate _limits;
    private readonly FaultPlan _faults;
    private readonly PrefixCache _prefixes;
    private long _admitted;

    public ChatEndpoint(
        SimulatorOptions options, TimeProvider clock, Dialect dialect, RequestLedger ledger, Replies replies, CancellationToken stopping)
    {
        _options = options;
        _clock = clock;
        _dialect = dialect;
        _ledger = ledger;
        _replies = replies;
        _room = new WorkRoom(options, clock, stopping);
        var schemas = new SchemaLibrary();
        _reader = new ChatRequestReader(dialect, schemas);
        _model = new CompletionMaker(options, dialect, schemas);
        _limits = new LimitGate(options, clock);
        _faults = new FaultPlan(options);
        _prefixes = new PrefixCache(clock, dialect.CacheFromTokens);
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

    public async Task HandleAsync(HttpContext context, string key)
    {
        _ledger.Began();
        try
        {
            if (_dialect.WantsJsonContentType && !IsJson(context.Request.ContentType))
            {
                await _replies.RefuseAsync(context, _dialect.BadContentType(context.Request.ContentType ?? ""));
                return;
            }

            var body = await ReadAsync(context);
            var (request, error) = _reader.Read(body);
            if (request is null) await _replies.RefuseAsync(context, error!);
            else if (!_room.TryEnter()) await _replies.RefuseAsync(context, _dialect.Overloaded() with { Outcome = "overloaded" });
            else await InsideAsync(context, key, request, Mix.Hash(body.Span));
        }
        finally
        {
            _ledger.Left();
        }
    }

    private async Task InsideAsync(HttpContext context, string key, ChatRequest request, ulong content)
    {
        try
        {
            await AdmitAsync(context, key, request, content);
        }
        finally
        {
            _room.Leave();
        }
    }

    private async Task AdmitAsync(HttpContext context, string key, ChatRequest request, ulong content)
    {
        if (_options.KnownModels?.Contains(request.Model, StringComparer.Ordinal) == false)
        {
            await _replies.RefuseAsync(context, _dialect.UnknownModel(request.Model));
            return;
        }

        var rows = RowFinder.Find(request.LastUser);
        var prompt = request.PromptTokens;
        if (prompt > _options.ContextTokens)
        {
            if (!_dialect.CutsLongPrompts)
            {
                await _replies.RefuseAsync(context, _dialect.ContextExceeded(_options.ContextTokens.Value, prompt));
                return;
            }

            rows = LastThatFit(rows, prompt - _options.ContextTokens.Value);
            prompt = _options.ContextTokens.Value;
        }

        if (Interlocked.Increment(ref _admitted) > _options.MaxRequests)
        {
            await _replies.RefuseAsync(context, _dialect.QuotaExceeded() with { Outcome = "quota" });
            return;
        }

        var output = request.MaxTokens is > 0 ? request.MaxTokens.Value : UnnamedOutput;
        var wanted = _options.Reservation == TokenReservation.LargerOfBoth ? Math.Max(prompt, output) : (long)prompt + output;
        var admission = _limits.Admit(key, request.Model, new Claim(wanted, prompt, output));
        if (admission.Refusal is { } refusal)
        {
            Interlocked.Decrement(ref _admitted);
            var error = refusal.Oversized ? _dialect.TooLarge(request.Model, refusal) : _dialect.RateLimited(request.Model, refusal);
            await _replies.RefuseAsync(context, error, admission.Readings);
            return;
        }

        var (fault, chance) = _faults.Next(content);
        var exchange = new Exchange(context, key, request, rows, prompt, content, chance, admission, _ledger.Accept(request.Model, rows));
        if (!await InterruptAsync(exchange, fault)) await CompleteAsync(exchange, fault);
    }

    /// <summary>The faults in which the model writes nothing; false when the request goes on.</summary>
    private async Task<bool> InterruptAsync(Exchange exchange, SimulatorFault fault)
    {
        ErrorReply? error = fault switch
        {
            SimulatorFault.Http429 => _dialect.RateLimited(exchange.Request.Model, Invented()) with { Outcome = null },
            SimulatorFault.Quota => _dialect.QuotaExceeded(),
            SimulatorFault.Http498 => _dialect.OutOfCapacity(),
            SimulatorFault.Http500 => _dialect.ServerError(),
            SimulatorFault.Http503 => _dialect.Overloaded(),
            SimulatorFault.GoogleDayLimit => GoogleRefusal.DayUsedUp(exchange.Request.Model, _options.RequestsPerDay ?? 20),
            SimulatorFault.GoogleNoAllowance => GoogleRefusal.NoAllowance(exchange.Request.Model),
            SimulatorFault.RetryAfterDate => ErrorReply.Limited($"{_clock.GetUtcNow() + TimeSpan.FromSeconds(30):r}"),
            SimulatorFault.RetryAfterGarbage => ErrorReply.Limited("soon"),
            SimulatorFault.RetryAfterYear => ErrorReply.Limited("31536000"),
            _ => null,
        };
        if (error is null && fault is not (SimulatorFault.Drop or SimulatorFault.Hang)) return false;

        if (fault == SimulatorFault.Hang) await _room.StayAsync(exchange.Context, Timeout.InfiniteTimeSpan);
        // A refusal at the door counts as never made; a failure behind it costs the request, but no tokens.
        if (error?.Status == 429) exchange.Reservation.Cancel();
        else exchange.Reservation.Settle(default, bill: null);
        _ledger.Close(exchange.Ticket, FaultNames.Of(fault), bill: null);
        if (error is null) exchange.Context.Abort();
        else await _replies.SendAsync(exchange.Context, error, exchange.Limits);
        return true;
    }

    private async Task CompleteAsync(Exchange exchange, SimulatorFault fault)
    {
        var (context, request) = (exchange.Context, exchange.Request);
        var generation = _model.Make(request, exchange.Rows, fault, exchange.Content, exchange.Chance);
        var latency = _options.Latency + _options.LatencyJitter * Mix.Unit(Mix.With(exchange.Chance, 3));
        var end = await _room.WorkAsync(context, latency);
        if (end == WorkEnd.LeftQueue)
        {
            exchange.Reservation.Settle(default, bill: null);
            _ledger.Close(exchange.Ticket, "client_gone", bill: null);
            context.Abort();
            return;
        }

        var cached = _options.PromptCache ? Math.Min(exchange.Prompt, _prefixes.CachedTokens(exchange.Key, request)) : 0;
        var bill = new Bill(exchange.Prompt, cached, generation.OutputTokens * request.Choices);
        if (_options.PromptCache) _prefixes.Remember(exchange.Key, request);
        var counted = bill.Prompt - (_dialect.CachedTokensAreFree ? cached : 0);
        exchange.Reservation.Settle(new Claim(counted + bill.Output, counted, bill.Output), bill);
        // What was begun is charged for, whether the client waited or not.
        _ledger.Close(exchange.Ticket, end == WorkEnd.Done ? generation.Outcome : "client_gone", bill);
        if (end != WorkEnd.Done)
        {
            context.Abort();
            return;
        }

        if (generation.Error is { } error)
        {
            await _replies.SendAsync(context, error, exchange.Limits);
            return;
        }

        var body = CompletionBody.Write(
            _dialect, request, generation.Completion!, bill, $"{exchange.Chance:x16}", _clock.GetUtcNow().ToUnixTimeSeconds(), latency);
        await _replies.SendAsync(context, 200, "application/json", body, exchange.Limits);
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

    private static bool IsJson(string? contentType)
    {
        var type = (contentType ?? "").AsSpan();
        var end = type.IndexOf(';');
        return (end < 0 ? type : type[..end]).Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>One accepted request on its way through.</summary>
    private sealed record Exchange(
        HttpContext Context,
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
