using Microsoft.AspNetCore.Http;

namespace Rowmill.Simulator.Http;

/// <summary>How the work on a request ended.</summary>
internal enum WorkEnd
{
    /// <summary>It is done, and the client is still there.</summary>
    Done,

    /// <summary>The client went, or the server stops, while it was worked on.</summary>
    Left,

    /// <summary>The client went, or the server stops, before anybody had begun.</summary>
    LeftQueue,
}

/// <summary>Where requests are worked on: so many at once, the others in a queue, and none beyond what the room holds. Safe for concurrent use.</summary>
internal sealed class WorkRoom(SimulatorOptions options, TimeProvider clock, CancellationToken stopping)
{
    private readonly SemaphoreSlim? _places = options.Parallel is { } parallel ? new(parallel, parallel) : null;
    private int _inside;

    /// <summary>False when the room is full; otherwise <see cref="Leave"/> must follow.</summary>
    public bool TryEnter()
    {
        if (!(Interlocked.Increment(ref _inside) > options.MaxParallel)) return true;
        Interlocked.Decrement(ref _inside);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _inside);

    /// <summary>Waits for a place, and then as long as the work takes.</summary>
    public async Task<WorkEnd> WorkAsync(HttpContext context, TimeSpan latency)
    {
        if (_places is null) return await StayAsync(context, latency) ? WorkEnd.Done : WorkEnd.Left;
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping))
        {
            try
            {
                await _places.WaitAsync(either.Token);
            }
            catch (OperationCanceledException)
            {
                return WorkEnd.LeftQueue;
            }
        }

        try
        {
            return await StayAsync(context, latency) ? WorkEnd.Done : WorkEnd.Left;
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>False when the client went or the server stops before the time is over.</summary>
    public async Task<bool> StayAsync(HttpContext context, TimeSpan time)
    {
        if (time == TimeSpan.Zero) return true;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await Task.Delay(time, clock, either.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
