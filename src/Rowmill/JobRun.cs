using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Rowmill.Core.Outputs;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Typed;

namespace Rowmill;

/// <summary>
/// A run of a job made in code, which goes on by itself. Rows and events are read from the store, so they can be read at any pace, by several
/// readers, together, one after the other, or not at all; each reads from the beginning.
/// </summary>
/// <typeparam name="TRow">The row's type.</typeparam>
/// <typeparam name="TAnswer">The answer's type.</typeparam>
public sealed class JobRun<TRow, TAnswer> : IAsyncDisposable
    where TRow : notnull
    where TAnswer : class
{
    private static readonly JsonTypeInfo<TAnswer> s_answer = (JsonTypeInfo<TAnswer>)TypedJson.Options.GetTypeInfo(typeof(TAnswer));

    private readonly CancellationTokenSource _stop;
    private readonly Task<Started> _started;
    private int _disposed;

    internal JobRun(RowmillService service, RowmillJob<TRow, TAnswer> job, RunOptions options, CancellationToken closing, CancellationToken cancellationToken)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(closing, cancellationToken);
        _started = StartAsync(service, job, options, _stop.Token);
        Completion = CompleteAsync();
    }

    /// <summary>
    /// The job's rows in their own order, each as soon as it has ended; when the run has ended, the rest as pending with the reason. They can be read
    /// after the run's end too, until it is disposed of.
    /// </summary>
    /// <remarks>Reading fails as <see cref="Completion"/> does.</remarks>
    public IAsyncEnumerable<RowResult<TRow, TAnswer>> Results => ReadAsync();

    /// <summary>Everything that happens in the run, from its start to its end: the events of <c>rowmill run --events</c>.</summary>
    /// <remarks>Reading fails as <see cref="Completion"/> does.</remarks>
    public IAsyncEnumerable<RunEvent> Events => ReadEventsAsync();

    /// <summary>
    /// How the run ended. A run that stopped at a limit, a budget, a refused key, or by the token has ended all the same, and says so in its summary.
    /// Fails with a <see cref="Core.ProblemException"/> when the job, its rows or a key is wrong, with an <see cref="AlreadyRunningException"/>
    /// when a job of its name already runs, with a <see cref="StoreException"/> when the store cannot be used; nothing was sent then. It is
    /// cancelled when the run was stopped before it had read its rows.
    /// </summary>
    public Task<RunSummary> Completion { get; }

    /// <summary>Stops the run if it still goes on, waits until everything is stored, and removes the copy of the rows.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
        await _stop.CancelAsync().ConfigureAwait(false);
        // How it ended is for Completion to tell.
        await ((Task)Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_started.IsCompletedSuccessfully) (await _started.ConfigureAwait(false)).Rows.Dispose();
        _stop.Dispose();
    }

    private static async Task<Started> StartAsync(
        RowmillService service, RowmillJob<TRow, TAnswer> job, RunOptions options, CancellationToken cancellationToken)
    {
        // The caller goes on at once, whatever its rows do before they first wait.
        await Task.Yield();
        var settings = job.Settings.By(service.Models);
        var schema = settings.Check(typeof(TAnswer));
        var environment = await service.EnvironmentAsync(settings.Routes, cancellationToken).ConfigureAwait(false);
        var rows = await RowSpool<TRow>.WriteAsync(job.Rows, service.Folder, cancellationToken).ConfigureAwait(false);
        try
        {
            return new Started(rows, StartedRun.Start(environment, settings.Job(job.Rows.Name, schema, rows.Path), options, cancellationToken));
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    private async Task<RunSummary> CompleteAsync() => await (await _started.ConfigureAwait(false)).Run.Completion.ConfigureAwait(false);

    private async IAsyncEnumerable<RowResult<TRow, TAnswer>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        var (rows, run) = await _started.WaitAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var (row, verdict) in run.RowsAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return new RowResult<TRow, TAnswer>(row.Index, rows.Restore(row), verdict.Status)
            {
                Answer = verdict.Status == RowStatus.Answered ? JsonSerializer.Deserialize(verdict.Answer.Span, s_answer) : null,
                // A row is pending only when the run has ended without it.
                Reason = verdict.Status == RowStatus.Pending ? (await Completion.ConfigureAwait(false)).Message ?? "it was not asked" : verdict.Error,
                FromCache = verdict.FromCache,
            };
        }

        // The output is written, or the reader is told why there is no end.
        await Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async IAsyncEnumerable<RunEvent> ReadEventsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (_, run) = await _started.WaitAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var e in run.EventsAsync(cancellationToken).ConfigureAwait(false)) yield return e;
        await Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private sealed record Started(RowSpool<TRow> Rows, StartedRun Run);
}
