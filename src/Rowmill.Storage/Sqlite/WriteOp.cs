using System.Threading.Tasks.Sources;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite;

/// <summary>
/// Something to be written: queued by a caller, executed by the writer's thread in a transaction with others, completed after
/// its commit. It is its caller's task, so that a write costs one allocation.
/// </summary>
internal abstract class WriteOp : IValueTaskSource<long>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<long> _core = new() { RunContinuationsAsynchronously = true };

    /// <summary>The lease that must not have been lost; null for writes of no run.</summary>
    public virtual Lease? Lease => null;

    /// <summary>True when its caller must not go on before it is on the disk; a commit that a kill cannot undo will do otherwise.</summary>
    public virtual bool IsSynchronous => false;

    /// <summary>The lease was lost, or another refusal of this write alone.</summary>
    public Exception? Refusal { get; set; }

    /// <summary>What the caller receives.</summary>
    public long Result { get; protected set; }

    /// <summary>Executes within a transaction, perhaps again in another when that one fails. To refuse, it changes nothing and
    /// sets <see cref="Refusal"/>; what it throws ends the transaction.</summary>
    public abstract void Execute(WriteSession session);

    /// <summary>The transaction has been committed; runs on the writer's thread before the caller goes on.</summary>
    public virtual void Committed(WriteSession session)
    {
    }

    /// <summary>The last thing that happens to it on the writer's thread, whatever came of it.</summary>
    protected virtual void Release()
    {
    }

    public void Complete()
    {
        Release();
        if (Refusal is null) _core.SetResult(Result);
        else _core.SetException(Refusal);
    }

    public void Fail(Exception failure)
    {
        Release();
        _core.SetException(failure);
    }

    public ValueTask<long> AsTask() => new(this, _core.Version);

    public ValueTask AsVoidTask() => new(this, _core.Version);

    long IValueTaskSource<long>.GetResult(short token) => _core.GetResult(token);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
