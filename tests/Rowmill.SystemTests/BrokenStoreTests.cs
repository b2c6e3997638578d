using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using Rowmill.Simulator;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>Database files that are locked, damaged or no databases: told with the fix, left as they are, and nothing is sent.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class BrokenStoreTests
{
    private const int Rows = 100;
    private const int Page = 4096;
    private const string StoreName = ".rowmill/rowmill.db";
    private const string LimitsName = "state/rowmill/limits.db";

    [Theory]
    [InlineData("garbage header", 2, "is not an SQLite database", ".recover")]
    [InlineData("text", 2, "is not an SQLite database", "--store")]
    [InlineData("other program", 2, "another program", "--store")]
    [InlineData("folder", 2, "is a folder", "--store")]
    [InlineData("parent is a file", 2, "is a file, not a folder", "--store")]
    [InlineData("cut in a page", 1, "ends in the middle of a page", ".recover")]
    [InlineData("empty beside its log", 1, "empty, but its log", ".recover")]
    [InlineData("newer", 1, "newer Rowmill", "update Rowmill")]
    public async Task A_store_that_cannot_be_one_is_left_as_it_is_by_every_command(string damage, int code, string why, string fix)
    {
        await using var shop = new Workshop();
        var server = await AnsweredAsync(shop);
        Damage(shop, StoreName, damage);
        var before = Everything(shop.PathOf(".rowmill"));

        foreach (var command in (string[])["run", "status", "export", "calls"])
            (await shop.RunAsync(command, "songs.yaml", "--json")).Plainly(code, shop.PathOf(StoreName), why, fix);

        Assert.Equal(before, Everything(shop.PathOf(".rowmill")));
        await OtherStoreAsync(shop, server);
    }

    [Theory]
    [InlineData("cut in the middle")]
    [InlineData("table pages flipped")]
    [InlineData("index pages flipped")]
    [InlineData("answers flipped")]
    public async Task A_damaged_store_is_told_before_anything_is_sent(string damage)
    {
        await using var shop = new Workshop();
        var server = await AnsweredAsync(shop);
        Damage(shop, StoreName, damage);

        foreach (var command in (string[])["export", "run", "run"])
            (await shop.RunAsync(command, "songs.yaml", "--json")).Plainly(1, shop.PathOf(StoreName), "is damaged", ".recover", "--store");

        // The answers of before stand in the output still.
        Assert.Equal(Rows, CsvTable.Parse(shop.Read("out.csv")).Count(r => r.Contains("answered", StringComparer.Ordinal)));
        await OtherStoreAsync(shop, server);
    }

    [Fact]
    public async Task A_log_of_zeros_holds_nothing_and_what_it_held_is_asked_again()
    {
        await using var shop = new Workshop();
        var server = await StartAsync(shop, new SimulatorOptions { Script = [.. Enumerable.Repeat(SimulatorFault.None, 10), .. Enumerable.Repeat(SimulatorFault.Hang, 4)] });
        var killed = shop.Start("run", "songs.yaml");
        await Until.TrueAsync(() => server.Ended() == 10);
        killed.Kill();
        await killed.EndAsync();
        var log = shop.PathOf(StoreName + "-wal");
        await File.WriteAllBytesAsync(log, new byte[new FileInfo(log).Length], TestContext.Current.CancellationToken);

        await shop.ReplaceAsync(server, new SimulatorOptions());
        var summary = (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0).Document();

        Assert.Equal(Rows, summary.Count("rows", "answered"));
        await AssertTrueAsync(shop);
    }

    [Fact]
    public async Task An_empty_file_is_a_store_that_has_not_begun()
    {
        await using var shop = new Workshop();
        await AnsweredAsync(shop);
        Damage(shop, StoreName, "empty");

        var summary = (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0).Document();

        Assert.Equal((Rows, 0), (summary.Count("rows", "answered"), summary.Count("rows", "from_cache")));
    }

    [Theory]
    [InlineData("garbage header", 2, "is not an SQLite database", "move it away")]
    [InlineData("text", 2, "is not an SQLite database", "move it away")]
    [InlineData("other program", 2, "another program", "XDG_STATE_HOME")]
    [InlineData("folder", 2, "is a folder", "XDG_STATE_HOME")]
    [InlineData("parent is a file", 2, "is a file, not a folder", "XDG_STATE_HOME")]
    [InlineData("cut in a page", 1, "ends in the middle of a page", "move it away")]
    [InlineData("cut in the middle", 1, "is damaged", "move it away")]
    [InlineData("all pages flipped", 1, "is damaged", "move it away")]
    [InlineData("newer", 1, "newer Rowmill", "update Rowmill")]
    public async Task Limits_that_cannot_be_read_stop_the_run_before_anything_is_sent(string damage, int code, string why, string fix)
    {
        await using var shop = new Workshop();
        var server = await AnsweredAsync(shop);
        Damage(shop, LimitsName, damage);
        var before = Everything(shop.PathOf("state"));
        shop.WriteSongs(Rows + 10);
        var sent = server.Stats.Requests;

        (await shop.RunAsync("run", "songs.yaml", "--json")).Plainly(code, shop.PathOf(LimitsName), why, fix);

        Assert.Equal(sent, server.Stats.Requests);
        Assert.Equal(before, Everything(shop.PathOf("state")));
        Directory.Move(shop.PathOf("state"), shop.PathOf("away"));
        (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0);
        Assert.Equal(sent + 2, server.Stats.Requests);
    }

    [Fact]
    public async Task A_file_that_another_process_keeps_locked_stops_the_run_and_later_it_goes_on() =>
        await Task.WhenAll(LockedAsync(StoreName, afterCalls: 0), LockedAsync(StoreName, afterCalls: 6), LockedAsync(LimitsName, afterCalls: 6));

    private static async Task LockedAsync(string name, int afterCalls)
    {
        await using var shop = new Workshop();
        var server = await StartAsync(shop, new SimulatorOptions { Latency = TimeSpan.FromMilliseconds(100) });
        if (afterCalls == 0) (await shop.RunAsync("run", "songs.yaml", "--limit", "5", "--json")).Ended(0);
        var run = afterCalls > 0 ? shop.Start("run", "songs.yaml", "--json") : null;
        await Until.TrueAsync(() => server.Ended() >= afterCalls);
        var before = server.Stats.Requests;
        using (Lock(shop.PathOf(name)))
        {
            var result = await (run ?? shop.Start("run", "songs.yaml", "--json")).EndAsync();
            result.Plainly(1, shop.PathOf(name), "locked by another process", "try again later");
        }

        if (afterCalls == 0) Assert.Equal(before, server.Stats.Requests);
        var stored = await shop.StoredAsync();
        await Until.TrueAsync(() => server.Stats.InFlight == 0);
        Assert.InRange(server.Ledger.Count(e => e.Billed && !e.Titles().All(stored.Contains)), 0, 4);
        var next = await shop.ReplaceAsync(server, new SimulatorOptions());
        (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0);
        Assert.DoesNotContain(next.Ledger.Titles(), stored.Contains);
        await AssertTrueAsync(shop);
    }

    private static SqliteConnection Lock(string path)
    {
        var connection = Open(path);
        Execute(connection, "BEGIN EXCLUSIVE");
        return connection;
    }

    /// <summary>Every answer is the one that the row gets from a server that was never disturbed.</summary>
    private static async Task AssertTrueAsync(Workshop shop)
    {
        var output = shop.Read("out.csv");
        (await shop.RunAsync("run", "songs.yaml", "--store", "fresh.db", "--json")).Ended(0);
        Assert.Equal(output, shop.Read("out.csv"));
    }

    /// <summary>With another store the job goes its way, and the broken one is not needed.</summary>
    private static async Task OtherStoreAsync(Workshop shop, SimulatorServer server)
    {
        Assert.Equal(Rows / 5, server.Stats.Requests);
        var summary = (await shop.RunAsync("run", "songs.yaml", "--store", "other.db", "--json")).Ended(0).Document();
        Assert.Equal((Rows, 2 * Rows / 5), (summary.Count("rows", "answered"), server.Stats.Requests));
    }

    private static void Damage(Workshop shop, string name, string damage)
    {
        var path = shop.PathOf(name);
        var folder = Path.GetDirectoryName(path)!;
        var bytes = File.ReadAllBytes(path);
        Assert.Equal(0, bytes.Length % Page);
        switch (damage)
        {
            case "garbage header":
                new Random(1).NextBytes(bytes.AsSpan(0, 100));
                break;
            case "text":
                bytes = [.. Enumerable.Repeat("a person's notes\n"u8.ToArray(), 1000).SelectMany(l => l)];
                break;
            case "empty":
                bytes = [];
                break;
            case "cut in a page":
                bytes = bytes[..^1000];
                break;
            case "cut in the middle":
                bytes = bytes[..(bytes.Length / 2 / Page * Page)];
                break;
            case "empty beside its log":
                File.WriteAllBytes(path + "-wal", bytes);
                bytes = [];
                break;
            case "all pages flipped":
                FlipPages(bytes, kind: 13);
                FlipPages(bytes, kind: 10);
                break;
            case "table pages flipped":
                FlipPages(bytes, kind: 13);
                break;
            case "index pages flipped":
                FlipPages(bytes, kind: 10);
                break;
            case "answers flipped":
                var at = 0;
                while (bytes.AsSpan(at).IndexOf("{\"answer\":{\""u8) is var next and >= 0) bytes[(at += next + 13) - 1] ^= 1;
                break;
            case "newer":
                using (var newer = Open(path)) Execute(newer, "PRAGMA user_version = 99");
                return;
            case "other program":
                File.Delete(path);
                using (var other = Open(path)) Execute(other, "CREATE TABLE notes (text TEXT)");
                return;
            case "folder":
                File.Delete(path);
                Directory.CreateDirectory(path);
                return;
            case "parent is a file":
                Directory.Delete(folder, recursive: true);
                File.WriteAllText(folder, "a person's file");
                return;
            default:
                throw new ArgumentException(damage, nameof(damage));
        }

        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Spoils the pages of a kind, all but the first: 13 holds rows of tables, 10 those of indexes (sqlite.org/fileformat2.html).</summary>
    private static void FlipPages(byte[] bytes, byte kind)
    {
        var flipped = 0;
        for (var page = Page; page < bytes.Length; page += Page)
        {
            if (bytes[page] != kind) continue;
            for (var i = 0; i < Page; i += 97) bytes[page + i] ^= 0xff;
            flipped++;
        }

        Assert.True(flipped > 0);
    }

    /// <summary>Each file's name and bytes; a folder's own name.</summary>
    private static IReadOnlyList<string> Everything(string path) =>
        File.Exists(path) ? [Convert.ToHexString(File.ReadAllBytes(path))]
        : [.. Directory.EnumerateFileSystemEntries(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(e => File.Exists(e) ? $"{e} {Convert.ToHexString(File.ReadAllBytes(e))}" : e)];

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static async Task<SimulatorServer> StartAsync(Workshop shop, SimulatorOptions? options = null)
    {
        shop.WriteSongs(Rows);
        var server = await shop.SimulateAsync(options);
        // A window that never fills, so that every call goes through the file of limits.
        shop.WriteJob(server, new JobText { Limits = "concurrency: 4, requests_per_minute: 100000" });
        return server;
    }

    /// <summary>A job that is done.</summary>
    private static async Task<SimulatorServer> AnsweredAsync(Workshop shop)
    {
        var server = await StartAsync(shop);
        (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0);
        return server;
    }
}
