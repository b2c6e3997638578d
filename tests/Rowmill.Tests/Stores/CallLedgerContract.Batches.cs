using Rowmill.Core.Models;
using Rowmill.Core.Stores;
using static Rowmill.Tests.Stores.BatchLines;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Stores;

public abstract partial class CallLedgerContract
{
    [Fact]
    public async Task A_line_of_a_batch_is_stored_once_with_its_place_and_ends()
    {
        await using var store = await OpenAsync();
        await store.Batches.AddAsync(Batch(lines: 3));
        var online = await store.Calls.OpenAsync(Intent(1));
        var call = Call(2, rest: "[1]");
        var settlement = Settlement(0) with { Failure = FailureKind.BadGeneration, Note = "no reply", Counts = new ReplyCounts(1, 0, 3, 0, 0, 6) };
        await store.Calls.RecordAsync(call, settlement);
        await store.Calls.RecordAsync(call with { MaxUsd = 9 }, Settlement(0, 9));

        var calls = await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync();

        Assert.Equal(2, calls.Count);
        Assert.Null(calls[0].Intent.Place);
        Assert.True(calls[1].CallId > online);
        Assert.Equal(CallState.Settled, calls[1].State);
        Assert.Equal(new BatchPlace("b-1", 2), calls[1].Intent.Place);
        Assert.Equal(call.Rows, calls[1].Intent.Rows);
        Assert.Equal(call with { Rows = calls[1].Intent.Rows, Place = calls[1].Intent.Place }, calls[1].Intent);
        Assert.Equal(settlement with { CallId = calls[1].CallId }, calls[1].Settlement);
        Assert.Equal([1, 3], await store.Batches.OpenAsync());
        Assert.Equal((2, 4), await store.Batches.CountOpenAsync("b-1"));
        Assert.Equal(["b-1 2 [1]"], await store.Batches.LeftAsync());
        var share = new CallShare?[1];
        await store.Calls.FindSharesAsync(new[] { new RowCall(calls[1].CallId, Key(20)) }, share);
        Assert.Equal(0.1m, share[0]?.Usd);
    }

    [Fact]
    public async Task A_line_that_is_not_there_is_not_stored_and_fails_nothing()
    {
        await using var store = await OpenAsync();
        await store.Batches.AddAsync(Batch(lines: 1));

        await store.Calls.RecordAsync(Call(2, rest: "{}"), Settlement(0));
        await store.Calls.RecordAsync(Call(1, "never", "{}"), Settlement(0));

        Assert.Empty(await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync());
        Assert.Empty(await store.Batches.LeftAsync());
        Assert.Equal([1], await store.Batches.OpenAsync());
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.Calls.RecordAsync(Intent(1), Settlement(0)));
    }

    [Fact]
    public async Task A_line_of_a_batch_is_never_in_doubt()
    {
        await using var store = await OpenAsync();
        await store.Batches.AddAsync(Batch(lines: 2, phase: BatchPhase.Submitted));
        await store.Calls.RecordAsync(Call(1), Settlement(0));
        await store.Answers.AppendAsync(PackOf(Call(2), Answer(20)));
        var online = await store.Calls.OpenAsync(Intent(3));

        Assert.Equal(new Doubt(1, 1, 0.5m), await store.Calls.FindDoubtAsync(new Lease("songs", "run-2", 2)));
        Assert.Equal([online], (await store.Calls.ReadAsync(new CallQuery("songs") { State = CallState.InDoubt }).ToListAsync()).Select(c => c.CallId));
    }

    [Fact]
    public async Task A_batch_that_the_service_may_have_is_in_doubt_with_its_requests_and_rows()
    {
        await using var store = await OpenAsync();
        var batch = await store.Batches.AddAsync(Batch(lines: 3, phase: BatchPhase.Submitting));
        await store.Calls.OpenAsync(Intent(20, 21, 22));
        var nobody = new LeaseLook(1, null);

        // Without an upload nothing was made.
        Assert.Equal(new Doubt(1, 3, 0.5m), await DoubtSum.OfAsync(store.Calls, store.Batches, "songs", nobody));
        await store.Batches.SaveAsync(Held, batch with { Upload = "" });
        Assert.Equal(new Doubt(4, 7, 0.8m) { Batches = 1 }, await DoubtSum.OfAsync(store.Calls, store.Batches, "songs", nobody));
        Assert.Equal(new Doubt(0, 0, 0), await DoubtSum.OfAsync(store.Calls, store.Batches, "songs", new LeaseLook(1, Held)));
        Assert.Equal(new Doubt(0, 0, 0), await DoubtSum.OfAsync(store.Calls, store.Batches, "other", nobody));

        await store.Batches.SaveAsync(Held, batch with { Upload = "", Phase = BatchPhase.Submitted, ServiceId = "x" });
        Assert.Equal(new Doubt(1, 3, 0.5m), await DoubtSum.OfAsync(store.Calls, store.Batches, "songs", nobody));
    }

    [Theory]
    [InlineData(BatchPhase.Prepared, 0)]
    [InlineData(BatchPhase.Submitting, 1)]
    [InlineData(BatchPhase.Submitted, 1)]
    [InlineData(BatchPhase.Handed, 0)]
    [InlineData(BatchPhase.Ended, 0)]
    [InlineData(BatchPhase.Dropped, 0)]
    public async Task What_is_open_of_a_batch_that_may_have_been_sent_counts_as_spent(BatchPhase phase, int counts)
    {
        await using var store = await OpenAsync();
        var batch = await store.Batches.AddAsync(Batch(lines: 3) with { MaxUsd = 0.3m });
        await store.Batches.AddAsync(Batch("free", 2, phase) with { MaxUsd = null });
        await store.Batches.AddAsync(Batch("empty", 0, phase));
        await store.Batches.AddAsync(Batch("theirs", 2, phase) with { Job = "other" }, new Lease("other", "run-1", 1));
        Assert.Equal(0, await store.Calls.SpentAsync("songs"));

        await store.Batches.SaveAsync(Held, batch with { Phase = phase });
        Assert.Equal(counts * 0.3m, await store.Calls.SpentAsync("songs"));

        // A third of the batch is now what it cost.
        await store.Calls.RecordAsync(Call(1), Settlement(0, 0.07m));
        if (counts > 0) Assert.Equal(0.07m + 0.2m, await store.Calls.SpentAsync("songs"));
        await store.Answers.AppendAsync(PackOf(Call(2), Answer(20)) with { Settlement = Settlement(0, 0.01m) });
        if (counts > 0) Assert.Equal(0.08m + 0.1m, await store.Calls.SpentAsync("songs"));
        await store.Batches.CloseAsync(Held, "b-1");
        if (counts > 0) Assert.Equal(0.08m, await store.Calls.SpentAsync("songs"));
    }
}
