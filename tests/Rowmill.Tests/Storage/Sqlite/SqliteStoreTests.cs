using Microsoft.Data.Sqlite;
using Rowmill.Core;
using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite;
using Rowmill.Tests.Stores;
using Rowmill.Tests.Support;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Storage.Sqlite;

public sealed class SqliteStoreTests : IDisposable
{
    private static readonly AnswerScope s_scope = new("question", ["a/x@http://one"]);
    private readonly TempFolder _folder = new();
    private readonly VirtualClock _clock = new();

    private string File => _folder.File("store.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_kill_loses_nothing_that_completed()
    {
        await using var store = await Open();
        for (var i = 0; i < 50; i++)
        {
            var call = await store.Calls.OpenAsync(Intent(i));
            await store.Answers.AppendAsync(Pack(Answer(i)) with { CallId = call });
            if (i < 40) await store.Calls.SettleAsync(Settlement(call));

            // What the next process would find if this one were killed now.
            if (i % 10 == 9) CopyTo($"killed-{i}.db");
        }

        foreach (var i in new[] { 9, 29, 49 })
        {
            await using var survivor = await SqliteStore.OpenAsync(_folder.File($"killed-{i}.db"), _clock);
            var found = await survivor.Answers.FindAsync(s_scope, [.. Enumerable.Range(0, 60)]);
            Assert.Equal(i + 1, found.Count(f => f is not null));
            Assert.Equal(i + 1, (await survivor.Calls.ReadAsync(new CallQuery("songs")).ToListAsync()).Count);
            Assert.Equal(i == 49 ? new Doubt(10, 10, 5) : new Doubt(0, 0, 0), await survivor.Calls.FindDoubtAsync(new Lease("songs", "run-2", 2)));
        }
    }

    [Fact]
    public async Task A_kill_in_the_middle_of_a_merge_loses_nothing()
    {
        await using var store = await Open(new SqliteStoreOptions { MemtableRows = 100, SliceRows = 1 });
        for (var i = 0; i < 30; i++)
        {
            await store.Answers.AppendAsync(Pack([.. Enumerable.Range(i * 10, 10).Select(row => Answer(row))]));
            CopyTo("killed.db");
            await using var survivor = await SqliteStore.OpenAsync(
                _folder.File("killed.db"), _clock, new SqliteStoreOptions { MemtableRows = 70, SliceRows = 9 });
            var found = await survivor.Answers.FindAsync(s_scope, [.. Enumerable.Range(0, 300)]);
            Assert.Equal(10 * (i + 1), found.Count(f => f is not null));
        }
    }

    [Fact]
    public async Task An_intent_is_on_the_disk_before_its_call_leaves_and_what_was_written_before_it_too()
    {
        await using var store = await Open();
        await store.Answers.AppendAsync(Pack(Answer(1)));
        Assert.Equal(0, store.Writer.Syncs);

        await store.Calls.OpenAsync(Intent(1));
        Assert.Equal(1, store.Writer.Syncs);

        await store.Answers.AppendAsync(Pack(Answer(2)));
        Assert.Equal(1, store.Writer.Syncs);
    }

    [Fact]
    public async Task What_was_written_is_synchronized_within_a_second_and_once()
    {
        await using var store = await Open();
        await store.Answers.AppendAsync(Pack(Answer(1)));
        Assert.Equal(0, store.Writer.Syncs);

        _clock.Advance(TimeSpan.FromSeconds(1));
        await store.Answers.AppendAsync(Pack(Answer(2))); // stands in line behind the synchronization
        await store.Answers.AppendAsync(Pack(Answer(3)));
        Assert.Equal(1, store.Writer.Syncs);

        _clock.Advance(TimeSpan.FromSeconds(1));
        await store.Answers.AppendAsync(Pack(Answer(4)));
        await store.Answers.AppendAsync(Pack(Answer(5)));
        Assert.Equal(2, store.Writer.Syncs);
    }

    [Fact]
    public async Task A_closed_store_leaves_one_file_and_everything_in_it()
    {
        await using (var store = await Open())
        {
            var writes = Enumerable.Range(0, 100).Select(i => store.Answers.AppendAsync(Pack(Answer(i))).AsTask()).ToArray();
            await store.DisposeAsync();
            await Task.WhenAll(writes);
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.Answers.AppendAsync(Pack(Answer(1))));
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.Answers.FindAsync(s_scope, 1));
        }

        Assert.Equal([File], Directory.GetFiles(_folder.Path));
        await using var again = await Open();
        Assert.All(await again.Answers.FindAsync(s_scope, [.. Enumerable.Range(0, 100)]), Assert.NotNull);
    }

    [Fact]
    public async Task Two_stores_on_one_file_see_each_other_and_share_one_lease()
    {
        await using var one = await Open();
        await using var two = await Open();
        var lease = (await one.Lease.AcquireAsync("songs", "run-1", LeaseOwner.Current())).Granted!;

        Assert.Equal(LeaseOwner.Current(), (await two.Lease.AcquireAsync("songs", "run-2", LeaseOwner.Current())).Holder);
        for (var i = 0; i < 20; i++)
        {
            await (i % 2 == 0 ? one : two).Answers.AppendAsync(Pack(Answer(i)) with { Lease = lease });
            Assert.NotNull((await (i % 2 == 0 ? two : one).Answers.FindAsync(s_scope, i))[0]);
        }

        await two.Answers.AppendAsync(Pack(Answer(3, "\"new\"")) with { Supersedes = Supersedes.EveryRoute });
        Assert.Equal("\"new\"", (await one.Answers.FindAsync(s_scope, 3))[0].Text());
    }

    [Fact]
    public async Task Stores_may_open_a_new_file_at_the_same_time()
    {
        var stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await Open())));
        await Task.WhenAll(stores.Select((s, i) => s.Answers.AppendAsync(Pack(Answer(i))).AsTask()));

        foreach (var store in stores)
        {
            Assert.All(await store.Answers.FindAsync(s_scope, [.. Enumerable.Range(0, 8)]), Assert.NotNull);
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_lost_lease_refuses_only_the_writes_that_carry_it()
    {
        await using var store = await Open(new SqliteStoreOptions { IsAlive = _ => false });
        var old = (await store.Lease.AcquireAsync("songs", "run-1", LeaseOwner.Current())).Granted!;
        var taken = (await store.Lease.AcquireAsync("songs", "run-2", LeaseOwner.Current())).Granted!;

        var writes = Enumerable.Range(0, 40)
            .Select(i => store.Answers.AppendAsync(Pack(Answer(i)) with { Lease = i % 2 == 0 ? old : taken }).AsTask()).ToArray();

        for (var i = 0; i < writes.Length; i++)
        {
            if (i % 2 == 0) await Assert.ThrowsAsync<LeaseLostException>(() => writes[i]);
            else await writes[i];
        }

        var found = await store.Answers.FindAsync(s_scope, [.. Enumerable.Range(0, 40)]);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => i % 2 == 0), found.Select(f => f is null));
    }

    [Fact]
    public async Task A_full_disk_is_told_to_whoever_writes_and_passes_when_there_is_room_again()
    {
        var big = $"\"{new string('x', 100_000)}\"";
        await using var store = await Open(new SqliteStoreOptions { MaxPages = 40 });
        await store.Answers.AppendAsync(Pack(Answer(1)));

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await store.Answers.AppendAsync(Pack(Answer(2, big + big))));
        var writes = new[] { Answer(3), Answer(4, big + big), Answer(5) }.Select(r => store.Answers.AppendAsync(Pack(r)).AsTask()).ToArray();

        Assert.Contains(File, refused.Message, StringComparison.Ordinal);
        Assert.Contains("disk is full", refused.Message, StringComparison.Ordinal);
        await writes[0];
        await Assert.ThrowsAsync<StoreException>(() => writes[1]);
        await writes[2];
        Assert.Equal([false, true, false, true, false], (await store.Answers.FindAsync(s_scope, 1, 2, 3, 4, 5)).Select(f => f is null));
    }

    [Fact]
    public async Task A_store_locked_by_another_process_is_told_so()
    {
        await using var store = await Open(new SqliteStoreOptions { Busy = TimeSpan.FromMilliseconds(20) });
        await using var other = new SqliteConnection($"Data Source={File};Pooling=False");
        other.Open();
        using (other.BeginTransaction())
        {
            var e = await Assert.ThrowsAsync<StoreException>(async () => await store.Answers.AppendAsync(Pack(Answer(1))));
            Assert.True(e.Locked);
        }

        await store.Answers.AppendAsync(Pack(Answer(1)));
    }

    [Fact]
    public async Task The_files_belong_to_their_owner_alone()
    {
        if (OperatingSystem.IsWindows()) return;
        var path = Path.Combine(_folder.Path, "deep", "er", "store.db");
        await using var store = await SqliteStore.OpenAsync(path, _clock);
        await store.Answers.AppendAsync(Pack(Answer(1)));

        foreach (var file in new[] { path, path + "-wal", path + "-shm" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(file));
        foreach (var folder in new[] { "deep", "deep/er" })
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                System.IO.File.GetUnixFileMode(Path.Combine(_folder.Path, folder)));
    }

    [Fact]
    public async Task A_file_that_cannot_be_a_store_is_named_with_what_to_do()
    {
        System.IO.File.WriteAllText(_folder.File("songs.csv"), new string('x', 5000));
        await Fails(_folder.File("songs.csv"), "is not an SQLite database");
        await Fails(Path.Combine(_folder.File("songs.csv"), "store.db"), "cannot be created");

        await Execute("PRAGMA user_version=0; CREATE TABLE other(x)");
        await Fails(File, "another program");
    }

    [Fact]
    public async Task A_store_of_a_newer_version_is_left_alone()
    {
        await (await Open()).DisposeAsync();
        await Execute($"PRAGMA user_version={StoreFile.Version + 1}");

        await Fails(File, "newer Rowmill");
    }

    [Fact]
    public async Task A_damaged_store_is_told_to_reader_and_writer()
    {
        await (await Open()).DisposeAsync();
        var empty = (int)new FileInfo(File).Length;
        await using (var store = await Open())
        {
            for (var i = 0; i < 200; i++) await store.Answers.AppendAsync(Pack([.. Enumerable.Range(i * 20, 20).Select(r => Answer(r))]));
        }

        var bytes = System.IO.File.ReadAllBytes(File);
        bytes.AsSpan(empty).Fill(0xa5); // past the pages that every table has from the start
        System.IO.File.WriteAllBytes(File, bytes);

        await using var damaged = await Open();
        var e = await Assert.ThrowsAsync<StoreException>(async () => await damaged.Answers.FindAsync(s_scope, 3));
        Assert.Contains("damaged", e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreException>(async () => await damaged.Answers.AppendAsync(Pack(Answer(1))));
    }

    [Fact]
    public async Task The_lines_are_readable_with_any_SQLite_tool()
    {
        await using (var store = await Open())
        {
            await store.Answers.AppendAsync(Pack(Answer(1, """{"mood":"Høj"}"""), Abstain(2), Fail(3, attempt: 4)));
        }

        await using var other = new SqliteConnection($"Data Source={File};Pooling=False");
        other.Open();
        using var command = other.CreateCommand();
        command.CommandText = "SELECT substr(lines, 1, length(lines) - 19), substr(lines, -18) FROM packs";
        using var row = command.ExecuteReader();
        Assert.True(row.Read());
        Assert.Matches("^{\"sum\":\"[0-9a-f]{8}\"}$", row.GetString(1));
        Assert.Equal(
            """
            {"answer":{"mood":"Høj"}}
            {"abstain":"no lyrics"}
            {"failed":{"reason":"wrong_form"},"attempt":4}
            """,
            row.GetString(0));
    }

    private async Task<SqliteStore> Open(SqliteStoreOptions? options = null) =>
        await SqliteStore.OpenAsync(File, _clock, options ?? new SqliteStoreOptions());

    private void CopyTo(string name)
    {
        foreach (var suffix in new[] { "", "-wal" }) System.IO.File.Copy(File + suffix, _folder.File(name) + suffix, overwrite: true);
        System.IO.File.Delete(_folder.File(name) + "-shm");
    }

    private async Task Fails(string path, string because)
    {
        var e = await Assert.ThrowsAsync<StoreException>(async () => await SqliteStore.OpenAsync(path, _clock));
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
        Assert.Contains(because, e.Message, StringComparison.Ordinal);
    }

    private async Task Execute(string sql)
    {
        await using var other = new SqliteConnection($"Data Source={File};Pooling=False");
        other.Open();
        using var command = other.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
