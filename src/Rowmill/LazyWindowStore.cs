using Rowmill.Core.Limits;

namespace Rowmill;

/// <summary>Opens the limits' file only when a route has windows to keep.</summary>
internal sealed class LazyWindowStore(Func<IWindowStore> store) : IWindowStore
{
    public ValueTask<WindowGrant> ReserveAsync(WindowRequest request, CancellationToken cancellationToken = default) =>
        store().ReserveAsync(request, cancellationToken);

    public ValueTask SettleAsync(long reservation, WindowSettlement settlement, CancellationToken cancellationToken = default) =>
        store().SettleAsync(reservation, settlement, cancellationToken);

    public ValueTask ReleaseAsync(long number, CancellationToken cancellationToken = default) => store().ReleaseAsync(number, cancellationToken);

    public ValueTask<IReadOnlyList<WindowState>> ReadAsync(CancellationToken cancellationToken = default) => store().ReadAsync(cancellationToken);

    public ValueTask<string> FingerprintAsync(string key, CancellationToken cancellationToken = default) =>
        store().FingerprintAsync(key, cancellationToken);
}
