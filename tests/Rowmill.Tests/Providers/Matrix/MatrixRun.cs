using System.Text;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Providers;
using Rowmill.Simulator;
using Rowmill.Tests.Runs;
using Rowmill.Tests.Stores;

namespace Rowmill.Tests.Providers.Matrix;

/// <summary>The songs job over a client of ours against one simulator: the engine's waits cost nothing, the wire is real.</summary>
internal sealed class MatrixRun : IAsyncDisposable
{
    public const int Songs = 24;
    private const int Pack = 6;
    private const string Key = "sk-a-secret-of-twenty-four";

    private readonly TempFolder _folder = new();
    private readonly EagerClock _clock = new();
    private readonly MemoryStore _store;
    private readonly MatrixService _service;
    private readonly SimulatorServer _server;

    private MatrixRun(MatrixService service, SimulatorServer server)
    {
        (_service, _server) = (service, server);
        _store = new MemoryStore(_clock);
    }

    public SimulatorServer Server => _server;

    /// <summary>Starts the service; the key is checked.</summary>
    public static async Task<MatrixRun> StartAsync(MatrixService service, SimulatorOptions? options = null) =>
        new(service, await SimulatorServer.StartAsync((options ?? new()) with { Dialect = service.Dialect, ApiKey = Key }, TimeProvider.System));

    /// <summary>Runs the job as a process of its own would, but for what calibrations remember.</summary>
    public async Task<RunSummary> RunAsync(ICalibrationStore? calibrations = null, bool fresh = false)
    {
        // Run ids begin with the time.
        _clock.Advance(TimeSpan.FromSeconds(1));
        var impatient = new Impatient(_server);
        using var handler = new SocketsHttpHandler();
        impatient.InnerHandler = handler;
        var route = _service.To(_server);
        var client = ModelClients.Create(route, new ApiKeys(_ => Key), impatient.Clock, impatient);
        var environment = new RunEnvironment
        {
            Answers = _store.Answers,
            Calls = _store.Calls,
            Leases = _store.Lease,
            Events = _store.Events,
            Runs = _store.Runs,
            Batches = _store.Batches,
            Windows = new MemoryWindowStore(_clock),
            Calibrations = calibrations ?? new MemoryCalibrationStore(),
            WindowOwner = r => ValueTask.FromResult(new WindowOwner(r.Provider, r.BaseUrl, "matrix", r.Model)),
            Client = _ => client,
            Owner = LeaseOwner.Current(),
            StoreName = "memory",
            Clock = _clock,
            Chance = () => 0.5,
        };
        var summary = await new JobRunner(environment)
            .RunAsync(Job(route), new RunOptions { Limit = Songs, Fresh = fresh }, new RunWorld.Recorder(), default, default)
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        // A request given up here is still being noticed there.
        while (_server.Stats.InFlight > 0) await Task.Yield();
        return summary;
    }

    /// <summary>The output's rows, each by its columns' names.</summary>
    public async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> RowsAsync()
    {
        var rows = new List<IReadOnlyDictionary<string, string>>();
        var source = RowSources.Open(new SourceOptions { Kind = SourceKind.Csv, Path = _folder.File("out.csv"), Name = "out.csv" });
        await foreach (var row in source.ReadAsync(TestContext.Current.CancellationToken))
            rows.Add(row.Columns.Names.Select((name, i) => (name, Value: Encoding.UTF8.GetString(row[i]))).ToDictionary(c => c.name, c => c.Value, StringComparer.Ordinal));
        return [.. rows.Take(Songs)];
    }

    public async Task<IReadOnlyList<CallRecord>> CallsAsync()
    {
        var calls = new List<CallRecord>();
        await foreach (var call in _store.Calls.ReadAsync(new CallQuery("songs"), TestContext.Current.CancellationToken)) calls.Add(call);
        return calls;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private Job Job(Route route)
    {
        var job = Truth.Job();
        return job with { Routes = [route], PackRows = Pack, Output = job.Output with { Path = _folder.File("out.csv") } };
    }
}
