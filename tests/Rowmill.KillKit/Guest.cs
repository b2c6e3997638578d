using Microsoft.Data.Sqlite;
using Rowmill.Storage.Sqlite;

namespace Rowmill.KillKit;

/// <summary>Rowmill as a guest of a program that has used SQLite for itself, and goes on using it.</summary>
internal static class Guest
{
    /// <summary>The argument that asks for it, before the path of a folder.</summary>
    public const string Word = "guest";

    /// <summary>Uses a database of the host's, then a store, then both; a process with two versions of SQLite in it would not live to the end.</summary>
    public static async Task<int> RunAsync(string folder)
    {
        await using var host = new SqliteConnection($"Data Source={Path.Combine(folder, "host.db")};Pooling=False");
        await host.OpenAsync();
        Run(host, "create table t (a integer, b text)");
        var store = await SqliteStore.OpenAsync(Path.Combine(folder, "rowmill.db"), TimeProvider.System);
        for (var i = 0; i < 100; i++) Run(host, $"insert into t values ({i}, 'row {i}')");
        await store.DisposeAsync();
        Run(host, "select count(*), max(b) from t");
        return 0;
    }

    private static void Run(SqliteConnection host, string sql)
    {
        using var command = host.CreateCommand();
        command.CommandText = sql;
        command.ExecuteScalar();
    }
}
