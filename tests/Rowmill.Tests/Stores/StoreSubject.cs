using Rowmill.Core;
using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Stores;

/// <summary>A store under test, of whatever kind, with the clock and the processes it believes in.</summary>
public sealed class StoreSubject : IAsyncDisposable
{
    private readonly Func<ValueTask> _dispose;

    private StoreSubject(Func<ValueTask> dispose, VirtualClock clock, Dictionary<LeaseOwner, bool?> alive)
    {
        _dispose = dispose;
        Clock = clock;
        Alive = alive;
    }

    public required IAnswerStore Answers { get; init; }

    public required ICallLedger Calls { get; init; }

    public required IRunLease Lease { get; init; }

    public required IEventLog Events { get; init; }

    public required IRunLog Runs { get; init; }

    public required IBatchStore Batches { get; init; }

    internal VirtualClock Clock { get; }

    /// <summary>Which owners live; others are on machines that cannot be seen.</summary>
    internal Dictionary<LeaseOwner, bool?> Alive { get; }

    public static StoreSubject Memory()
    {
        var clock = new VirtualClock();
        var alive = new Dictionary<LeaseOwner, bool?>();
        var store = new MemoryStore(clock, alive.GetValueOrDefault);
        return new StoreSubject(() => ValueTask.CompletedTask, clock, alive)
        {
            Answers = store.Answers,
            Calls = store.Calls,
            Lease = store.Lease,
            Events = store.Events,
            Runs = store.Runs,
            Batches = store.Batches,
        };
    }

    public static async Task<StoreSubject> SqliteAsync()
    {
        var clock = new VirtualClock();
        var alive = new Dictionary<LeaseOwner, bool?>();
        var folder = new TempFolder();
        var options = new SqliteStoreOptions { IsAlive = alive.GetValueOrDefault, MemtableRows = 64, SliceRows = 16 };
        var store = await SqliteStore.OpenAsync(folder.File("store.db"), clock, options);
        return new StoreSubject(Close, clock, alive)
        {
            Answers = store.Answers,
            Calls = store.Calls,
            Lease = store.Lease,
            Events = store.Events,
            Runs = store.Runs,
            Batches = store.Batches,
        };

        async ValueTask Close()
        {
            await store.DisposeAsync();
            folder.Dispose();
        }
    }

    public ValueTask DisposeAsync() => _dispose();
}
