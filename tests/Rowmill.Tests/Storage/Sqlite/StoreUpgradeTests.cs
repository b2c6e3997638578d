using Microsoft.Data.Sqlite;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite;
using Rowmill.Tests.Stores;
using Rowmill.Tests.Support;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Storage.Sqlite;

public sealed class StoreUpgradeTests : IDisposable
{
    private static readonly AnswerScope s_scope = new("question", ["a/x@http://one"]);
    private readonly TempFolder _folder = new();
    private readonly VirtualClock _clock = new();

    private string File => _folder.File("store.db");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_store_of_an_earlier_format_is_upgraded_where_it_is_and_goes_on(int format)
    {
        Write(format);
        await using (var store = await SqliteStore.OpenAsync(File, _clock))
        {
            Assert.Equal("""{"mood":"Low"}""", (await store.Answers.FindAsync(s_scope, 1))[0].Text());
            var calls = await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync();
            Assert.Equal([CallState.Settled, CallState.InDoubt, CallState.Open], calls.Select(c => c.State));
            Assert.Equal(Settlement(1, 0.2m) with { Note = "kept" }, calls[0].Settlement);
            Assert.Equal([2L], (await store.Calls.ReadAsync(new CallQuery("songs") { State = CallState.InDoubt }).ToListAsync()).Select(c => c.CallId));
            Assert.Equal(1.2m, await store.Calls.SpentAsync("songs"));

            var lease = new Lease("songs", "run-2", 2);
            Assert.Equal(new Doubt(2, 2, 1m), await store.Calls.FindDoubtAsync(lease));
            await store.Calls.ClearAsync(lease, [2, 3], ClearedBy.Outcomes);
            var counts = new ReplyCounts(1, 2, 3, 4, 5, 6);
            var next = await store.Calls.OpenAsync(Intent(4) with { Lease = lease });
            await store.Calls.SettleAsync(Settlement(next) with { Counts = counts });
            Assert.Equal(counts, (await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync())[3].Settlement!.Counts);
            Assert.All(calls, c => Assert.Null(c.Intent.Place));
            await store.Batches.AddAsync(BatchLines.Batch(), lease);
            await store.Calls.RecordAsync(BatchLines.Call(2) with { Lease = lease }, Settlement(0));
            Assert.Equal(new BatchPlace("b-1", 2), (await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync())[4].Intent.Place);
        }

        await using var again = await SqliteStore.OpenAsync(File, _clock);
        Assert.Equal(2, (await again.Calls.ReadAsync(new CallQuery("songs") { State = CallState.Cleared }).ToListAsync()).Count);
        Assert.Equal(StoreFile.Version, Scalar("PRAGMA user_version"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Several_processes_may_upgrade_a_store_at_once(int format)
    {
        Write(format);
        var stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await SqliteStore.OpenAsync(File, _clock))));
        foreach (var (i, store) in stores.Index())
        {
            var call = await store.Calls.OpenAsync(Intent(i));
            await store.Calls.SettleAsync(Settlement(call) with { Counts = new ReplyCounts(i, 0, 0, 0, 0, 0) });
        }

        Assert.Equal(11, (await stores[0].Calls.ReadAsync(new CallQuery("songs")).ToListAsync()).Count);
        foreach (var store in stores) await store.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_program_of_an_earlier_version_that_holds_the_file_open_can_go_on_writing(int format)
    {
        Write(format);
        await using var old = Connect();
        await using var store = await SqliteStore.OpenAsync(File, _clock);

        Execute(old, "INSERT OR REPLACE INTO settlements (id, at, good_rows, input, cached_input, output, latency) VALUES (3, 0, 1, 10, 0, 5, 100)");

        Execute(old, "INSERT INTO calls (job, run, token, question, route, at, reserved_input, reserved_cached, reserved_output, max_usd, n, keys) VALUES (1, 2, 1, 3, 4, 0, 1, 0, 1, '0.25', 0, x'')");

        var calls = await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync();
        Assert.Equal([CallState.Settled, CallState.InDoubt, CallState.Settled, CallState.Open], calls.Select(c => c.State));
        Assert.Null(calls[3].Intent.Place);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task An_upgraded_file_has_the_tables_of_a_new_one(int format)
    {
        Write(format);
        await (await SqliteStore.OpenAsync(File, _clock)).DisposeAsync();
        await (await SqliteStore.OpenAsync(_folder.File("new.db"), _clock)).DisposeAsync();

        Assert.Equal(Tables("new.db"), Tables("store.db"));
    }

    /// <summary>Three calls of one dead run: settled, in doubt, open; and one answer.</summary>
    private void Write(int format)
    {
        using var connection = Connect();
        var at = Noon.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        const string Line = """{"answer":{"mood":"Low"}}""";
        string Keys(int row)
        {
            var key = new byte[16];
            Key(row).Write(key);
            return Convert.ToHexString(key);
        }

        Execute(connection, (format == 1 ? FirstStoreFormat.Schema : SecondStoreFormat.Schema) + $$"""
            INSERT INTO names VALUES (1, 'songs'), (2, 'run-1'), (3, 'question'), (4, 'a/x@http://one');
            INSERT INTO leases VALUES ('songs', 'run-1', 1, 'away', 1, '1', {{at}}, {{at}}, 2);
            INSERT INTO calls VALUES
              (1, 1, 2, 1, 3, 4, {{at}}, 1000, 0, 500, '0.5', 0, 1, x'{{Keys(1)}}'),
              (2, 1, 2, 1, 3, 4, {{at}}, 1000, 0, 500, '0.5', 1, 1, x'{{Keys(2)}}'),
              (3, 1, 2, 1, 3, 4, {{at}}, 1000, 0, 500, '0.5', 0, 1, x'{{Keys(3)}}');
            INSERT INTO settlements (id, at, failure, http_status, good_rows, input, cached_input, output, usd, latency, request_id, note, evidence) VALUES (1, {{at + (2 * TimeSpan.TicksPerSecond)}}, NULL, NULL, 1, 900, 100, 300, '0.2', {{700 * TimeSpan.TicksPerMillisecond}}, NULL, 'kept', NULL);
            INSERT INTO packs VALUES (1, 1, 3, 4, 2, 1, {{at}}, 0, 1, x'{{Keys(1)}}', '{{Line}}');
            INSERT INTO totals VALUES (3, 4, 1, 1, 1, 1, 0);
            """);
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        return connection;
    }

    private long Scalar(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Columns and indexes, by name and in order.</summary>
    private List<string> Tables(string name)
    {
        using var connection = new SqliteConnection($"Data Source={_folder.File(name)};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT m.type || ' ' || m.name || ' ' || coalesce(p.name || ' ' || p.type || p."notnull" || coalesce(p.dflt_value, ''), m.sql, '')
            FROM sqlite_master m LEFT JOIN pragma_table_info(m.name) p ON m.type = 'table' ORDER BY m.name, p.cid
            """;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read()) rows.Add(reader.GetString(0));
        return rows;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
