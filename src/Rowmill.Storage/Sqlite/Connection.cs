using System.Globalization;
using Rowmill.Core.Stores;
using SQLitePCL;

namespace Rowmill.Storage.Sqlite;

/// <summary>One connection, used by one thread at a time.</summary>
internal sealed class Connection : IDisposable
{
    private readonly sqlite3 _handle;
    private readonly List<Statement> _statements = [];

    private Connection(string path, sqlite3 handle)
    {
        Path = path;
        _handle = handle;
    }

    /// <summary>The database file.</summary>
    public string Path { get; }

    /// <summary>Id of the row inserted last.</summary>
    public long LastInsertId => raw.sqlite3_last_insert_rowid(_handle);

    /// <summary>Rows changed by the statement executed last.</summary>
    public int Changes => raw.sqlite3_changes(_handle);

    /// <summary>True between BEGIN and its end.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    /// <summary>Opens the file, which must exist.</summary>
    public static Connection Open(string path, TimeSpan busy)
    {
        SqliteLibrary.EnsureLoaded();
        var code = raw.sqlite3_open_v2(path, out var handle, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX, null);
        var connection = new Connection(path, handle);
        if (code != raw.SQLITE_OK)
        {
            var failure = connection.Failure(code);
            connection.Dispose();
            throw failure;
        }

        _ = raw.sqlite3_extended_result_codes(handle, 1);
        _ = raw.sqlite3_busy_timeout(handle, (int)busy.TotalMilliseconds);
        return connection;
    }

    /// <summary>Prepares a statement that lives as long as the connection.</summary>
    public Statement Prepare(string sql)
    {
        var code = raw.sqlite3_prepare_v2(_handle, sql, out var handle);
        if (code != raw.SQLITE_OK) throw Failure(code);
        var statement = new Statement(this, handle);
        _statements.Add(statement);
        return statement;
    }

    /// <summary>Executes statements without parameters.</summary>
    public void Execute(string sql)
    {
        var code = raw.sqlite3_exec(_handle, sql);
        if (code != raw.SQLITE_OK) throw Failure(code);
    }

    /// <summary>The first column of the only row.</summary>
    public long Scalar(string sql)
    {
        using var statement = Prepare(sql);
        _statements.Remove(statement);
        if (!statement.Step()) return 0;
        var value = statement.Int64(0);
        statement.Reset();
        return value;
    }

    /// <summary>Ends whatever a failure left unfinished: readings, then the transaction.</summary>
    public void Abandon()
    {
        foreach (var statement in _statements) statement.Reset();
        if (InTransaction) _ = raw.sqlite3_exec(_handle, "ROLLBACK");
    }

    /// <summary>Pages this connection wrote to the log since it was asked last.</summary>
    public int TakePagesWritten()
    {
        const int cacheWrite = 9; // SQLITE_DBSTATUS_CACHE_WRITE, https://www.sqlite.org/c3ref/c_dbstatus_options.html
        _ = raw.sqlite3_db_status(_handle, cacheWrite, out var pages, out _, 1);
        return pages;
    }

    /// <summary>Carries the log into the file as far as readers allow, without waiting for any.</summary>
    public void Checkpoint()
    {
        const int passive = 0; // SQLITE_CHECKPOINT_PASSIVE
        var code = raw.sqlite3_wal_checkpoint_v2(_handle, null, passive, out _, out _);
        if ((code & 0xff) is not (raw.SQLITE_OK or raw.SQLITE_BUSY or raw.SQLITE_LOCKED)) throw Failure(code);
    }

    public void SetPragma(string name, long value) => Execute($"PRAGMA {name}={value.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>What a result code means here.</summary>
    public StoreException Failure(int code) => SqliteErrors.Describe(code, Path, raw.sqlite3_errmsg(_handle).utf8_to_string());

    public void Dispose()
    {
        foreach (var statement in _statements) statement.Dispose();
        _handle.Dispose();
    }
}
