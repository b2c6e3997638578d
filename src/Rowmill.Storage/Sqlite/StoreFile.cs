using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite;

/// <summary>Makes the database file, its folder and its tables, and opens connections to it.</summary>
internal static class StoreFile
{
    /// <summary>Kept in <c>PRAGMA user_version</c>; rises with the schema.</summary>
    public const long Version = 3;

    // "RwMl", in PRAGMA application_id: tells our files from other programs'.
    private const long ApplicationId = 0x52774d6c;

    // Closing a file drops every POSIX lock the process has on it, SQLite's too: nobody creates while another opens.
    private static readonly Lock s_creating = new();

    /// <summary>Opens the connection of the writer, creating what is missing. Several processes may do so at once.</summary>
    /// <exception cref="StoreException">It cannot be opened or is not ours.</exception>
    public static Connection OpenForWriting(string path, SqliteStoreOptions options)
    {
        lock (s_creating)
        {
            FileLook.Before(path, FileWords.Store);
            Create(path);
        }

        var clock = TimeProvider.System; // SQLite's own waiting goes by it too
        var start = clock.GetTimestamp();
        while (true)
        {
            var connection = Connection.Open(path, options.Busy);
            try
            {
                SetUp(connection);
                FileLook.After(path, connection.Scalar("PRAGMA page_size"), FileWords.Store);
                connection.Execute("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-8000;");
                if (options.MaxPages is { } pages) connection.SetPragma("max_page_count", pages);
                return connection;
            }
            catch (StoreException e) when (e.Locked && clock.GetElapsedTime(start) < options.Busy)
            {
                // The change to WAL and the recovery of a log do not wait for others by themselves.
                connection.Dispose();
                Thread.Yield();
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
    }

    /// <summary>Opens a connection for reading a file that <see cref="OpenForWriting"/> has set up.</summary>
    public static Connection OpenForReading(string path, SqliteStoreOptions options)
    {
        var connection = Connection.Open(path, options.Busy);
        connection.Execute("PRAGMA query_only=1; PRAGMA cache_size=-8000;");
        return connection;
    }

    private static void Create(string path)
    {
        if (File.Exists(path)) return;
        try
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } folder && !Directory.Exists(folder)) CreateFolder(folder);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            new FileStream(path, options).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was faster.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileWords.Store.NotCreated(path, e);
        }
    }

    // One by one: the mode is given to the last of a path only.
    private static void CreateFolder(string folder)
    {
        if (Path.GetDirectoryName(folder) is { Length: > 0 } parent && !Directory.Exists(parent)) CreateFolder(parent);
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static void SetUp(Connection connection)
    {
        // In one transaction: between two readings another process may have made the tables, and a file with tables and no format is not ours.
        connection.Execute("BEGIN");
        var format = FormatOf(connection);
        connection.Execute("COMMIT");
        if (format == Version) return;

        // Durable before anything is stored: a log whose file has no header yet would be thrown away after a power cut.
        connection.Execute("PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL;");
        connection.Execute("BEGIN IMMEDIATE");
        try
        {
            // An older program may hold the file open while it is upgraded: steps add to the tables and take nothing away.
            var found = FormatOf(connection);
            FormatSteps.Take(found, Version, () => Sql.Read("schema"), from => Sql.Read($"upgrade_{from}"), connection.Execute);
            if (found == 0) connection.SetPragma("application_id", ApplicationId);
            connection.Execute("COMMIT");
        }
        catch
        {
            connection.Abandon();
            throw;
        }
    }

    /// <summary>The format of the file; 0 when it is empty.</summary>
    private static long FormatOf(Connection connection)
    {
        var version = connection.Scalar("PRAGMA user_version");
        var application = connection.Scalar("PRAGMA application_id");
        if (application == ApplicationId)
            return version <= Version ? version : throw SqliteErrors.NewerVersion(connection.Path, version, Version);
        if (version != 0 || application != 0 || connection.Scalar("SELECT count(*) FROM sqlite_master") != 0)
            throw SqliteErrors.Foreign(connection.Path);
        return 0;
    }
}
