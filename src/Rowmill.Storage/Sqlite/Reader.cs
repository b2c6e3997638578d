namespace Rowmill.Storage.Sqlite;

/// <summary>A connection for reading, opened at its first use, lent to one caller at a time. Readings are short: what is long
/// is read page by page, so that no reader keeps the log from being carried into the file.</summary>
/// <typeparam name="T">What reads over it.</typeparam>
internal sealed class Reader<T>(string path, SqliteStoreOptions options, Func<Connection, T> create) : IDisposable
    where T : class
{
    private readonly Lock _gate = new();
    private Connection? _connection;
    private T? _reading;
    private bool _disposed;

    public TResult Use<TResult>(Func<T, TResult> read)
    {
        lock (_gate) return Guarded(read);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _connection?.Dispose();
        }
    }

    /// <summary>Lends it to a caller who cannot pass a delegate; to be disposed.</summary>
    public Lock.Scope Enter(out T reading)
    {
        var scope = _gate.EnterScope();
        try
        {
            reading = Get();
            return scope;
        }
        catch
        {
            scope.Dispose();
            throw;
        }
    }

    private TResult Guarded<TResult>(Func<T, TResult> read)
    {
        var reading = Get();
        try
        {
            return read(reading);
        }
        catch
        {
            _connection!.Abandon();
            throw;
        }
    }

    private T Get()
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(SqliteStore));
        if (_reading is not null) return _reading;
        _connection ??= StoreFile.OpenForReading(path, options);
        return _reading = create(_connection);
    }
}
