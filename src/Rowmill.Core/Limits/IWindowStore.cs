using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>Whose windows: every process of the user that uses the same account and model shares them.</summary>
/// <param name="Provider">Provider name.</param>
/// <param name="BaseUrl">Base address.</param>
/// <param name="Account">A name the job gives, or <see cref="IWindowStore.FingerprintAsync"/> of the key; never the key.</param>
/// <param name="Model">Model name.</param>
public sealed record WindowOwner(string Provider, string BaseUrl, string Account, string Model);

/// <summary>What one request may take; which of it counts where is the provider's policy, see <see cref="Reservations"/>.</summary>
/// <param name="InputTokens">Prompt tokens, estimated so that the service's own count is not larger.</param>
/// <param name="OutputTokens">The most tokens the reply may take.</param>
public readonly record struct Demand(long InputTokens, long OutputTokens);

/// <summary>One request that wants to leave.</summary>
/// <param name="Owner">Whose windows it counts in.</param>
/// <param name="Limits">The limits the job gives; the windows they name bind this request.</param>
/// <param name="Demand">What it may take.</param>
public sealed record WindowRequest(WindowOwner Owner, RouteLimits Limits, Demand Demand)
{
    /// <summary>
    /// How long the caller would wait. A request refused for no longer than this keeps a place: those that come later pass only
    /// where they leave it its room. Zero, the default, only asks.
    /// </summary>
    public TimeSpan Patience { get; init; }

    /// <summary>The place an earlier refusal of this same request gave it; null the first time.</summary>
    public long? Place { get; init; }
}

/// <summary>The answer to a reservation: how long. A limiter never sleeps.</summary>
/// <param name="Reservation">The reservation's number when it was made, otherwise null.</param>
/// <param name="Wait">How long until it could be made; zero when it was; <see cref="Timeout.InfiniteTimeSpan"/> when it never can.</param>
/// <param name="Window">The window that binds, such as <c>tokens_per_minute</c>; null when it was made.</param>
public sealed record WindowGrant(long? Reservation, TimeSpan Wait, string? Window)
{
    /// <summary>
    /// The place kept for the request: ask again with it once <see cref="Wait"/> is over (earlier does no harm), or give it back with
    /// <see cref="IWindowStore.ReleaseAsync"/>. Null when the wait is longer than the caller's patience.
    /// </summary>
    public long? Place { get; init; }

    /// <summary>True when waiting does not help: the request is larger than the window.</summary>
    public bool NeverFits => Wait == Timeout.InfiniteTimeSpan;
}

/// <summary>How a request that left ended.</summary>
/// <param name="Used">Tokens as the service counted them; null when it did not say: then what was reserved stays charged.</param>
public sealed record WindowSettlement(TokenUsage? Used);

/// <summary>One window as it stands.</summary>
/// <param name="Owner">Whose.</param>
/// <param name="Window">Such as <c>requests_per_day</c>.</param>
/// <param name="Limit">Per span.</param>
/// <param name="Used">Used or reserved, and not yet refilled; more than the limit when requests took more than they reserved.</param>
/// <param name="FullAt">When it will be unused again if nothing else is asked.</param>
public sealed record WindowState(WindowOwner Owner, string Window, long Limit, double Used, DateTimeOffset FullAt);

/// <summary>
/// Port: the limits' usage, shared by processes. Reserving is one atomic operation over all windows of a request. Safe for
/// concurrent use. A route whose limits name no window needs no call.
/// </summary>
public interface IWindowStore
{
    /// <summary>Reserves a request in every window that its limits name, or in none.</summary>
    ValueTask<WindowGrant> ReserveAsync(WindowRequest request, CancellationToken cancellationToken = default);

    /// <summary>Replaces what was reserved by what was used. A number that is not outstanding is ignored.</summary>
    ValueTask SettleAsync(long reservation, WindowSettlement settlement, CancellationToken cancellationToken = default);

    /// <summary>
    /// Gives a reservation back (the request did not leave, or was not counted), or a place (nobody waits any more). A number that is
    /// not outstanding is ignored.
    /// </summary>
    ValueTask ReleaseAsync(long number, CancellationToken cancellationToken = default);

    /// <summary>Every window known, ordered by provider, model, base address, account and window.</summary>
    ValueTask<IReadOnlyList<WindowState>> ReadAsync(CancellationToken cancellationToken = default);

    /// <summary>Names an account by its key: 16 hex digits, the same for all who share these windows and for nobody else.</summary>
    ValueTask<string> FingerprintAsync(string key, CancellationToken cancellationToken = default);
}
