using System.Collections.Concurrent;
using Rowmill.Core.Models;

namespace Rowmill.Core.Stores;

/// <summary>Calibrations of one process, forgotten when it ends.</summary>
public sealed class MemoryCalibrationStore : ICalibrationStore
{
    private readonly ConcurrentDictionary<(string Route, string Question), UsageMoments> _all = [];

    /// <inheritdoc/>
    public ValueTask<UsageMoments> ReadAsync(string route, string? question, CancellationToken cancellationToken = default) =>
        new(_all.Where(e => e.Key.Route == route && (question is null || e.Key.Question == question))
            .Aggregate(default(UsageMoments), (sum, e) => sum + e.Value));

    /// <inheritdoc/>
    public ValueTask AddAsync(string route, string question, UsageMoments seen, CancellationToken cancellationToken = default)
    {
        if (!seen.IsSound) return ValueTask.CompletedTask;
        _all.AddOrUpdate((route, question), default(UsageMoments).Then(seen), (_, known) => known.Then(seen));
        return ValueTask.CompletedTask;
    }
}
