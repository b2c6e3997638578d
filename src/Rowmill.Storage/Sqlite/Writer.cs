using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite.Ops;

namespace Rowmill.Storage.Sqlite;

/// <summary>
/// The only writer of this process: a thread that commits whatever is queued in one transaction, so that a crowd shares a commit
/// and a lone write waits for nobody. A commit survives a kill at once; a synchronous commit, which comes with an intent or within
/// a second, puts all before it on the disk (https://www.sqlite.org/pragma.html#pragma_synchronous).
/// </summary>
internal sealed class Writer
{
    private readonly object _gate = new();
    private readonly Connection _connection;
    private readonly SqliteStoreOptions _options;
    private readonly WriteSession _session;
    private readonly IndexKeeper _index;
    private readonly ITimer _syncTimer;
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private List<WriteOp> _queue = [];
    private bool _stopping;
    private bool _syncDue;
    private Exception? _death;

    // The writer thread's own.
    private bool _unsynced;
    private bool _synchronous;
    private int _pages;
    private Exception? _fault;

    public Writer(Connection connection, NameTable names, PackIndex index, TimeProvider clock, SqliteStoreOptions options)
    {
        _connection = connection;
        _options = options;
        _index = new IndexKeeper(connection, index, options);
        _session = new WriteSession(connection, names, _index);
        _syncTimer = clock.CreateTimer(_ => OnSyncDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        new Thread(Run) { IsBackground = true, Name = "rowmill store" }.Start();
    }

    /// <summary>Synchronous commits so far.</summary>
    public int Syncs { get; private set; }

    public void Enqueue(WriteOp op)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping, typeof(SqliteStore));
            if (_death is not null) throw new StoreException($"the store {_connection.Path} stopped writing: {_death.Message}");
            _queue.Add(op);
            if (_queue.Count == 1) Monitor.Pulse(_gate);
        }
    }

    /// <summary>Writes what is queued, puts it on the disk and ends the thread; the connection stays open.</summary>
    public Task StopAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        return _finished.Task;
    }

    private void OnSyncDue()
    {
        lock (_gate)
        {
            _syncDue = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        try
        {
            var batch = new List<WriteOp>();
            while (Take(ref batch, out var syncDue))
            {
                Process(batch);
                batch.Clear();
                Upkeep(syncDue);
            }

            _index.Fail(new ObjectDisposedException(nameof(SqliteStore)));
            if (_unsynced) Sync();
            _connection.Checkpoint();
            _finished.SetResult();
        }
        catch (Exception e)
        {
            lock (_gate)
            {
                _death = e;
                foreach (var op in _queue) op.Fail(e);
                _queue.Clear();
            }

            _index.Fail(e);
            _finished.SetException(e);
        }
        finally
        {
            _syncTimer.Dispose();
        }
    }

    private bool Take(ref List<WriteOp> batch, out bool syncDue)
    {
        lock (_gate)
        {
            while (_queue.Count == 0)
            {
                if (_stopping)
                {
                    syncDue = false;
                    return false;
                }

                if (_syncDue || _index.HasWork) break;
                Monitor.Wait(_gate);
            }

            (_queue, batch) = (batch, _queue);
            (syncDue, _syncDue) = (_syncDue, false);
            return true;
        }
    }

    private void Process(List<WriteOp> batch)
    {
        batch.RemoveAll(TakenByIndex);
        if (batch.Count == 0) return;
        var waiting = batch.FindAll(op => op.IsSynchronous);
        if (waiting.Count > 0 && waiting.Count < batch.Count)
        {
            // Answers need not wait until the intents beside them are on the disk.
            batch.RemoveAll(op => op.IsSynchronous);
            Process(batch);
            batch = waiting;
        }

        try
        {
            if (_fault is not null) Sync();
            Transact(batch);
        }
        catch (Exception e)
        {
            Abandon();
            if (batch.Count == 1 || e is StoreException { Locked: true } || _fault is not null)
            {
                foreach (var op in batch) op.Fail(e);
                return;
            }

            // One of them may be at fault: each for itself.
            foreach (var op in batch) ProcessAlone(op);
            return;
        }

        foreach (var op in batch) op.Complete();
    }

    private void ProcessAlone(WriteOp op)
    {
        try
        {
            Transact([op]);
        }
        catch (Exception e)
        {
            Abandon();
            op.Fail(e);
            return;
        }

        op.Complete();
    }

    private bool TakenByIndex(WriteOp op)
    {
        if (op is not CatchUpOp) return false;
        _index.CatchUp(op);
        return true;
    }

    private void Transact(List<WriteOp> ops)
    {
        // A failed transaction may have left it as it was; inside one it cannot be changed.
        var synchronous = ops.Exists(op => op.IsSynchronous);
        SetSynchronous(synchronous);
        _connection.Execute("BEGIN IMMEDIATE");
        foreach (var op in ops)
        {
            op.Refusal = op.Lease is { } lease && _session.IsLost(lease) ? new LeaseLostException(lease.Job) : null;
            if (op.Refusal is null) op.Execute(_session);
        }

        _session.BeforeCommit();
        _connection.Execute("COMMIT");
        _session.Committed();
        Written();
        if (synchronous) Synced();
        foreach (var op in ops)
        {
            if (op.Refusal is null) op.Committed(_session);
        }
    }

    private void Abandon()
    {
        _connection.Abandon();
        _session.RolledBack();
    }

    private void Written()
    {
        _pages += _connection.TakePagesWritten();
        if (_unsynced) return;
        _unsynced = true;
        _syncTimer.Change(_options.SyncEvery, Timeout.InfiniteTimeSpan);
    }

    // What nobody waits for. A failure reaches the next write.
    private void Upkeep(bool syncDue)
    {
        try
        {
            if (syncDue && _unsynced) Sync();
            if (_pages >= _options.CheckpointPages)
            {
                _pages = 0;
                _connection.Checkpoint();
            }
        }
        catch (Exception e)
        {
            Abandon();
            _fault = e;
        }

        try
        {
            if (_index.HasWork && _index.Step()) Written();
        }
        catch (Exception e)
        {
            Abandon();
            _index.Fail(e);
        }
    }

    private void Sync()
    {
        SetSynchronous(true);
        _session.Statement("UPDATE meta SET value = value + 1 WHERE name = 'syncs'").Run();
        Synced();
        _fault = null;
    }

    // All that is committed by now is on the disk.
    private void Synced()
    {
        SetSynchronous(false);
        _unsynced = false;
        Syncs++;
    }

    private void SetSynchronous(bool on)
    {
        if (_synchronous == on) return;
        _connection.Execute(on ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
        _synchronous = on;
    }
}
