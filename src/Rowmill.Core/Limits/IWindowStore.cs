using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>Whose windows: every process of the user that uses the same account and model shares them.</summary>
/// <param name="Provider">Provider name.</param>
/// <param name="BaseUrl">Base address.</param>
/// <param name="Account">A name the job gives, or a salted fingerprint of the key; never the key.</param>
/// <param name="Model">Model name.</param>
public sealed record WindowOwner(string Provider, string BaseUrl, string Account, string Model);

/// <summary>What one request asks of the windows.</summary>
/// <param name="InputTokens">Prompt tokens.</param>
/// <param name="OutputTokens">Reply tokens: the limit when reserving, what was used when settling.</param>
public readonly record struct Demand(long InputTokens, long OutputTokens);

/// <summary>The answer to a reservation: how long. A limiter never sleeps.</summary>
/// <param name="Reservation">The reservation's number when it was made, otherwise null.</param>
/// <param name="Wait">How long until it could be made; zero when it was; <see cref="Timeout.InfiniteTimeSpan"/> when it never can.</param>
/// <param name="Window">The window that binds, such as <c>tokens_per_minute</c>; null when it was made.</param>
public sealed record WindowGrant(long? Reservation, TimeSpan Wait, string? Window);

/// <summary>One window as it stands.</summary>
/// <param name="Owner">Whose.</param>
/// <param name="Window">Such as <c>requests_per_day</c>.</param>
/// <param name="Limit">Capacity per span.</param>
/// <param name="Used">Used or reserved.</param>
/// <param name="FullAt">When it will be unused again if nothing else is asked.</param>
public sealed record WindowState(WindowOwner Owner, string Window, long Limit, double Used, DateTimeOffset FullAt);

/// <summary>Port: the limits' usage, shared by processes. Reserving is one atomic operation over all windows of a request.</summary>
public interface IWindowStore
{
    /// <summary>Reserves a request in every window that <paramref name="limits"/> name, or in none.</summary>
    ValueTask<WindowGrant> ReserveAsync(
        WindowOwner owner, RouteLimits limits, Demand demand, CancellationToken cancellationToken = default);

    /// <summary>Replaces what was reserved by what was used.</summary>
    ValueTask SettleAsync(long reservation, Demand used, CancellationToken cancellationToken = default);

    /// <summary>Gives a reservation back: the request did not leave, or was not counted.</summary>
    ValueTask ReleaseAsync(long reservation, CancellationToken cancellationToken = default);

    /// <summary>Every window known.</summary>
    ValueTask<IReadOnlyList<WindowState>> ReadAsync(CancellationToken cancellationToken = default);
}
