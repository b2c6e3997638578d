using System.Globalization;

namespace Rowmill.Benchmarks.Limits;

/// <summary>
/// Runs asynchronous work on a virtual clock, which moves only when nothing is left to do at its instant.
/// </summary>
/// <remarks>
/// The thread pool has one worker, and the one who moves the clock is an item of that pool. While it runs nothing else does; when no
/// item is queued either, all work has come to rest in a wait for a timer. Nothing is guessed and nothing is waited for: there is no
/// other thread that could add work. The order of the items is the same each time, so the same seed gives the same ledger.
/// </remarks>
internal sealed class QuietPool : IThreadPoolWorkItem
{
    private readonly VirtualTime _clock;
    private readonly Task _work;
    private readonly DateTimeOffset _deadline;
    private readonly Action _overdue;
    private readonly ManualResetEventSlim _ended = new();
    private bool _late;
    private volatile bool _given;
    private string? _stuck;

    private QuietPool(VirtualTime clock, Task work, DateTimeOffset deadline, Action overdue) =>
        (_clock, _work, _deadline, _overdue) = (clock, work, deadline, overdue);

    /// <summary>Takes all workers but one from the thread pool; false when the process may not.</summary>
    public static bool TakePool()
    {
        ThreadPool.SetMinThreads(1, 1);
        return ThreadPool.SetMaxThreads(1, 1);
    }

    /// <summary>Runs work to its end.</summary>
    /// <param name="clock">The clock that the work uses, and no other.</param>
    /// <param name="work">The work.</param>
    /// <param name="deadline">When on that clock it is interrupted.</param>
    /// <param name="real">How long it may really take before it is interrupted.</param>
    /// <param name="interrupt">Interrupts it.</param>
    /// <exception cref="StuckException">It waits for something that no timer brings, or does not end when interrupted.</exception>
    public static T Run<T>(VirtualTime clock, Func<Task<T>> work, DateTimeOffset deadline, TimeSpan real, Action interrupt)
    {
        // The clock may move only once the work is there to be waited for.
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var task = Task.Run(async () =>
        {
            await start.Task.ConfigureAwait(false);
            return await work().ConfigureAwait(false);
        });
        var pool = new QuietPool(clock, task, deadline, interrupt);
        start.SetResult();
        ThreadPool.UnsafeQueueUserWorkItem(pool, preferLocal: false);
        if (!pool._ended.Wait(real))
        {
            interrupt();
            if (!pool._ended.Wait(TimeSpan.FromSeconds(5)))
            {
                pool._given = true;
                throw new StuckException($"no end after {real.TotalSeconds:0} s, the clock at {clock.GetUtcNow():O}");
            }
        }

        if (pool._stuck is { } stuck) throw new StuckException(stuck);
        return task.GetAwaiter().GetResult();
    }

    public void Execute()
    {
        if (_given) return;
        if (ThreadPool.PendingWorkItemCount == 0 && !Step())
        {
            _ended.Set();
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>The next thing that happens; false when nothing more does.</summary>
    private bool Step()
    {
        if (_work.IsCompleted) return false;
        if (_clock.Next is not { } next)
        {
            _stuck = string.Create(CultureInfo.InvariantCulture, $"the work waits for ever, from {_clock.GetUtcNow():O} on");
            return false;
        }

        if (next > _deadline && !_late)
        {
            _late = true;
            _overdue();
            return true;
        }

        _clock.FireNext();
        return true;
    }
}

/// <summary>A simulated run does not end.</summary>
internal sealed class StuckException(string message) : Exception(message);
