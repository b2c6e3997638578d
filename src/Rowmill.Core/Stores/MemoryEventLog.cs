using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Rowmill.Core.Stores;

internal sealed class MemoryEventLog : IEventLog
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SortedList<long, RunEvent>> _runs = new(StringComparer.Ordinal);

    public ValueTask AppendAsync(RunEvent e, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (!_runs.TryGetValue(e.RunId, out var events)) _runs.Add(e.RunId, events = []);
            if (!events.TryAdd(e.Number, e with { Data = (JsonObject)e.Data.DeepClone() }))
                throw new InvalidOperationException($"run {e.RunId} already has an event {e.Number}");
        }

        return ValueTask.CompletedTask;
    }

    public async IAsyncEnumerable<RunEvent> ReadAsync(
        string runId, long after, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        RunEvent[] events;
        lock (_gate) events = _runs.TryGetValue(runId, out var all) ? [.. all.Values.Where(e => e.Number > after)] : [];
        foreach (var e in events)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return e with { Data = (JsonObject)e.Data.DeepClone() };
        }
    }
}
