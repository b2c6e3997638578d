using Microsoft.Data.Sqlite;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Limits;

/// <summary>Where the windows of a user live, and how that file is opened.</summary>
public static class LimitsFile
{
    private const int Version = 3;

    /// <summary>How long another process may hold the file.</summary>
    private const int BusySeconds = 10;

    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly Lock s_creating = new();

    /// <summary><c>$XDG_STATE_HOME/rowmill/limits.db</c>, by default <c>~/.local/state/rowmill/limits.db</c>.</summary>
    public static string DefaultPath()
    {
        // The XDG base directory specification: a relative path is invalid and to be ignored.
        var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        if (!Path.IsPathRooted(state))
            state = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.Combine(state, "rowmill", "limits.db");
    }

    /// <summary>Opens the file, creating it and its folder for nobody but the user.</summary>
    internal static SqliteConnection Open(string path)
    {
        SqliteLibrary.EnsureLoaded();
        SqliteConnection? connection = null;
        try
        {
            // Closing a file drops every lock that the process has on it, SQLite's too: nobody creates while another opens.
            lock (s_creating)
            {
                FileLook.Before(path, FileWords.Limits);
                CreatePrivate(path);
            }

            var address = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = BusySeconds };
            connection = new SqliteConnection(address.ToString());
            connection.Open();

            // In one transaction: between two readings another process may have made the tables, and a file with tables and no format is not ours.
            Execute(connection, "begin");
            if ((long)Scalar(connection, "pragma user_version")! == 0 && (long)Scalar(connection, "select count(*) from sqlite_master")! > 0)
                throw FileWords.Limits.Foreign(path);
            Execute(connection, "commit");
            FileLook.After(path, (long)Scalar(connection, "pragma page_size")!, FileWords.Limits);

            // The usage of the last moments before a power cut may be lost, so no commit waits for the disk.
            Execute(connection, $"pragma busy_timeout = {BusySeconds * 1000}; pragma journal_mode = wal; pragma synchronous = normal");
            Execute(connection, "begin immediate");
            var version = (long)Scalar(connection, "pragma user_version")!;
            if (version > Version) throw FileWords.Limits.Newer(path, version, Version);
            FormatSteps.Take(version, Version, () => Sql("Schema"), format => Sql($"Upgrade{format}"), sql => Execute(connection, sql));
            Execute(connection, "commit");
            return connection;
        }
        catch (Exception e)
        {
            connection?.Dispose();
            if (e is SqliteException broken) throw Broken(path, broken);
            if (e is IOException or UnauthorizedAccessException) throw FileWords.Limits.NotCreated(path, e);
            throw;
        }
    }

    /// <summary>A failure of the file as the one exception callers know.</summary>
    internal static StoreException Broken(string path, SqliteException e) => FileWords.Limits.Describe(e.SqliteExtendedErrorCode, path, e.Message);

    /// <summary>The statement kept in a .sql file of this folder.</summary>
    internal static string Sql(string name)
    {
        using var stream = typeof(LimitsFile).Assembly.GetManifestResourceStream($"Rowmill.Storage.Limits.{name}.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static void CreatePrivate(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        if (!Directory.Exists(folder)) Directory.CreateDirectory(folder, PrivateFile | UnixFileMode.UserExecute);

        // SQLite gives the files beside it (-wal, -shm) the same mode.
        if (File.Exists(path)) return;
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
            UnixCreateMode = PrivateFile,
        });
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
