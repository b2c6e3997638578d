namespace Rowmill.Core.Runs;

/// <summary>Why a run stops before its rows are done. The first reason counts.</summary>
/// <param name="State">How the run will have ended.</param>
/// <param name="Message">One sentence for a person.</param>
internal sealed record StopReason(RunState State, string Message)
{
    /// <summary>When the next call would fit.</summary>
    public DateTimeOffset? ResumeAt { get; init; }

    /// <summary>What the request may take that a window keeps back until then; null when no window does.</summary>
    public Limits.Demand? Waits { get; init; }

    /// <summary>True when the person has to mend something.</summary>
    public bool UserError { get; init; }

    /// <summary>A service refused the key, the model or the account: what it says, and where to look.</summary>
    public static StopReason Refused(Models.Route route, Models.ModelFailure failure) => new(RunState.Refused, $"{route.Name} refused: {failure.Message}" + failure.Kind switch
    {
        Models.FailureKind.KeyRefused when route.ApiKeyEnv is { } variable => $"; the key is what {variable} holds",
        Models.FailureKind.ModelRefused => $"; rowmill models --provider {route.Provider} lists what there is",
        _ => "",
    });
}

/// <summary>Stops a run: nothing new leaves; what is in flight may finish, until it is abandoned.</summary>
internal sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abandon = new();
    private StopReason? _reason;

    /// <summary>Why; null while the run goes on.</summary>
    public StopReason? Reason => Volatile.Read(ref _reason);

    /// <summary>Cancelled when nothing new may leave.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Cancelled when what is in flight is to be given up.</summary>
    public CancellationToken Abandoning => _abandon.Token;

    /// <summary>Asks for the stop.</summary>
    /// <returns>True when this reason is the one that counts.</returns>
    public bool Request(StopReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null) return false;
        _stop.Cancel();
        return true;
    }

    /// <summary>Gives up what is in flight.</summary>
    public void Abandon()
    {
        try
        {
            _abandon.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The grace ended together with the run: nothing is in flight any more.
        }
    }

    /// <summary>Gives up what is in flight after a while.</summary>
    public void AbandonAfter(TimeSpan grace, TimeProvider clock) =>
        _grace ??= clock.CreateTimer(_ => Abandon(), null, grace, Timeout.InfiniteTimeSpan);

    private ITimer? _grace;

    public void Dispose()
    {
        _grace?.Dispose();
        _stop.Dispose();
        _abandon.Dispose();
    }
}
