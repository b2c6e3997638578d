namespace Rowmill.Core.Runs;

/// <summary>Permits for the requests of one route in flight, as many as its level says at the moment; served in order of arrival.</summary>
/// <param name="level">How many there are.</param>
internal sealed class RouteSlots(Func<int> level)
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private TaskCompletionSource _freed = NewSource();
    private int _taken;

    /// <summary>Completes when a permit comes free that nobody waits for.</summary>
    public Task Freed
    {
        get
        {
            lock (_gate) return _freed.Task;
        }
    }

    /// <summary>Takes a permit if one is free.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            if (_taken >= level()) return false;
            _taken++;
            return true;
        }
    }

    /// <summary>Waits for a permit.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource turn;
        lock (_gate)
        {
            if (_waiting.Count == 0 && _taken < level())
            {
                _taken++;
                return;
            }

            _waiting.Enqueue(turn = NewSource());
        }

        using (cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken)))
            await turn.Task.ConfigureAwait(false);
    }

    /// <summary>Gives a permit back.</summary>
    public void Release()
    {
        lock (_gate) _taken--;
        Serve();
    }

    /// <summary>Lets those in who wait and for whom there is a permit now.</summary>
    public void Serve()
    {
        lock (_gate)
        {
            // One that was cancelled takes none.
            while (_taken < level() && _waiting.TryDequeue(out var next))
                if (next.TrySetResult()) _taken++;
            if (_taken >= level()) return;
            _freed.TrySetResult();
            _freed = NewSource();
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
