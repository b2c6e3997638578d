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
    public ValueTask<WindowGrant> ReserveAsync(WindowRequest request, CancellationToken cancellationToken = default) => new(InTransaction(() =>
    {
        var owner = _rows.OwnerOf(request.Owner);
        var windows = new OwnerWindows(_rows.WindowsOf(owner), _rows.ClaimsOf(owner), _transit);

        // The clock is read while the file is locked, so that the instants written follow each other.
        var verdict = windows.Reserve(request, _time.GetUtcNow(), _self, _isAlive);
        _rows.Save(owner, windows.Windows);
        foreach (var gone in windows.Gone) _rows.Delete(gone);
        return verdict.Grant(verdict.Claim is { } claim ? _rows.Save(owner, claim) : 0);
    }));

    /// <inheritdoc/>
    public ValueTask SettleAsync(long reservation, WindowSettlement settlement, CancellationToken cancellationToken = default)
    {
        End(reservation, (windows, provider, claim) =>
        {
            if (settlement.Used is { } used) windows.Settle(claim, provider, used, _time.GetUtcNow());
        });
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ReleaseAsync(long number, CancellationToken cancellationToken = default)
    {
        End(number, (windows, _, claim) => windows.Release(claim, _time.GetUtcNow()));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ObserveAsync(
        WindowOwner owner, IReadOnlyList<LimitReading> readings, DateTimeOffset sentAt, CancellationToken cancellationToken = default) => default;

    /// <inheritdoc/>
    public ValueTask HoldAsync(WindowOwner owner, WindowHold hold, CancellationToken cancellationToken = default) => default;

    /// <inheritdoc/>
    public ValueTask<WindowSnapshot> SnapshotAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default)
    {
        var now = _time.GetUtcNow();
        return new(new WindowSnapshot(now, [.. WindowSpec.Of(limits).Select(s => new UsedWindow(s, new(0, now)))], null));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OwnerState>> ReadAsync(CancellationToken cancellationToken = default)
    {
        var now = _time.GetUtcNow();
        return new(InTransaction(() => _rows.All()
            .GroupBy(w => w.Owner).Select(o => new OwnerState(o.Key, [.. o.Select(w => w.Window.StateAt(now))], null)).ToList()));
    }

    /// <inheritdoc/>
    public ValueTask<string> FingerprintAsync(string key, CancellationToken cancellationToken = default) =>
        new(KeyFingerprint.Of(InTransaction(() => _rows.Salt(RandomNumberGenerator.GetBytes(KeyFingerprint.SaltBytes))), key));

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (_gate) _rows.Dispose();
    }

    private void End(long number, Action<OwnerWindows, string, Claim> end) => InTransaction(() =>
    {
        if (_rows.Find(number) is not var (owner, provider, claim)) return 0;
        _rows.Delete(number);
        if (claim.Waits) return 0;
        var windows = new OwnerWindows(_rows.WindowsOf(owner), [claim], _transit);
        end(windows, provider, claim);
        _rows.Save(owner, windows.Windows);
        return 0;
    });

    private T InTransaction<T>(Func<T> work)
    {
        lock (_gate)
        {
            try
            {
                _rows.Begin();
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
