using System.Runtime.CompilerServices;
using Rowmill.Core.Jobs;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>
/// A run that goes on by itself, and what can be watched of it. Rows and events are read from the store: any number of readers, at any
/// pace, from the beginning each time; a run waits for none of them.
/// </summary>
public sealed class StartedRun
{
    private readonly Pulse _stored = new();
    private readonly RunOptions _options;
    private readonly RunEnvironment _environment;
    private readonly FollowedEvents _events;
    private readonly TaskCompletionSource<(OpenedJob Job, string RunId)> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _ended;

    private StartedRun(RunEnvironment environment, RunOptions options)
    {
        _options = options;
        _events = new FollowedEvents(environment.Events, _stored);
        _environment = environment with
        {
            Events = _events,
            Passed = moment =>
            {
                environment.Passed?.Invoke(moment);
                if (moment == Transition.OutcomeStored) _stored.Beat();
            },
        };
    }

    /// <summary>How the run ends; fails as <see cref="JobRunner.RunAsync(Job, RunOptions, IRunObserver?, CancellationToken, CancellationToken)"/> does.</summary>
    public Task<RunSummary> Completion { get; private set; } = null!;

    /// <summary>Starts a run.</summary>
    /// <param name="environment">The ports, the clock and chance.</param>
    /// <param name="job">The job.</param>
    /// <param name="options">What this run does differently.</param>
    /// <param name="cancellationToken">Interrupts the run, which then ends in good order.</param>
    public static StartedRun Start(RunEnvironment environment, Job job, RunOptions options, CancellationToken cancellationToken = default)
    {
        var run = new StartedRun(environment, options);
        run.Completion = run.RunAsync(job, cancellationToken);
        return run;
    }

    /// <summary>Streams the rows that the run counts, in source order, each as soon as it has ended; those the run leaves pending, at its end.</summary>
    /// <exception cref="ProblemException">The job or its source is wrong.</exception>
    public async IAsyncEnumerable<(Row Row, RowVerdict Verdict)> RowsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (job, runId) = await _begun.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        var follower = new RowFollower(job, _environment.Answers, _options, runId, _stored, () => _ended);
        await foreach (var row in follower.RowsAsync(cancellationToken).ConfigureAwait(false)) yield return row;
    }

    /// <summary>Streams the run's events from the first on, until it has ended.</summary>
    /// <exception cref="ProblemException">The job or its source is wrong.</exception>
    public async IAsyncEnumerable<RunEvent> EventsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (_, runId) = await _begun.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var e in _events.FollowAsync(runId, () => _ended, cancellationToken).ConfigureAwait(false)) yield return e;
    }

    private async Task<RunSummary> RunAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            // The caller goes on at once, whatever a source does before it first waits.
            await Task.Yield();
            var opened = await OpenedJob.OpenAsync(job, _options.Model, cancellationToken).ConfigureAwait(false);
            var observer = new Beginning(runId => _begun.TrySetResult((opened, runId)));
            return await new JobRunner(_environment).RunAsync(opened, _options, observer, cancellationToken, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Readers learn of it as well, unless the run had begun: they read on to its end.
            if (e is OperationCanceledException cancelled) _begun.TrySetCanceled(cancelled.CancellationToken);
            else _begun.TrySetException(e);
            // Nobody has to read.
            _ = _begun.Task.Exception;
            throw;
        }
        finally
        {
            _ended = true;
            _stored.Beat();
        }
    }

    private sealed class Beginning(Action<string> begun) : IRunObserver
    {
        public void Started(string runId, Func<RunProgress> progress) => begun(runId);

        public void Happened(RunEvent e)
        {
            // Events are read from the log.
        }
    }
}
