using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite;

/// <summary>
/// A store in one SQLite file, for any number of jobs and processes at once. A write that has completed survives a kill of the
/// process, and within a second a power cut. Safe for concurrent use; disposing it writes what is queued and puts it on the disk.
/// </summary>
/// <remarks>Every port may throw <see cref="StoreException"/>. A write that is queued is not cancelled any more.</remarks>
public sealed class SqliteStore : IAsyncDisposable
{
    private readonly Connection _connection;
    private readonly Reader<PackReader> _packs;
    private readonly Reader<TableReader> _tables;
    private readonly Lock _gate = new();
    private Task? _disposing;

    private SqliteStore(string path, Connection connection, TimeProvider clock, SqliteStoreOptions options)
    {
        var names = new NameTable();
        var index = new PackIndex();
        _connection = connection;
        Writer = new Writer(connection, names, index, clock, options);
        _packs = new Reader<PackReader>(path, options, c => new PackReader(c, names, index, options));
        _tables = new Reader<TableReader>(path, options, c => new TableReader(c, names));
        Answers = new SqliteAnswerStore(Writer, _packs, _tables);
        Calls = new SqliteCallLedger(Writer, _tables);
        Lease = new SqliteRunLease(Writer, _tables, clock, options.IsAlive);
        Events = new SqliteEventLog(Writer, _tables);
        Runs = new SqliteRunLog(Writer, _tables);
        Batches = new SqliteBatchStore(Writer, _tables);
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

    internal Writer Writer { get; }

    /// <summary>Opens a store, creating the file (readable by its owner only) and its folder where they are missing.</summary>
    /// <param name="path">The file; beside it SQLite keeps <c>-wal</c> and <c>-shm</c>.</param>
    /// <param name="clock">The time.</param>
    /// <param name="cancellationToken">Cancels before the file is touched.</param>
    /// <exception cref="StoreException">It cannot be opened, is damaged, of a newer version or of another program.</exception>
    public static ValueTask<SqliteStore> OpenAsync(
        string path, TimeProvider clock, CancellationToken cancellationToken = default) =>
        OpenAsync(path, clock, new SqliteStoreOptions(), cancellationToken);

    internal static ValueTask<SqliteStore> OpenAsync(
        string path, TimeProvider clock, SqliteStoreOptions options, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        path = Path.GetFullPath(path);
        var connection = StoreFile.OpenForWriting(path, options);
        try
        {
            return ValueTask.FromResult(new SqliteStore(path, connection, clock, options));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Writes what is queued, puts it on the disk and closes the file. Disposing again does nothing.</summary>
    /// <exception cref="StoreException">The disk refused it.</exception>
    public ValueTask DisposeAsync()
    {
        lock (_gate) return new ValueTask(_disposing ??= CloseAsync());
    }

    private async Task CloseAsync()
    {
        try
        {
            await Writer.StopAsync().ConfigureAwait(false);
        }
        finally
        {
            _packs.Dispose();
            _tables.Dispose();
            _connection.Dispose();
        }
    }
}
