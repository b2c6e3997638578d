using System.Text;
using Rowmill.Core;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;
using static Rowmill.Tests.Stores.BatchLines;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Stores;

public abstract class BatchStoreContract
{
    protected abstract Task<StoreSubject> OpenAsync();

    [Fact]
    public async Task A_record_comes_back_as_it_went_in()
    {
        await using var store = await OpenAsync();
        var bare = Batch() with { MaxUsd = null };
        await store.Batches.SaveAsync(Held, bare);
        var read = Assert.Single(await store.Batches.ReadAsync("songs"));
        Assert.Empty(read.Results);
        Assert.Equal(bare with { Results = read.Results }, read);

        var full = bare with
        {
            Phase = BatchPhase.Submitted,
            Stage = 2,
            MaxUsd = 1234567.000000000000000001m,
            SubmittedAt = Noon.AddMinutes(1),
            EndedAt = Noon.AddHours(5).AddTicks(1),
            UploadSession = "https://one/upload?x=1",
            Upload = "files/ü",
            ServiceId = "batches/1",
            Told = new BatchTold("BATCH_STATE_RUNNING", Noon.AddHours(1))
            {
                Succeeded = 4_000_000_000,
                Failed = 0,
                ExpiresAt = Noon.AddDays(2),
                ResultsUntil = Noon.AddDays(30),
                IsOver = true,
            },
            Results = new Dictionary<string, string> { ["b-1-out.jsonl"] = new string('b', 64), ["b-1-errors.jsonl"] = new string('c', 64) },
            Note = "one line\tfor \"people\"",
        };
        await store.Batches.SaveAsync(Held, full);

        read = Assert.Single(await store.Batches.ReadAsync("songs"));
        Assert.Equal(full.Results.OrderBy(r => r.Key), read.Results.OrderBy(r => r.Key));
        Assert.Equal(full with { Results = read.Results }, read);

        await store.Batches.SaveAsync(Held, full with { Told = new BatchTold("queued", Noon) });
        Assert.Equal(new BatchTold("queued", Noon), Assert.Single(await store.Batches.ReadAsync("songs")).Told);
    }

    [Fact]
    public async Task Batches_of_a_job_come_in_the_order_they_were_first_stored()
    {
        await using var store = await OpenAsync();
        await store.Batches.AddLinesAsync(Held, "z", [Line(1)]);
        foreach (var name in new[] { "m", "z", "a" }) await store.Batches.SaveAsync(Held, Batch(name));
        await store.Batches.SaveAsync(new Lease("other", "run-1", 1), Batch("o") with { Job = "other" });
        await store.Batches.SaveAsync(Held, Batch("m", phase: BatchPhase.Submitted));

        Assert.Equal(["m", "z", "a"], (await store.Batches.ReadAsync("songs")).Select(b => b.Name));
        Assert.Equal(["o"], (await store.Batches.ReadAsync("other")).Select(b => b.Name));
        Assert.Empty(await store.Batches.ReadAsync("never"));
    }

    [Fact]
    public async Task Lines_come_back_as_they_went_in()
    {
        await using var store = await OpenAsync();
        BatchLine[] lines = [Line(1, 1), Line(2, 300, """{"attempts":[1,2]}"""), Line(3, 2, """{"note":"ü"}""")];
        await store.Batches.AddLinesAsync(Held, "b-1", lines[..2]);
        await store.Batches.AddLinesAsync(Held, "b-1", lines[2..]);
        await store.Batches.AddLinesAsync(Held, "b-1", []);
        await store.Batches.SaveAsync(Held, Batch());

        Same(lines, await store.Batches.OpenLinesAsync("b-1").ToListAsync());
        var found = await FindAsync(store, "b-1", 3, 4, 1, 0, 3, int.MaxValue);
        Same([lines[2], null, lines[0], null, lines[2], null], found);
        Assert.Equal((3, 303), await store.Batches.CountOpenAsync("b-1"));
        Assert.Equal(lines.SelectMany(l => l.Rows), (await store.Batches.OpenRowsAsync("songs", "question").ToListAsync()).SelectMany(r => r));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.Batches.FindLinesAsync("b-1", new[] { 1 }, new BatchLine?[2]));
    }

    [Fact]
    public async Task Lines_without_a_record_count_for_nothing()
    {
        await using var store = await OpenAsync();
        await store.Batches.AddLinesAsync(Held, "b-1", [Line(1), Line(2)]);

        await AllEndedAsync(store, "b-1");
        Assert.Empty(await store.Batches.ReadAsync("songs"));
        Assert.Equal(0, await store.Batches.CloseAsync(Held, "b-1"));
        await store.Calls.RecordAsync(Call(1, rest: "{}"), Settlement(0));
        Assert.Empty(await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync());
        Assert.Empty(await store.Batches.LeftAsync());

        await store.Batches.SaveAsync(Held, Batch(lines: 2));
        Assert.Equal([1, 2], await store.Batches.OpenAsync());
    }

    [Fact]
    public async Task Lines_added_again_from_the_first_replace_those_that_were_never_saved()
    {
        await using var store = await OpenAsync();
        await store.Batches.AddLinesAsync(Held, "b-1", [Line(1), Line(2), Line(3)]);
        await store.Batches.AddLinesAsync(Held, "b-2", [Line(1)]);
        await store.Batches.AddLinesAsync(Held, "b-1", [Line(1, 7)]);
        await store.Batches.AddLinesAsync(Held, "b-1", [Line(2, 1)]);
        await store.Batches.SaveAsync(Held, Batch(lines: 2));
        await store.Batches.SaveAsync(Held, Batch("b-2", lines: 1));

        Same([Line(1, 7), Line(2, 1)], await store.Batches.OpenLinesAsync("b-1").ToListAsync());
        Assert.Equal((2, 8), await store.Batches.CountOpenAsync("b-1"));
        Assert.Equal([1], await store.Batches.OpenAsync("b-2"));
    }

    [Fact]
    public async Task A_batch_that_is_stored_takes_no_more_lines()
    {
        await using var store = await OpenAsync();
        await store.Batches.AddAsync(Batch(lines: 2));

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.Batches.AddLinesAsync(Held, "b-1", [Line(1)]));

        Assert.Equal([1, 2], await store.Batches.OpenAsync());
    }

    [Fact]
    public async Task What_a_dead_run_added_and_never_saved_goes_when_the_next_one_adds()
    {
        await using var store = await OpenAsync();
        await store.Batches.AddAsync(Batch("saved", 1));
        await store.Batches.AddLinesAsync(Held, "left", [Line(1), Line(2)]);
        var next = new Lease("songs", "run-2", 2);
        await store.Batches.AddLinesAsync(next, "mine", [Line(1)]);
        await store.Batches.AddLinesAsync(next, "new", [Line(1)]);
        foreach (var name in new[] { "left", "mine", "new" }) await store.Batches.SaveAsync(next, Batch(name, 1));

        Assert.Empty(await store.Batches.OpenAsync("left"));
        Assert.Equal([1], await store.Batches.OpenAsync("saved"));
        Assert.Equal([1], await store.Batches.OpenAsync("mine"));
        Assert.Equal([1], await store.Batches.OpenAsync("new"));
    }

    [Theory]
    [InlineData(BatchPhase.Prepared, true)]
    [InlineData(BatchPhase.Submitting, true)]
    [InlineData(BatchPhase.Submitted, true)]
    [InlineData(BatchPhase.Handed, true)]
    [InlineData(BatchPhase.Ended, false)]
    [InlineData(BatchPhase.Dropped, false)]
    public async Task Lines_are_open_in_every_phase_but_the_last_two_which_end_them(BatchPhase phase, bool open)
    {
        await using var store = await OpenAsync();
        await store.Batches.AddAsync(Batch(lines: 2));
        await store.Batches.AddAsync(Batch("b-2", lines: 1));
        await store.Batches.SaveAsync(Held, Batch(lines: 2, phase: phase));

        if (open)
        {
            Assert.Equal([1, 2], await store.Batches.OpenAsync());
            Assert.Equal((2, 4), await store.Batches.CountOpenAsync("b-1"));
        }
        else
        {
            await store.Batches.SaveAsync(Held, Batch(lines: 2));
            await AllEndedAsync(store, "b-1");
        }

        Assert.Equal([1], await store.Batches.OpenAsync("b-2"));
    }

    [Fact]
    public async Task Closing_ends_what_is_open_and_tells_how_much_that_was()
    {
        await using var store = await OpenAsync();
        await store.Batches.AddAsync(Batch(lines: 3));
        await store.Batches.AddAsync(Batch("b-2", lines: 2));
        await store.Calls.RecordAsync(Call(2, rest: "[2]"), Settlement(0));

        Assert.Equal(2, await store.Batches.CloseAsync(Held, "b-1"));
        Assert.Equal(0, await store.Batches.CloseAsync(Held, "b-1"));
        Assert.Equal(0, await store.Batches.CloseAsync(Held, "never"));

        await AllEndedAsync(store, "b-1");
        Assert.Equal([1, 2], await store.Batches.OpenAsync("b-2"));
        Assert.Equal(["b-1 2 [2]"], await store.Batches.LeftAsync());
    }

    [Fact]
    public async Task Open_rows_are_those_of_the_job_s_question()
    {
        await using var store = await OpenAsync();
        await store.Batches.AddAsync(Batch("b-1", 1));
        await store.Batches.AddAsync(Batch("b-2", 2));
        await store.Batches.AddAsync(Batch("b-3", 3) with { Question = "earlier" });
        await store.Batches.AddAsync(Batch("b-4", 4) with { Job = "other" }, new Lease("other", "run-1", 1));
        await store.Batches.AddAsync(Batch("b-5", 5, BatchPhase.Dropped));
        await store.Calls.RecordAsync(Call(1, "b-2"), Settlement(0));

        Assert.Equal((HashSet<RowKey>)[.. Line(1).Rows, .. Line(2).Rows], (await store.Batches.OpenRowsAsync("songs", "question").ToListAsync()).SelectMany(r => r).ToHashSet());
        Assert.Equal(6, (await store.Batches.OpenRowsAsync("songs", "earlier").ToListAsync()).SelectMany(r => r).Count());
        Assert.Empty(await store.Batches.OpenRowsAsync("songs", "never").ToListAsync());
        Assert.Empty(await store.Batches.OpenRowsAsync("never", "question").ToListAsync());
    }

    [Fact]
    public async Task Many_lines_are_read_in_order_to_their_end()
    {
        await using var store = await OpenAsync();
        const int Lines = 2_000;
        foreach (var page in Enumerable.Range(1, Lines).Chunk(300)) await store.Batches.AddLinesAsync(Held, "b-1", [.. page.Select(n => Line(n))]);
        await store.Batches.SaveAsync(Held, Batch(lines: Lines));
        foreach (var n in Enumerable.Range(1, Lines).Where(n => n % 2 == 0)) await store.Calls.RecordAsync(Call(n, rest: $"{n}"), Settlement(0));

        Assert.Equal(Enumerable.Range(1, Lines).Where(n => n % 2 == 1), await store.Batches.OpenAsync());
        Assert.Equal(Lines, (await store.Batches.OpenRowsAsync("songs", "question").ToListAsync()).SelectMany(r => r).Distinct().Count());
        Assert.Equal(Enumerable.Range(1, Lines).Where(n => n % 2 == 0).Select(n => $"b-1 {n} {n}"), await store.Batches.LeftAsync());
    }

    [Fact]
    public async Task Rests_come_oldest_first_until_they_are_forgotten()
    {
        await using var store = await OpenAsync();
        await store.Batches.AddAsync(Batch(lines: 4));
        await store.Batches.AddAsync(Batch("b-2", lines: 2) with { Question = "earlier" });
        await store.Calls.RecordAsync(Call(3, rest: """{"rows":["ü"]}"""), Settlement(0));
        await store.Calls.RecordAsync(Call(1), Settlement(0));
        await store.Calls.RecordAsync(Call(1, "b-2", "{}"), Settlement(0));
        await store.Answers.AppendAsync(PackOf(Call(2, rest: "[2]"), Answer(20)));

        Assert.Equal(["b-1 3 {\"rows\":[\"ü\"]}", "b-1 2 [2]"], await store.Batches.LeftAsync());
        Assert.Equal(["b-2 1 {}"], await store.Batches.LeftAsync("earlier"));
        Assert.Empty(await store.Batches.LeftAsync(job: "other"));
        await store.Batches.SaveAsync(Held, Batch(lines: 4, phase: BatchPhase.Ended));
        Assert.Equal(2, (await store.Batches.LeftAsync()).Count);

        await store.Batches.ForgetRestsAsync(Held, [new BatchRest("b-1", 3, default), new BatchRest("b-1", 4, default), new BatchRest("never", 1, default)]);
        Assert.Equal(["b-1 2 [2]"], await store.Batches.LeftAsync());
        Assert.Equal(["b-2 1 {}"], await store.Batches.LeftAsync("earlier"));
    }

    [Fact]
    public async Task A_run_whose_job_was_taken_over_changes_nothing()
    {
        await using var store = await OpenAsync();
        var owner = new LeaseOwner("here", 1, "1");
        store.Alive[owner] = false;
        var old = (await store.Lease.AcquireAsync("songs", "run-1", owner)).Granted!;
        await store.Batches.AddAsync(Batch(lines: 3), old);
        await store.Calls.RecordAsync(Call(3, rest: "{}") with { Lease = old }, Settlement(0));
        var taken = (await store.Lease.AcquireAsync("songs", "run-2", owner)).Granted!;

        await LostAsync(() => store.Batches.AddLinesAsync(old, "b-2", [Line(1)]));
        await LostAsync(() => store.Batches.SaveAsync(old, Batch(phase: BatchPhase.Dropped)));
        await LostAsync(() => store.Batches.ForgetRestsAsync(old, [new BatchRest("b-1", 3, default)]));
        await Assert.ThrowsAsync<LeaseLostException>(async () => await store.Batches.CloseAsync(old, "b-1"));
        await LostAsync(() => store.Calls.RecordAsync(Call(1) with { Lease = old }, Settlement(0)));
        await LostAsync(() => store.Answers.AppendAsync(PackOf(Call(1) with { Lease = old }, Answer(10)) with { Lease = old }));

        Assert.Equal([1, 2], await store.Batches.OpenAsync());
        Assert.Equal(["b-1 3 {}"], await store.Batches.LeftAsync());
        await store.Batches.SaveAsync(taken, Batch("b-2", lines: 0));
        Assert.Empty(await store.Batches.OpenAsync("b-2"));

        static async Task LostAsync(Func<ValueTask> write) => await Assert.ThrowsAsync<LeaseLostException>(async () => await write());
    }

    private static async Task AllEndedAsync(StoreSubject store, string batch)
    {
        Assert.Empty(await store.Batches.OpenAsync(batch));
        Assert.Equal((0, 0), await store.Batches.CountOpenAsync(batch));
        Assert.All(await FindAsync(store, batch, 1, 2), Assert.Null);
    }

    private static async Task<BatchLine?[]> FindAsync(StoreSubject store, string batch, params int[] numbers)
    {
        var found = new BatchLine?[numbers.Length];
        await store.Batches.FindLinesAsync(batch, numbers, found);
        return found;
    }

    private static void Same(IReadOnlyList<BatchLine?> expected, IReadOnlyList<BatchLine?> actual)
    {
        Assert.Equal(expected.Select(Text), actual.Select(Text));

        static string Text(BatchLine? line) => line is null ? "none"
            : $"{line.Number} {string.Join(' ', line.Rows)} {string.Join(' ', line.Tokens)} {line.Reserved} {Encoding.UTF8.GetString(line.Past.Span)}";
    }
}

public sealed class MemoryBatchStoreTests : BatchStoreContract
{
    protected override Task<StoreSubject> OpenAsync() => Task.FromResult(StoreSubject.Memory());
}

public sealed class SqliteBatchStoreTests : BatchStoreContract
{
    protected override Task<StoreSubject> OpenAsync() => StoreSubject.SqliteAsync();
}
