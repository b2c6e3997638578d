using System.Collections.Concurrent;
using Rowmill.Core.Models;

namespace Rowmill.Core.Stores;

/// <summary>Calibrations of one process, forgotten when it ends.</summary>
public sealed class MemoryCalibrationStore : ICalibrationStore
{
    private readonly ConcurrentDictionary<(string Route, string Question), UsageMoments> _all = [];
    private readonly ConcurrentDictionary<(string Route, string Question, int RowTokens), int> _sizes = [];

    private readonly ConcurrentDictionary<string, StructuredOutput> _forms = [];

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

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LearnedPackSize>> SizesAsync(string route, string question, CancellationToken cancellationToken = default) =>
        new([.. _sizes.Where(e => e.Key.Route == route && e.Key.Question == question)
            .Select(e => new LearnedPackSize(e.Key.RowTokens, e.Value)).OrderBy(s => s.RowTokens)]);

    /// <inheritdoc/>
    public ValueTask SetSizeAsync(string route, string question, LearnedPackSize size, CancellationToken cancellationToken = default)
    {
        if (size.IsSound) _sizes[(route, question, size.RowTokens)] = size.Rows;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<StructuredOutput?> FormAsync(string route, CancellationToken cancellationToken = default) =>
        new(_forms.TryGetValue(route, out var form) ? form : null);

    /// <inheritdoc/>
    public ValueTask SetFormAsync(string route, StructuredOutput form, CancellationToken cancellationToken = default)
    {
        _forms[route] = form;
        return ValueTask.CompletedTask;
    }
}
