using System.Collections.Concurrent;
using Rowmill.Core;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Providers;
using Rowmill.Providers.Ollama;
using Rowmill.Storage.Limits;
using Rowmill.Storage.Sqlite;

namespace Rowmill;

/// <summary>The engine with its rooms wired: SQLite for answers and limits, HTTP clients for models.</summary>
public sealed class RowmillEngine : IAsyncDisposable
{
    /// <summary>A provider's full bucket starts to refill when the first request arrives there, not when it leaves here.</summary>
    private static readonly TimeSpan s_transit = WindowUsage.Skew;

    private readonly SqliteStore _store;
    private readonly ApiKeys _keys;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<Route, IEmbeddingClient> _embeddings = new();
    private readonly ConcurrentDictionary<Route, ITranscriptionClient> _transcriptions = new();
    private bool _disposed;
    private readonly Lazy<SqliteWindowStore> _windows;
    private readonly Lazy<SqliteCalibrationStore> _calibrations;

    private RowmillEngine(EngineOptions options, SqliteStore store)
    {
        _store = store;
        var keys = new ApiKeys(options.Variable);
        (_keys, _clock) = (keys, options.Clock);
        Local = new LocalServers(keys, options.Variable, options.Clock);
        var limitsPath = options.LimitsPath ?? LimitsFile.DefaultPath();
        _windows = new Lazy<SqliteWindowStore>(() => SqliteWindowStore.Open(limitsPath, options.Clock, s_transit));
        _calibrations = new Lazy<SqliteCalibrationStore>(() => SqliteCalibrationStore.Open(limitsPath, options.Clock));
        var clients = new ConcurrentDictionary<Route, IModelClient>();
        var batches = new ConcurrentDictionary<Route, IBatchClient?>();
        var batchFiles = new ConcurrentDictionary<Route, IBatchClient>();
        Environment = new RunEnvironment
        {
            Answers = store.Answers,
            Calls = store.Calls,
            Leases = store.Lease,
            Events = store.Events,
            Runs = store.Runs,
            Batches = store.Batches,
            BatchFolder = Path.Combine(Path.GetDirectoryName(options.StorePath)!, "batches"),
            Windows = new LazyWindowStore(() => _windows.Value),
            Calibrations = new LazyCalibrationStore(() => _calibrations.Value),
            WindowOwner = async route => new WindowOwner(
                route.Provider,
                route.BaseUrl,
                route.Limits.Account ?? await keys.AccountAsync(route, key => _windows.Value.FingerprintAsync(key)).ConfigureAwait(false) ?? WindowOwner.NoKey,
                route.Model),
            Client = route => clients.GetOrAdd(route, r => ModelClients.Create(r, keys, options.Clock)),
            BatchClient = route => batches.GetOrAdd(route, r => ModelClients.CreateBatch(r, keys, options.Clock)),
            BatchCaps = ModelClients.BatchCapsOf,
            BatchFiles = route => batchFiles.GetOrAdd(route, r => ModelClients.CreateBatchFiles(r, options.Clock)),
            ContextTokens = Local.ContextOf,
            Owner = LeaseOwner.Current(),
            StoreName = options.StorePath,
            Clock = options.Clock,
            Chance = options.Chance,
            Passed = options.Passed,
        };
        Runner = new JobRunner(Environment);
    }

    /// <summary>The ports, for those who read what runs left behind.</summary>
    public RunEnvironment Environment { get; }

    /// <summary>The servers on this machine and in its network that routes name.</summary>
    public LocalServers Local { get; }

    /// <summary>Runs jobs.</summary>
    public JobRunner Runner { get; }

    /// <summary>The client that makes vectors by a route.</summary>
    /// <exception cref="ProblemException">The route cannot be used, or its provider has no vectors.</exception>
    public IEmbeddingClient Embeddings(Route route) => _embeddings.GetOrAdd(route, r => ModelClients.CreateEmbeddings(r, _keys, _clock));

    /// <summary>The client that transcribes by a route.</summary>
    /// <exception cref="ProblemException">The route cannot be used, or its provider does not transcribe.</exception>
    public ITranscriptionClient Transcription(Route route) => _transcriptions.GetOrAdd(route, r => ModelClients.CreateTranscription(r, _keys, _clock));

    /// <summary>Opens the store, creating it where there is none.</summary>
    /// <exception cref="Core.Stores.StoreException">The store cannot be used.</exception>
    public static async Task<RowmillEngine> OpenAsync(EngineOptions options) =>
        new(options, await SqliteStore.OpenAsync(options.StorePath, options.Clock).ConfigureAwait(false));

    /// <summary>Everything that keeps a route from being used, its key above all.</summary>
    public static IReadOnlyList<Problem> Check(Route route, EngineOptions options) => ModelClients.Check(route, new ApiKeys(options.Variable));

    /// <summary>Puts everything on the disk and closes the files. Disposing again does nothing.</summary>
    /// <exception cref="Core.Stores.StoreException">The disk refused it; whoever wants to tell it disposes before the end of a block does.</exception>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        try
        {
            await _store.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            if (_windows.IsValueCreated) _windows.Value.Dispose();
            if (_calibrations.IsValueCreated) _calibrations.Value.Dispose();
        }
    }
}
