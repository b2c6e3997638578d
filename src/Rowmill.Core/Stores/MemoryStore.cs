namespace Rowmill.Core.Stores;

/// <summary>All ports of a store in memory: for tests, and for a program that wants nothing kept. Safe for concurrent use.</summary>
public sealed class MemoryStore
{
    /// <summary>Creates an empty store.</summary>
    /// <param name="clock">The time.</param>
    public MemoryStore(TimeProvider clock)
        : this(clock, owner => owner.IsAlive())
    {
    }

    internal MemoryStore(TimeProvider clock, Func<LeaseOwner, bool?> isAlive)
    {
        var lease = new MemoryRunLease(clock, isAlive);
        var batches = new MemoryBatchStore(lease);
        var calls = new MemoryCallLedger(lease, batches);
        Lease = lease;
        Calls = calls;
        Answers = new MemoryAnswerStore(lease, calls);
        Events = new MemoryEventLog();
        Runs = new MemoryRunLog();
        Batches = batches;
    }

    /// <summary>The answers.</summary>
    public IAnswerStore Answers { get; }

    /// <summary>The calls.</summary>
    public ICallLedger Calls { get; }

    /// <summary>Who may run a job.</summary>
    public IRunLease Lease { get; }

    /// <summary>The events.</summary>
    public IEventLog Events { get; }

    /// <summary>The runs.</summary>
    public IRunLog Runs { get; }

    /// <summary>The batch jobs.</summary>
    public IBatchStore Batches { get; }
}
