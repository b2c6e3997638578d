using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Rowmill.Core;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Limits;

/// <summary>
/// The windows in an SQLite file that all processes of a user share. Every call is one short write transaction, some tenths of a
/// millisecond; a process that has to wait for another's is served within ten seconds or gets a <see cref="StoreException"/>.
/// </summary>
public sealed class SqliteWindowStore : IWindowStore, IDisposable
{
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly TimeSpan _transit;
    private readonly LeaseOwner _self;
    private readonly Func<LeaseOwner, bool?> _isAlive;
    private readonly WindowRows _rows;

    private SqliteWindowStore(
        string path, SqliteConnection connection, TimeProvider time, TimeSpan transit, LeaseOwner self, Func<LeaseOwner, bool?> isAlive)
    {
        (_path, _time, _transit, _self, _isAlive) = (path, time, transit, self, isAlive);
        _rows = new(connection);
    }

    /// <summary>Opens the windows, creating the file where there is none.</summary>
    /// <param name="path">The file; for a user's own see <see cref="LimitsFile.DefaultPath"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="transit">How long a request may travel; see <see cref="WindowUsage.Plus"/>.</param>
    /// <exception cref="StoreException">The file is damaged, cannot be read or written, or was written by a newer version.</exception>
    public static SqliteWindowStore Open(string path, TimeProvider time, TimeSpan transit = default) =>
        Open(path, time, transit, LeaseOwner.Current(), holder => holder.IsAlive());

    /// <summary>As another process would open it.</summary>
    internal static SqliteWindowStore Open(
        string path, TimeProvider time, TimeSpan transit, LeaseOwner self, Func<LeaseOwner, bool?> isAlive) =>
        new(path, LimitsFile.Open(path), time, transit, self, isAlive);

    /// <inheritdoc/>
    public ValueTask<WindowGrant> ReserveAsync(WindowRequest request, CancellationToken cancellationToken = default) => new(Write(() =>
    {
        var row = _rows.FindOrAdd(request.Owner);
        var windows = Load(row);

        // The clock is read while the file is locked, so that the instants written follow each other.
        var verdict = windows.Reserve(request, _time.GetUtcNow(), _self, _isAlive);
        Save(row, windows);
        return verdict.Grant(verdict.Claim is { } claim ? _rows.Save(row.Id, claim) : 0);
    }));

    /// <inheritdoc/>
    public ValueTask SettleAsync(long reservation, WindowSettlement settlement, CancellationToken cancellationToken = default)
    {
        End(reservation, (windows, claim) => windows.Settle(claim, settlement, _time.GetUtcNow()));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ReleaseAsync(long number, CancellationToken cancellationToken = default)
    {
        End(number, (windows, claim) => windows.Release(claim, _time.GetUtcNow()));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ObserveAsync(
        WindowOwner owner, IReadOnlyList<LimitReading> readings, DateTimeOffset sentAt, CancellationToken cancellationToken = default)
    {
        Change(owner, windows => windows.Observe(readings, sentAt, _time.GetUtcNow()));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask HoldAsync(WindowOwner owner, WindowHold hold, CancellationToken cancellationToken = default)
    {
        Change(owner, windows => windows.Hold(hold, _time.GetUtcNow()));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<WindowSnapshot> SnapshotAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default) =>
        new(InTransaction(writes: false, () =>
        {
            var windows = _rows.Find(owner) is { } row ? Load(row) : new OwnerWindows(owner, _transit, OwnerRecord.New, [], () => []);
            return windows.Snapshot(limits, _time.GetUtcNow());
        }));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OwnerState>> ReadAsync(CancellationToken cancellationToken = default) =>
        new(InTransaction(writes: false, () => _rows.Owners().ConvertAll(row =>
            Load(row).State(_time.GetUtcNow()) with { Queue = _rows.QueueOf(row.Id).State(_time.GetUtcNow()) })));

    /// <inheritdoc/>
    public ValueTask<QueueState> EnqueueAsync(QueueRequest request, CancellationToken cancellationToken = default) => new(Write(() =>
    {
        var row = _rows.FindOrAdd(request.Owner);
        var queue = _rows.QueueOf(row.Id);
        var (after, state) = queue.Entered(request, _time.GetUtcNow());
        _rows.Save(row.Id, queue, after);
        return state;
    }));

    /// <inheritdoc/>
    public ValueTask DequeueAsync(WindowOwner owner, string batch, CancellationToken cancellationToken = default)
    {
        Write(() =>
        {
            if (_rows.Find(owner) is not { } row) return 0;
            var queue = _rows.QueueOf(row.Id);
            _rows.Save(row.Id, queue, queue.Without(batch));
            return 0;
        });
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask LearnQueueAsync(WindowOwner owner, long limit, CancellationToken cancellationToken = default)
    {
        Write(() =>
        {
            var row = _rows.FindOrAdd(owner);
            var queue = _rows.QueueOf(row.Id);
            _rows.Save(row.Id, queue, queue.Learned(limit, _time.GetUtcNow()));
            return 0;
        });
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<QueueState> QueueAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default) =>
        new(InTransaction(writes: false, () =>
            (_rows.Find(owner) is { } row ? _rows.QueueOf(row.Id) : KeptQueue.New).StateFor(limits, _time.GetUtcNow())));

    /// <inheritdoc/>
    public ValueTask<string> FingerprintAsync(string key, CancellationToken cancellationToken = default) =>
        new(KeyFingerprint.Of(Write(() => _rows.Salt(RandomNumberGenerator.GetBytes(KeyFingerprint.SaltBytes))), key));

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (_gate) _rows.Dispose();
    }

    private OwnerWindows Load(OwnerRow row)
    {
        List<Claim>? reservations = null;
        return new(
            row.Owner,
            _transit,
            new(_rows.WindowsOf(row.Id), row.Tally, row.Hold),
            _rows.ClaimsOf(row.Id, waiting: true),
            () => reservations ??= _rows.ClaimsOf(row.Id, waiting: false));
    }

    private void Save(OwnerRow row, OwnerWindows windows)
    {
        _rows.Save(row, windows.Record);
        foreach (var gone in windows.Gone) _rows.Delete(gone);
    }

    private void End(long number, Action<OwnerWindows, Claim> end) => Write(() =>
    {
        if (_rows.Find(number) is not var (row, claim)) return 0;
        _rows.Delete(number);
        if (claim.Waits) return 0;
        var windows = Load(row);
        end(windows, claim);
        Save(row, windows);
        return 0;
    });

    private void Change(WindowOwner owner, Action<OwnerWindows> change) => Write(() =>
    {
        var row = _rows.FindOrAdd(owner);
        var windows = Load(row);
        change(windows);
        Save(row, windows);
        return 0;
    });

    private T Write<T>(Func<T> work) => InTransaction(writes: true, work);

    private T InTransaction<T>(bool writes, Func<T> work)
    {
        lock (_gate)
        {
            try
            {
                _rows.Begin(writes);
                try
                {
                    var result = work();
                    _rows.Commit();
                    return result;
                }
                catch
                {
                    _rows.Rollback();
                    throw;
                }
            }
            catch (SqliteException e)
            {
                throw LimitsFile.Broken(_path, e);
            }
        }
    }
}
