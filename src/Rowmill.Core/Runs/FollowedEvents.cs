using System.Runtime.CompilerServices;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>A log that tells, with a beat, that an event can be read in it.</summary>
internal sealed class FollowedEvents(IEventLog log, Pulse stored) : IEventLog
{
    public async ValueTask AppendAsync(RunEvent e, CancellationToken cancellationToken = default)
    {
        await log.AppendAsync(e, cancellationToken).ConfigureAwait(false);
        stored.Beat();
    }

    public IAsyncEnumerable<RunEvent> ReadAsync(string runId, long after, CancellationToken cancellationToken = default) =>
        log.ReadAsync(runId, after, cancellationToken);

    /// <summary>Streams a run's events from the first on, and each later one once it is stored, until the run has ended.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="ended">Whether nothing more will be stored.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    public async IAsyncEnumerable<RunEvent> FollowAsync(
        string runId, Func<bool> ended, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        long after = 0;
        while (true)
        {
            var (next, last) = (stored.Next, ended());
            await foreach (var e in log.ReadAsync(runId, after, cancellationToken).ConfigureAwait(false))
            {
                after = e.Number;
                yield return e;
            }

            if (last) yield break;
            await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
