using Rowmill.Core.Stores;
using SQLitePCL;

namespace Rowmill.Storage.Sqlite;

/// <summary>SQLite's result codes in words that help (https://www.sqlite.org/rescode.html).</summary>
internal static class SqliteErrors
{
    public static StoreException Describe(int code, string path, string detail) => new((code & 0xff) switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
            $"the store {path} has been locked by another process for too long; stop that process or try again later",
        raw.SQLITE_FULL =>
            $"the store {path} cannot grow: the disk is full. Free some space and run again; what was stored before is kept",
        raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH =>
            $"the store {path} cannot be written; check the permissions of the file and of its folder",
        raw.SQLITE_CANTOPEN =>
            $"the store {path} cannot be opened; check that its folder exists and can be written",
        raw.SQLITE_CORRUPT =>
            $"the store {path} is damaged ({detail}); move it away, or save what can be saved with: sqlite3 {path} .recover",
        raw.SQLITE_NOTADB =>
            $"{path} is not an SQLite database; name another store or move the file away",
        raw.SQLITE_IOERR =>
            $"the store {path} could not be read or written ({detail}, code {code}); check the disk, then run again",
        _ => $"the store {path} failed: {detail} (code {code})",
    })
    {
        Locked = (code & 0xff) is raw.SQLITE_BUSY or raw.SQLITE_LOCKED,
    };

    public static StoreException NewerVersion(string path, long version, long known) => new(
        $"the store {path} was written by a newer Rowmill (version {version}, this one knows {known}); update Rowmill or name another store");

    public static StoreException Foreign(string path) => new(
        $"{path} is a database of another program; name another store");
}
