using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill;

/// <summary>Opens the limits' file only when something is asked of it or added.</summary>
internal sealed class LazyCalibrationStore(Func<ICalibrationStore> store) : ICalibrationStore
{
    public ValueTask<UsageMoments> ReadAsync(string route, string? question, CancellationToken cancellationToken = default) =>
        store().ReadAsync(route, question, cancellationToken);

    public ValueTask AddAsync(string route, string question, UsageMoments seen, CancellationToken cancellationToken = default) =>
        store().AddAsync(route, question, seen, cancellationToken);

    public ValueTask<IReadOnlyList<LearnedPackSize>> SizesAsync(string route, string question, CancellationToken cancellationToken = default) =>
        store().SizesAsync(route, question, cancellationToken);

    public ValueTask SetSizeAsync(string route, string question, LearnedPackSize size, CancellationToken cancellationToken = default) =>
        store().SetSizeAsync(route, question, size, cancellationToken);

    public ValueTask<StructuredOutput?> FormAsync(string route, CancellationToken cancellationToken = default) =>
        store().FormAsync(route, cancellationToken);

    public ValueTask SetFormAsync(string route, StructuredOutput form, CancellationToken cancellationToken = default) =>
        store().SetFormAsync(route, form, cancellationToken);
}
