namespace Rowmill.Core.Runs;

/// <summary>Wakes everybody who waits, each time it beats. Whoever takes <see cref="Next"/> before a look misses nothing that comes after it.</summary>
internal sealed class Pulse
{
    private TaskCompletionSource _next = Create();

    /// <summary>Completes with the next beat.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Beats.</summary>
    public void Beat() => Interlocked.Exchange(ref _next, Create()).SetResult();

    private static TaskCompletionSource Create() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
