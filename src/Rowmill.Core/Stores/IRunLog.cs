using System.Text.Json.Nodes;

namespace Rowmill.Core.Stores;

/// <summary>One execution of a job.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Job">The job.</param>
/// <param name="Identity">Fingerprint of question and routes: differs after an edit that leaves stored answers unused.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it runs or when it was killed.</param>
/// <param name="Summary">The <c>--json</c> summary; null until it ended.</param>
public sealed record RunRecord(
    string RunId, string Job, string Identity, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, JsonObject? Summary);

/// <summary>Port: the runs of every job.</summary>
public interface IRunLog
{
    /// <summary>Stores a run, new or changed.</summary>
    ValueTask SaveAsync(RunRecord run, CancellationToken cancellationToken = default);

    /// <summary>The job's newest run, or null.</summary>
    ValueTask<RunRecord?> LastAsync(string job, CancellationToken cancellationToken = default);
}
