using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Rowmill.Chat;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Typed;

namespace Rowmill;

/// <summary>
/// Rowmill in an application: runs jobs made in code and lends its models as chat clients. One instance serves everything in the process;
/// safe for concurrent use. Its store is opened when it is first used.
/// </summary>
public sealed partial class RowmillService : IAsyncDisposable
{
    private readonly EngineOptions _options;
    private readonly Func<Route, IModelClient?>? _client;
    private readonly Lazy<ModelTables> _models;
    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _work = [];
    private RowmillEngine? _engine;
    private MeteredCalls? _calls;
    private bool _disposed;

    /// <summary>Creates the service; nothing is opened yet.</summary>
    /// <param name="options">Where it keeps things; what is changed in them later does not count. Null for the defaults.</param>
    public RowmillService(RowmillOptions? options = null)
    {
        options ??= new RowmillOptions();
        _options = options.Engine();
        _client = options.Client;
        var models = options.ModelsPath is { } path ? Path.GetFullPath(path) : ModelTables.DefaultPath(_options.Variable);
        _models = new Lazy<ModelTables>(() => ModelTables.Load(models));
    }

    /// <summary>
    /// Runs a job, or goes on with it: what the store answers is not asked again. Nothing happens before the first row is awaited. Rows come in their own
    /// order, each as soon as it has ended, from the store: a slow loop neither holds the run up nor fills the memory. When the loop has ended, the
    /// run has; when it is left early, or cancelled, the run is stopped in good order first, and everything paid for is stored.
    /// </summary>
    /// <param name="job">The job.</param>
    /// <param name="options">What this run does differently; null for nothing.</param>
    /// <param name="cancellationToken">Stops the run, and then the loop by an <see cref="OperationCanceledException"/>.</param>
    /// <returns>Every row. A run that stops at a limit, a budget or a refused key leaves the rest pending, with the reason; it is no exception.</returns>
    /// <exception cref="Core.ProblemException">The job, its rows or a key is wrong; nothing was sent.</exception>
    /// <exception cref="AlreadyRunningException">A job of this name already runs; nothing was sent.</exception>
    /// <exception cref="Core.Stores.StoreException">The store cannot be used.</exception>
    public async IAsyncEnumerable<RowResult<TRow, TAnswer>> RunAsync<TRow, TAnswer>(
        RowmillJob<TRow, TAnswer> job, RunOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where TRow : notnull
        where TAnswer : class
    {
        var run = Start(job, options, cancellationToken);
        await using var stopping = run.ConfigureAwait(false);
        await foreach (var row in run.Results.WithCancellation(cancellationToken).ConfigureAwait(false)) yield return row;
        // An interrupted run gives what it has; this loop was to give all.
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Starts a run that goes on by itself, to watch its events and its end besides its rows. Dispose of it: that stops it if it still runs.</summary>
    /// <param name="job">The job.</param>
    /// <param name="options">What this run does differently; null for nothing.</param>
    /// <param name="cancellationToken">Stops the run in good order: what is in flight may finish within seconds, everything is stored.</param>
    public JobRun<TRow, TAnswer> Start<TRow, TAnswer>(
        RowmillJob<TRow, TAnswer> job, RunOptions? options = null, CancellationToken cancellationToken = default)
        where TRow : notnull
        where TAnswer : class
    {
        ArgumentNullException.ThrowIfNull(job);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var run = new JobRun<TRow, TAnswer>(this, job, options ?? new RunOptions(), _stopping.Token, cancellationToken);
            Keep(run.Completion);
            return run;
        }
    }

    /// <summary>
    /// A model as a chat client: its calls go through the windows of its limits and into the ledger, like a job's, under the name
    /// <c>single-requests</c>. It waits up to two minutes for a limit or a service that is down. It takes text only, streams by giving the whole reply
    /// at once, and tells a failure as <see cref="ModelCallException"/>.
    /// </summary>
    /// <param name="name"><c>provider/model</c>, such as <c>groq/openai/gpt-oss-20b</c>.</param>
    /// <param name="limits">The name of a preset such as <c>groq-free</c>; null for none.</param>
    /// <param name="change">Changes what is known of the model: address, limits, price, timeout.</param>
    /// <exception cref="Core.ProblemException">There is no such provider or preset, or the user's table of models is wrong.</exception>
    public IChatClient AsChatClient(string name, string? limits = null, Func<Route, Route>? change = null) =>
        new RouteChatClient(RouteText.Read(name, limits, change, Models), AskAsync);

    /// <summary>The engine below, its store open: for jobs of job files, for plans, exports and the ledger. It stays the service's to close.</summary>
    /// <exception cref="Core.Stores.StoreException">The store cannot be used.</exception>
    public async ValueTask<RowmillEngine> EngineAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Volatile.Read(ref _engine) is { } open) return open;
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_engine is null) Volatile.Write(ref _engine, await RowmillEngine.OpenAsync(_options).ConfigureAwait(false));
            return _engine!;
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Stops what still runs, puts everything on the disk and closes the store.</summary>
    /// <exception cref="Core.Stores.StoreException">The disk refused it.</exception>
    public async ValueTask DisposeAsync()
    {
        Task[] work;
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            work = [.. _work];
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        // How each ended is told elsewhere.
        await Task.WhenAll(work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _opening.WaitAsync().ConfigureAwait(false);
        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            _opening.Release();
            _stopping.Dispose();
        }
    }

    /// <summary>What is known of models, the user's own file first.</summary>
    /// <exception cref="Core.ProblemException">Everything that is wrong with that file.</exception>
    internal ModelTables Models => _models.Value;

    /// <summary>The folder of the store: rows of a run stand there too.</summary>
    internal string Folder => Path.GetDirectoryName(_options.StorePath)!;

    /// <summary>The engine's environment with the clients of the caller's own.</summary>
    internal async ValueTask<RunEnvironment> EnvironmentAsync(IReadOnlyList<JobRoute> routes, CancellationToken cancellationToken)
    {
        var environment = (await EngineAsync(cancellationToken).ConfigureAwait(false)).Environment;
        var own = routes.Where(r => r.Client is not null).ToDictionary(r => r.Route, IModelClient (r) => new ChatModelClient(r.Route, r.Client!, environment.Clock));
        return own.Count == 0 && _client is null ? environment
            : environment with { Client = route => own.GetValueOrDefault(route) ?? _client?.Invoke(route) ?? environment.Client(route) };
    }

    private async ValueTask CloseAsync()
    {
        try
        {
            if (_calls is not null) await _calls.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            if (_engine is not null) await _engine.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>What still goes on; the store stays open for it. What has ended is forgotten.</summary>
    private void Keep(Task work)
    {
        _work.RemoveWhere(w => w.IsCompleted);
        _work.Add(work);
    }
}
