using Rowmill.Core.Limits;

namespace Rowmill.Tests.Limits;

/// <summary>One window of a store, without its owner.</summary>
internal sealed record WindowLine(string Window, long Limit, double Used, DateTimeOffset FullAt);

internal static class WindowReading
{
    /// <summary>The windows of all owners, one after another.</summary>
    public static async Task<IReadOnlyList<WindowLine>> LinesAsync(this IWindowStore store) =>
        [.. (await store.ReadAsync(TestContext.Current.CancellationToken))
            .SelectMany(o => o.Windows)
            .Select(w => new WindowLine(w.Window.Spec.Name, w.Window.Spec.Limit, w.Window.Usage.Used, w.FullAt))];
}
