using System.Text.Json.Nodes;

namespace Rowmill.Core.Stores;

/// <summary>Something that happened in a run. Numbered from 1 within the run, without gaps, so that it can be replayed.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Number">1-based number within the run.</param>
/// <param name="At">When.</param>
/// <param name="Kind">Such as <c>started</c>, <c>answered</c>, <c>waiting</c>, <c>completed</c>; snake_case.</param>
/// <param name="Data">What it says; never a prompt, a reply or a secret.</param>
public sealed record RunEvent(string RunId, long Number, DateTimeOffset At, string Kind, JsonObject Data);

/// <summary>Port: the events of every run.</summary>
public interface IEventLog
{
    /// <summary>Stores an event.</summary>
    ValueTask AppendAsync(RunEvent e, CancellationToken cancellationToken = default);

    /// <summary>Streams a run's events from a number on.</summary>
    IAsyncEnumerable<RunEvent> ReadAsync(string runId, long after, CancellationToken cancellationToken = default);
}
