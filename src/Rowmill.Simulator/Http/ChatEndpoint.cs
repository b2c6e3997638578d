using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>A chat in any dialect.</summary>
internal sealed class ChatEndpoint(SimulatorOptions options, TimeProvider clock, Dialect main, Desk desk)
{
    /// <summary>Output tokens reserved when the request names no limit.</summary>
    private const int UnnamedOutput = 1024;

    private readonly CompletionMaker _model = new(options);
    private readonly PrefixCache _prefixes = new(clock, main.CacheFromTokens);

    private SimulatorOptions Options => options;

    public void Reset() => _prefixes.Reset();

    public Task HandleAsync(HttpContext context, Dialect dialect, Place place, string key) =>
        desk.ServeAsync(context, dialect, () => ReadAsync(context, dialect, place, key));

    private async Task<(Work? Work, ErrorReply? Error)> ReadAsync(HttpContext context, Dialect dialect, Place place, string key)
    {
        var type = context.Request.ContentType;
        if (dialect.WantsJsonContentType && !RequestBody.Is(type, "application/json")) return (null, dialect.BadContentType(type ?? ""));
        return Read(dialect, place, key, await RequestBody.ReadAsync(context));
    }

    /// <summary>The work that a body asks for, or its first mistake.</summary>
    public (Work? Work, ErrorReply? Error) Read(Dialect dialect, Place place, string key, ReadOnlyMemory<byte> body)
    {
        var read = JsonBody.Read(body, static (root, to) => to.dialect.Chat.Read(root, to.place), (dialect, place));
        var (request, error) = read ?? (null, dialect.BadJson());
        if (request?.Form.Kind is { } form && Options.RefusedForms.Contains(form)) return (null, dialect.RefusedForm(request.Model, form));
        return request is null ? (null, error) : (new ChatWork(this, dialect, key, request, Mix.Hash(body.Span)), null);
    }

    private sealed class ChatWork : Work
    {
        private readonly ChatEndpoint _at;
        private readonly ChatRequest _request;
        private readonly int _whole;
        private readonly int? _room;
        private Completion? _completion;

        public ChatWork(ChatEndpoint at, Dialect dialect, string key, ChatRequest request, ulong content)
            : base(dialect, key, content)
        {
            (_at, _request, _whole) = (at, request, request.PromptTokens);
            _room = request.ContextTokens ?? at.Options.ContextTokens;
            var rows = RowFinder.Find(request.LastUser);
            var excess = _room is { } room && request.CutsLongPrompt ? _whole - room : 0;
            Rows = excess > 0 ? LastThatFit(rows, excess) : rows;
            Prompt = _whole - Math.Max(0, excess);
        }

        public override string Model => _request.Model;

        public override int Prompt { get; }

        public override int Output => _request.MaxTokens is > 0 ? _request.MaxTokens.Value : UnnamedOutput;

        public override IReadOnlyList<AskedRow> Rows { get; }

        public override ulong Question => Mix.With(Mix.Hash(_request.System), _request.Model);

        public override ErrorReply? Misfit()
        {
            var options = _at.Options;
            if (_request.ContextTokens > options.MemoryTokens) return Dialect.OutOfMemory(options.OldServer);
            return !_request.CutsLongPrompt && _room is { } room && !Dialect.Fits(_request, _whole, room)
                ? Dialect.ContextExceeded(_request, room, _whole)
                : null;
        }

        public override Made Make(SimulatorFault fault, ulong chance)
        {
            var generation = _at._model.Make(Dialect, _request, Rows, fault, Content, chance);
            _completion = generation.Completion;
            var choices = _request.Choices;
            return new Made(generation.Error, generation.OutputTokens * choices, generation.Thoughts * choices, generation.Outcome);
        }

        public override Bill Settle(Made made)
        {
            var bill = base.Settle(made);
            if (!_at.Options.PromptCache) return bill;
            var (read, written) = _at._prefixes.Look(Key, _request);
            _at._prefixes.Remember(Key, _request);
            read = Math.Min(Prompt, read);
            return bill with { Cached = read, Written = _request.Cache.Asked ? Math.Min(Prompt - read, written) : 0 };
        }

        public override (ReadOnlyMemory<byte> Body, string ContentType) Write(Bill bill, ulong chance, DateTimeOffset at, TimeSpan took) =>
            (Dialect.Chat.Write(new Spoken(_request, _completion!, bill, $"{chance:x16}", at, took)), Dialect.Chat.ContentType(_request));

        /// <summary>Ollama keeps the end of a prompt that is too long.</summary>
        private static IReadOnlyList<AskedRow> LastThatFit(IReadOnlyList<AskedRow> rows, int excessTokens)
        {
            var excess = excessTokens * 4L;
            var gone = 0;
            while (gone < rows.Count && excess > 0) excess -= rows[gone++].Canonical.Length;
            return [.. rows.Skip(gone)];
        }
    }
}
