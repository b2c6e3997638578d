using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite;

/// <summary>What is said of a store's file that cannot be used.</summary>
internal static class SqliteErrors
{
    public static StoreException Describe(int code, string path, string detail) => FileWords.Store.Describe(code, path, detail);

    public static StoreException Damaged(string path, string detail) => FileWords.Store.Damaged(path, detail);

    public static StoreException NewerVersion(string path, long version, long known) => FileWords.Store.Newer(path, version, known);

    public static StoreException Foreign(string path) => FileWords.Store.Foreign(path);
}
