using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite;
using Rowmill.Tests.Stores;
using Rowmill.Tests.Support;
using static Rowmill.Tests.Stores.BatchLines;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Storage.Sqlite;

/// <summary>What a file of batches keeps through kills, power cuts and a full disk.</summary>
public sealed class SqliteBatchFileTests : IDisposable
{
    private static readonly AnswerScope s_scope = new("question", ["a/x@http://one"]);
    private readonly TempFolder _folder = new();
    private readonly VirtualClock _clock = new();

    private string File => _folder.File("store.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_record_is_on_the_disk_when_it_is_saved_and_its_lines_before_it()
    {
        await using var store = await SqliteStore.OpenAsync(File, _clock);
        await store.Batches.AddLinesAsync(Held, "b-1", [Line(1), Line(2)]);
        Assert.Equal(0, store.Writer.Syncs);

        await store.Batches.SaveAsync(Held, Batch(lines: 2));
        Assert.Equal(1, store.Writer.Syncs);

        await store.Calls.RecordAsync(Call(1), Settlement(0));
        Assert.Equal(1, store.Writer.Syncs);
        await store.Batches.SaveAsync(Held, Batch(lines: 2, phase: BatchPhase.Submitting));
        Assert.Equal(2, store.Writer.Syncs);
    }

    [Fact]
    public async Task A_kill_leaves_a_line_open_or_ended_with_all_it_brought()
    {
        await using var store = await SqliteStore.OpenAsync(File, _clock);
        await store.Batches.AddAsync(Batch(lines: 40, phase: BatchPhase.Submitted));
        for (var i = 1; i <= 40; i++)
        {
            var append = store.Answers.AppendAsync(PackOf(Call(i, rest: $"[{i}]"), Answer(10 * i)));
            if (i % 2 == 0) await append;

            // What the next process would find if this one were killed now, perhaps in the middle of a write.
            CopyTo("killed.db");
            await append;
            await using var survivor = await SqliteStore.OpenAsync(_folder.File("killed.db"), _clock);
            var calls = await survivor.Calls.ReadAsync(new CallQuery("songs")).ToListAsync();
            Assert.InRange(calls.Count, i - 1 + ((i + 1) % 2), i);
            Assert.Equal(40 - calls.Count, (await survivor.Batches.OpenAsync()).Count);
            Assert.Equal((40 - calls.Count, 80 - (2 * calls.Count)), await survivor.Batches.CountOpenAsync("b-1"));
            Assert.Equal(calls.Count, (await survivor.Batches.LeftAsync()).Count);
            Assert.Equal(calls.Count, (await survivor.Answers.FindAsync(s_scope, [.. Enumerable.Range(1, 40).Select(n => 10 * n)])).Count(f => f is not null));
        }
    }

    [Fact]
    public async Task What_does_not_fit_on_the_disk_leaves_its_line_open()
    {
        await using (var store = await SqliteStore.OpenAsync(File, _clock)) await store.Batches.AddAsync(Batch(lines: 2));
        var pages = (int)(new FileInfo(File).Length / 4096) + 4;
        await using var full = await SqliteStore.OpenAsync(File, _clock, new SqliteStoreOptions { MaxPages = pages });
        var long1 = Answer(10, $"\"{new string('x', 100_000)}\"");

        await Assert.ThrowsAsync<StoreException>(async () => await full.Answers.AppendAsync(PackOf(Call(1, rest: "{}"), long1)));

        Assert.Equal([1, 2], await full.Batches.OpenAsync());
        Assert.Empty(await full.Batches.LeftAsync());
        Assert.Empty(await full.Calls.ReadAsync(new CallQuery("songs")).ToListAsync());
        await full.Answers.AppendAsync(PackOf(Call(1), Answer(10)));
        Assert.Equal([2], await full.Batches.OpenAsync());
        Assert.NotNull((await full.Answers.FindAsync(s_scope, 10))[0]);
    }

    [Fact]
    public async Task Money_of_open_lines_is_shared_without_losing_a_digit()
    {
        await using var store = await SqliteStore.OpenAsync(File, _clock);
        var batch = await store.Batches.AddAsync(Batch(lines: 3, phase: BatchPhase.Submitting) with { MaxUsd = 0.1m });
        await store.Calls.RecordAsync(Call(1), Settlement(0, 0));

        Assert.Equal(0.1m * 2 / 3, await store.Calls.SpentAsync("songs"));
        Assert.Equal(batch.MaxUsd, (await store.Batches.ReadAsync("songs"))[0].MaxUsd);
    }

    private void CopyTo(string name)
    {
        foreach (var suffix in new[] { "", "-wal" }) System.IO.File.Copy(File + suffix, _folder.File(name) + suffix, overwrite: true);
        System.IO.File.Delete(_folder.File(name) + "-shm");
    }
}
