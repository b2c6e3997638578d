using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>Whose windows: every process of the user that uses the same account and model shares them.</summary>
/// <param name="Provider">Provider name.</param>
/// <param name="BaseUrl">Base address.</param>
/// <param name="Account">A name the job gives, or <see cref="IWindowStore.FingerprintAsync"/> of the key; never the key.</param>
/// <param name="Model">Model name.</param>
public sealed record WindowOwner(string Provider, string BaseUrl, string Account, string Model)
{
    /// <summary>The account of a service that wants no key.</summary>
    public const string NoKey = "no key";

    /// <summary>Somebody who uses a route, whatever the account.</summary>
    public static WindowOwner Anybody(Route route) => new(route.Provider, route.BaseUrl, "", route.Model);
}

/// <summary>What one request may take; which of it counts where is the provider's policy, see <see cref="Reservations"/>.</summary>
/// <param name="InputTokens">Prompt tokens, estimated so that the service's own count is not larger.</param>
/// <param name="OutputTokens">The most tokens the reply may take.</param>
public readonly record struct Demand(long InputTokens, long OutputTokens)
{
    /// <summary>The reply tokens it will probably take: what stays charged when its process dies; null for <see cref="OutputTokens"/>.</summary>
    public long? ExpectedOutputTokens { get; init; }

    /// <summary>True when it may take fewer tokens than another, in all or of one kind, and more of none.</summary>
    public bool IsLessThan(Demand other) =>
        InputTokens <= other.InputTokens && OutputTokens <= other.OutputTokens && InputTokens + OutputTokens < other.InputTokens + other.OutputTokens;
}

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

    /// <summary>The hold that binds; null when a window does.</summary>
    public WindowHold? Hold { get; init; }

    /// <summary>True when waiting does not help: the request is larger than the window.</summary>
    public bool NeverFits => Wait == Timeout.InfiniteTimeSpan;
}

/// <summary>How a request that left ended.</summary>
/// <param name="Used">Tokens as the service counted them; null when it did not say: then what was reserved stays charged.</param>
public sealed record WindowSettlement(TokenUsage? Used)
{
    /// <summary>False when the service refused the request and did not count it: what it reserved is given back.</summary>
    public bool Counted { get; init; } = true;

    /// <summary>What the service said of its windows: it corrects what is known of them, in both directions.</summary>
    public IReadOnlyList<LimitReading> Readings { get; init; } = [];

    /// <summary>
    /// The wait that a refusal named without naming a window. One of at most a minute is taken for the minute's window of requests, if
    /// that is known: some services enforce it by the second. A longer one is for <see cref="IWindowStore.HoldAsync"/>.
    /// </summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>A service told to stay away, without naming a window.</summary>
/// <param name="Until">Until when.</param>
/// <param name="Reason">Its words, in one line.</param>
public sealed record WindowHold(DateTimeOffset Until, string Reason);

/// <summary>Where a window's limit comes from.</summary>
public enum WindowSource
{
    /// <summary>The job, or a preset that it names.</summary>
    Job,

    /// <summary>The service told it.</summary>
    Learned,
}

/// <summary>One window as it stands.</summary>
/// <param name="Window">Its limit and its usage at the instant of reading.</param>
/// <param name="Source">Where the limit comes from.</param>
/// <param name="FullAt">When it will be unused again if nothing else is asked.</param>
public sealed record WindowState(UsedWindow Window, WindowSource Source, DateTimeOffset FullAt)
{
    /// <summary>When the service last told its limit; null when it did not.</summary>
    public DateTimeOffset? LearnedAt { get; init; }
}

/// <summary>All windows of one owner.</summary>
/// <param name="Owner">Whose.</param>
/// <param name="Windows">Ordered by name.</param>
/// <param name="Hold">A hold that has not been lifted; null when there is none.</param>
public sealed record OwnerState(WindowOwner Owner, IReadOnlyList<WindowState> Windows, WindowHold? Hold)
{
    /// <summary>Its queue of batch jobs; null when nothing is in it and no limit is known.</summary>
    public QueueState? Queue { get; init; }
}

/// <summary>A batch job that wants to be sent: it takes room in the service's queue until it is over.</summary>
/// <param name="Owner">Whose queue.</param>
/// <param name="Limits">The limits the job gives.</param>
/// <param name="Batch">Our own name of the batch.</param>
/// <param name="Tokens">The tokens it takes there.</param>
/// <param name="Until">When the service will surely have given it up: should nobody come back to tell its end, its room is free then.</param>
public sealed record QueueRequest(WindowOwner Owner, RouteLimits Limits, string Batch, long Tokens, DateTimeOffset Until);

/// <summary>A service's queue of batch jobs as it stands.</summary>
/// <param name="Used">Tokens of the batches in it, as far as they were sent from here.</param>
/// <param name="Limit">What it takes; null when unknown. Of the job's and the learned one the smaller.</param>
public sealed record QueueState(long Used, long? Limit)
{
    /// <summary>True when the batch that was asked for is in it.</summary>
    public bool Granted { get; init; }

    /// <summary>Batches in it.</summary>
    public int Batches { get; init; }

    /// <summary>Where the limit comes from; null when there is none.</summary>
    public WindowSource? Source { get; init; }
}

/// <summary>What would bind a request at one instant: the windows that the job names and those that were learned.</summary>
/// <param name="At">The instant.</param>
/// <param name="Windows">The windows with their usage at that instant; empty when none is known.</param>
/// <param name="Hold">A hold that has not been lifted.</param>
public sealed record WindowSnapshot(DateTimeOffset At, IReadOnlyList<UsedWindow> Windows, WindowHold? Hold)
{
    /// <summary>The windows that limits name, all unused: of an account that nothing is known of.</summary>
    public static WindowSnapshot Unused(RouteLimits limits, WindowOwner owner) =>
        new(default, [.. WindowSpec.Of(limits, owner).Select(s => new UsedWindow(s, default))], null);

    /// <summary>True when a request to this owner must be reserved.</summary>
    public bool Binds => Windows.Count > 0 || Hold is not null;

    /// <summary>The long-run rates of these windows and the most that one request may reserve.</summary>
    public RouteRates Rates => WindowRates.Of(Windows);
}

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

    /// <summary>Takes note of what the service said of its windows with a request that was not reserved.</summary>
    /// <param name="owner">Whose windows.</param>
    /// <param name="readings">What it said.</param>
    /// <param name="sentAt">When the request left.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask ObserveAsync(
        WindowOwner owner, IReadOnlyList<LimitReading> readings, DateTimeOffset sentAt, CancellationToken cancellationToken = default);

    /// <summary>
    /// Keeps everybody away until an instant. Afterwards one request goes first; the others wait for what comes of it. A settlement of a
    /// request reserved after the hold began lifts it. No hold is believed for longer than a day.
    /// </summary>
    ValueTask HoldAsync(WindowOwner owner, WindowHold hold, CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes room for a batch in the service's queue, when it fits with those that are in it; the limit may be unknown. What is taken outlives the process
    /// and is shared like every window. A batch that is in it already stays as it is.
    /// </summary>
    ValueTask<QueueState> EnqueueAsync(QueueRequest request, CancellationToken cancellationToken = default);

    /// <summary>Gives a batch's room back: it is over, or was not taken. One that is not in the queue is ignored.</summary>
    ValueTask DequeueAsync(WindowOwner owner, string batch, CancellationToken cancellationToken = default);

    /// <summary>The service told what its queue takes.</summary>
    ValueTask LearnQueueAsync(WindowOwner owner, long limit, CancellationToken cancellationToken = default);

    /// <summary>The queue as it stands.</summary>
    ValueTask<QueueState> QueueAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default);

    /// <summary>What would bind a request with these limits now.</summary>
    ValueTask<WindowSnapshot> SnapshotAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default);

    /// <summary>Every owner's windows, ordered by provider, model, base address and account.</summary>
    ValueTask<IReadOnlyList<OwnerState>> ReadAsync(CancellationToken cancellationToken = default);

    /// <summary>Names an account by its key: 16 hex digits, the same for all who share these windows and for nobody else.</summary>
    ValueTask<string> FingerprintAsync(string key, CancellationToken cancellationToken = default);
}
