using System.Net;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Rowmill.Core;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Http;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator;

/// <summary>
/// A pretend provider: a real HTTP server on the loopback interface that answers chats without a model, with the limits,
/// the errors and the faults of the real ones. Everything about it follows from its options, its clock and the requests.
/// </summary>
public sealed class SimulatorServer : IAsyncDisposable
{
    private const long MaxBody = 256L * 1024 * 1024;

    private readonly CancellationTokenSource _stopping = new();
    private readonly Service _service;
    private readonly RequestLedger _ledger;
    private readonly Desk _desk;
    private readonly ChatEndpoint _chat;
    private readonly ShiftedClock _clock;
    private readonly BatchLedger _lines;
    private readonly FileRoom _files;
    private readonly BatchFaultPlan _batchFaults;
    private readonly BatchRoom _batches;
    private readonly KestrelServer _kestrel;
    private int _disposed;

    private SimulatorServer(SimulatorOptions options, TimeProvider real)
    {
        var clock = _clock = new ShiftedClock(real);
        Options = options;
        _service = Service.Of(options);
        _ledger = new RequestLedger(options.LedgerCapacity, clock);
        _lines = new BatchLedger(_ledger.KeepsRows);
        var replies = new Replies(options, clock, _ledger);
        _desk = new Desk(options, clock, _service.Main, _ledger, _lines, replies, _stopping.Token);
        _chat = new ChatEndpoint(options, clock, _service.Main, _desk);
        var info = new InfoEndpoint(options, clock, _ledger, replies, () => [.. _desk.Accounts.Select(a => a.Model).Distinct()]);
        _files = new FileRoom(clock);
        _batchFaults = new BatchFaultPlan(options);
        _batches = new BatchRoom(options, clock, _files, _batchFaults, new LineClerk(_chat, _desk, _lines).Answer);
        var batches = new BatchDesk(options, _files, _batches, _batchFaults, replies, _ledger);
        var endpoints = new Endpoints(_chat, new EmbedEndpoint(options, _desk), new SpeechEndpoint(options, _desk), info, batches);
        var controls = new Controls(_service.Main, replies, () => Stats, Reset, _clock, _batchFaults);
        Front = new HttpFront(options, _service, _ledger, replies, endpoints, controls);

        var server = new KestrelServerOptions { AddServerHeader = false };
        server.Limits.MaxRequestBodySize = MaxBody;
        server.Limits.MinRequestBodyDataRate = null;
        server.Limits.MinResponseDataRate = null;
        server.Listen(IPAddress.Loopback, options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        var transport = Microsoft.Extensions.Options.Options.Create(new SocketTransportOptions());
        var sockets = new SocketTransportFactory(transport, NullLoggerFactory.Instance);
        _kestrel = new KestrelServer(Microsoft.Extensions.Options.Options.Create(server), sockets, NullLoggerFactory.Instance);
    }

    /// <summary>What it was started with.</summary>
    public SimulatorOptions Options { get; }

    /// <summary>Where clients find it, as a job's <c>base_url</c> names it: <c>http://127.0.0.1:PORT/v1</c>, or the root where a client adds the rest.</summary>
    public Uri BaseAddress { get; private set; } = new("http://127.0.0.1/v1");

    /// <summary>What it has seen so far; each read is a new snapshot.</summary>
    public SimulatorStats Stats
    {
        get
        {
            // Batches answer their lines when they are looked at, so they are looked at first.
            var batches = _batches.Snapshot();
            return _lines.AddTo(_ledger.Snapshot()) with { Accounts = _desk.Accounts, Batches = batches };
        }
    }

    /// <summary>The newest accepted requests, oldest first, as many as <see cref="SimulatorOptions.LedgerCapacity"/> keeps.</summary>
    public IReadOnlyList<LedgerEntry> Ledger => _ledger.Entries();

    /// <summary>The folder of its files; null while there are none.</summary>
    internal string? Scratch => _files.Folder;

    private HttpFront Front { get; }

    /// <summary>Starts a simulator.</summary>
    /// <param name="options">What it is like.</param>
    /// <param name="clock">The clock of limits and latencies.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ProblemException">The options are wrong, or the port is taken; holds every problem.</exception>
    public static async Task<SimulatorServer> StartAsync(
        SimulatorOptions options, TimeProvider clock, CancellationToken cancellationToken = default)
    {
        var problems = options.Validate();
        if (problems.Count > 0) throw new ProblemException(problems);
        var server = new SimulatorServer(options, clock);
        try
        {
            await server._kestrel.StartAsync(server.Front, cancellationToken);
        }
        catch (IOException e)
        {
            await server.DisposeAsync();
            throw new ProblemException(new Problem(e.Message) { Key = "port", Fix = "Choose another one, or 0 for any free one." });
        }

        var address = server._kestrel.Features.Get<IServerAddressesFeature>()!.Addresses.First();
        server.BaseAddress = new Uri($"{address}{server._service.Main.BasePath}");
        return server;
    }

    /// <summary>How many of the ledger's requests held a row with this text, by the row's canonical JSON.</summary>
    public int TimesAsked(string text) => Ledger.Count(e => Holds(e, text));

    /// <summary>How many of the ledger's billed requests held a row with this text.</summary>
    public int TimesBilled(string text) => Ledger.Count(e => e.Billed && Holds(e, text));

    /// <summary>How many lines of batches with this custom id were billed; 0 where <see cref="SimulatorOptions.LedgerCapacity"/> keeps nothing.</summary>
    public int TimesLineBilled(string customId)
    {
        _batches.Snapshot();
        return _lines.TimesBilled(customId);
    }

    /// <summary>Pushes its clock forward, as <c>POST /clock</c> does: limits refill, batches go on, files expire.</summary>
    public void Advance(TimeSpan by) => _clock.Advance(by);

    /// <summary>Lets these faults of batches hold in the place of all others, as <c>POST /batch-faults</c> does.</summary>
    public void SetBatchFaults(params IReadOnlyList<SimulatorBatchFaultRule> rules) => _batchFaults.Set(rules);

    /// <summary>Forgets everything: statistics, ledger, limits, the script's place, cached prefixes, batches and files. The clock stays.</summary>
    public void Reset()
    {
        _batches.Reset();
        _service.Reset();
        _files.Reset();
        _batchFaults.Reset();
        _lines.Reset();
        _ledger.Reset();
        _desk.Reset();
        _chat.Reset();
    }

    /// <summary>Stops at once; requests in flight are cut off.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
        await _stopping.CancelAsync();
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _kestrel.StopAsync(now.Token);
        _kestrel.Dispose();
        _batches.Reset();
        _service.Reset();
        _files.Dispose();
        _stopping.Dispose();
    }

    private static bool Holds(LedgerEntry entry, string text) => entry.Rows.Any(r => r.Contains(text, StringComparison.Ordinal));
}
