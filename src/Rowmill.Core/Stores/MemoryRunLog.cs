using System.Text.Json.Nodes;

namespace Rowmill.Core.Stores;

internal sealed class MemoryRunLog : IRunLog
{
    private readonly Lock _gate = new();
    private readonly List<RunRecord> _runs = [];

    public ValueTask SaveAsync(RunRecord run, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var at = _runs.FindIndex(r => r.RunId == run.RunId);
            if (at < 0) _runs.Add(Copy(run));
            else _runs[at] = Copy(run);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<RunRecord?> LastAsync(string job, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            RunRecord? last = null;
            foreach (var run in _runs)
            {
                if (run.Job == job && (last is null || run.StartedAt >= last.StartedAt)) last = run;
            }

            return ValueTask.FromResult(last is null ? null : Copy(last));
        }
    }

    private static RunRecord Copy(RunRecord run) => run with { Summary = (JsonObject?)run.Summary?.DeepClone() };
}
