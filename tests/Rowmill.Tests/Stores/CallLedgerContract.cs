using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Stores;

public abstract partial class CallLedgerContract
{
    protected abstract Task<StoreSubject> OpenAsync();

    [Fact]
    public async Task Calls_are_numbered_upwards_and_come_back_as_they_went_in()
    {
        await using var store = await OpenAsync();
        var intent = Intent(1, 2, 3) with { MaxUsd = 0.0000000000000000000123m, Reserved = new TokenUsage(1, 2, 3) };
        var settlement = Settlement(0, 1234567.000000000000000001m) with
        {
            Failure = FailureKind.BadGeneration,
            HttpStatus = 400,
            Note = "two rows were missing",
            Evidence = "x-request: 1\n{\"a\":\"ü\"}",
            RequestId = "req_1",
            Counts = new ReplyCounts(1, 0, 3, 0, 0, 6),
        };
        var first = await store.Calls.OpenAsync(intent);
        var second = await store.Calls.OpenAsync(Intent(4) with { MaxUsd = null });
        await store.Calls.SettleAsync(settlement with { CallId = first });

        var calls = await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync();

        Assert.True(second > first);
        Assert.Equal([first, second], calls.Select(c => c.CallId));
        Assert.Equal([CallState.Settled, CallState.Open], calls.Select(c => c.State));
        Assert.Equal(intent.Rows, calls[0].Intent.Rows);
        Assert.Equal(intent, calls[0].Intent with { Rows = intent.Rows });
        Assert.Equal(settlement with { CallId = first }, calls[0].Settlement);
        Assert.Null(calls[1].Settlement);
        Assert.Null(calls[1].Intent.MaxUsd);
    }

    [Fact]
    public async Task A_query_narrows_by_job_row_run_and_state()
    {
        await using var store = await OpenAsync();
        var a = await store.Calls.OpenAsync(Intent(1, 2));
        var b = await store.Calls.OpenAsync(Intent(2, 3) with { RunId = "run-2", Lease = new Lease("songs", "run-2", 2) });
        await store.Calls.OpenAsync(Intent(1) with { Job = "other", Lease = new Lease("other", "run-1", 1) });
        await store.Calls.SettleAsync(Settlement(b));

        async Task<long[]> Ids(CallQuery query) => [.. (await store.Calls.ReadAsync(query).ToListAsync()).Select(c => c.CallId)];

        Assert.Equal([a, b], await Ids(new CallQuery("songs")));
        Assert.Equal([a], await Ids(new CallQuery("songs") { Row = Key(1) }));
        Assert.Equal([a, b], await Ids(new CallQuery("songs") { Row = Key(2) }));
        Assert.Equal([b], await Ids(new CallQuery("songs") { Row = Key(2), RunId = "run-2" }));
        Assert.Equal([a], await Ids(new CallQuery("songs") { State = CallState.Open }));
        Assert.Equal([b], await Ids(new CallQuery("songs") { State = CallState.Settled }));
        Assert.Empty(await Ids(new CallQuery("songs") { State = CallState.InDoubt }));
        Assert.Empty(await Ids(new CallQuery("songs") { RunId = "never" }));
        Assert.Empty(await Ids(new CallQuery("never")));
    }

    [Fact]
    public async Task A_call_may_carry_no_row()
    {
        await using var store = await OpenAsync();
        var settled = await store.Calls.OpenAsync(Intent() with { Rows = [] });
        var open = await store.Calls.OpenAsync(Intent() with { Rows = [], MaxUsd = 2 });
        await store.Calls.SettleAsync(Settlement(settled));

        Assert.Empty(await store.Calls.ReadAsync(new CallQuery("songs") { Row = Key(1) }).ToListAsync());
        Assert.Equal([settled, open], (await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync()).Select(c => c.CallId));
        Assert.All(await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync(), c => Assert.Empty(c.Intent.Rows));
        Assert.Equal(new Doubt(1, 0, 2), await store.Calls.FindDoubtAsync(new Lease("songs", "run-2", 2)));
    }

    [Fact]
    public async Task A_row_is_not_found_across_the_border_of_two_keys()
    {
        await using var store = await OpenAsync();
        await store.Calls.OpenAsync(Intent() with { Rows = [new RowKey(1, 2), new RowKey(3, 4)] });

        Assert.Empty(await store.Calls.ReadAsync(new CallQuery("songs") { Row = new RowKey(2, 3) }).ToListAsync());
    }

    [Fact]
    public async Task A_long_ledger_is_read_in_order_to_its_end()
    {
        await using var store = await OpenAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 700).Select(i => store.Calls.OpenAsync(Intent(i % 7)).AsTask()));

        var calls = await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync();
        var some = await store.Calls.ReadAsync(new CallQuery("songs") { Row = Key(3) }).ToListAsync();

        Assert.Equal(ids.Order(), calls.Select(c => c.CallId));
        Assert.Equal(100, some.Count);
    }

    [Fact]
    public async Task Spent_is_what_was_settled_and_the_most_that_the_rest_may_cost()
    {
        await using var store = await OpenAsync();
        var a = await store.Calls.OpenAsync(Intent(1) with { MaxUsd = 5 });
        var free = await store.Calls.OpenAsync(Intent(2) with { MaxUsd = 7 });
        await store.Calls.OpenAsync(Intent(3) with { MaxUsd = 0.1m });
        await store.Calls.OpenAsync(Intent(3) with { MaxUsd = 0.2m });
        await store.Calls.OpenAsync(Intent(3) with { Job = "other", Lease = new Lease("other", "run-1", 1) });
        await store.Calls.SettleAsync(Settlement(a, 0.3m));
        await store.Calls.SettleAsync(Settlement(free, null));

        Assert.Equal(0.6m, await store.Calls.SpentAsync("songs"));
        Assert.Equal(0, await store.Calls.SpentAsync("never"));
    }

    [Fact]
    public async Task What_earlier_runs_left_open_is_in_doubt_and_told_once()
    {
        await using var store = await OpenAsync();
        var dead = await store.Calls.OpenAsync(Intent(1) with { MaxUsd = 0.25m });
        var unpriced = await store.Calls.OpenAsync(Intent(2) with { MaxUsd = null });
        var settled = await store.Calls.OpenAsync(Intent(3));
        await store.Calls.SettleAsync(Settlement(settled));
        await store.Calls.OpenAsync(Intent(3) with { Job = "other", Lease = new Lease("other", "run-1", 1) });
        var owner = new LeaseOwner("here", 1, "1");
        store.Alive[owner] = false;
        var lease = (await store.Lease.AcquireAsync("songs", "run-2", owner)).Granted!;
        var own = await store.Calls.OpenAsync(Intent(4) with { RunId = "run-2", Lease = lease });

        Assert.Equal(new Doubt(2, 2, 0.25m), await store.Calls.FindDoubtAsync(lease));
        Assert.Equal(new Doubt(2, 2, 0.25m), await store.Calls.FindDoubtAsync(lease));

        var next = (await store.Lease.AcquireAsync("songs", "run-3", owner)).Granted!;
        Assert.Equal(new Doubt(3, 3, 0.75m), await store.Calls.FindDoubtAsync(next));
        var doubted = await store.Calls.ReadAsync(new CallQuery("songs") { State = CallState.InDoubt }).ToListAsync();
        Assert.Equal([dead, unpriced, own], doubted.Select(c => c.CallId));
        Assert.Equal(0.95m, await store.Calls.SpentAsync("songs"));
    }

    [Fact]
    public async Task A_settlement_that_comes_after_all_ends_the_doubt()
    {
        await using var store = await OpenAsync();
        var call = await store.Calls.OpenAsync(Intent(1));
        await store.Calls.FindDoubtAsync(new Lease("songs", "run-2", 2));

        await store.Calls.SettleAsync(Settlement(call, 0.01m));

        Assert.Equal(0.01m, await store.Calls.SpentAsync("songs"));
        Assert.Equal(CallState.Settled, (await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync())[0].State);
    }

    [Fact]
    public async Task A_run_whose_job_was_taken_over_opens_no_call()
    {
        await using var store = await OpenAsync();
        var owner = new LeaseOwner("here", 1, "1");
        store.Alive[owner] = false;
        var old = (await store.Lease.AcquireAsync("songs", "run-1", owner)).Granted!;
        await store.Lease.AcquireAsync("songs", "run-2", owner);

        await Assert.ThrowsAsync<LeaseLostException>(async () => await store.Calls.OpenAsync(Intent(1) with { Lease = old }));
        await Assert.ThrowsAsync<LeaseLostException>(async () => await store.Calls.FindDoubtAsync(old));
        Assert.Empty(await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync());
    }

    [Fact]
    public async Task A_call_that_was_never_opened_cannot_be_settled()
    {
        await using var store = await OpenAsync();
        var call = await store.Calls.OpenAsync(Intent(1));

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.Calls.SettleAsync(Settlement(call + 1)));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.Calls.SettleAsync(Settlement(0)));
    }
}

public sealed class MemoryCallLedgerTests : CallLedgerContract
{
    protected override Task<StoreSubject> OpenAsync() => Task.FromResult(StoreSubject.Memory());
}

public sealed class SqliteCallLedgerTests : CallLedgerContract
{
    protected override Task<StoreSubject> OpenAsync() => StoreSubject.SqliteAsync();
}
