using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Stores;

public abstract partial class CallLedgerContract
{
    private static readonly LeaseOwner s_owner = new("here", 1, "1");

    [Fact]
    public async Task What_a_dead_run_left_open_is_seen_in_doubt_before_the_next_run_marks_it()
    {
        await using var store = await OpenAsync();
        store.Alive[s_owner] = true;
        var lease = (await store.Lease.AcquireAsync("songs", "run-1", s_owner)).Granted!;
        var settled = await store.Calls.OpenAsync(Intent(1) with { Lease = lease });
        await store.Calls.SettleAsync(Settlement(settled));
        var open = await store.Calls.OpenAsync(Intent(2, 3) with { Lease = lease });
        await store.Calls.OpenAsync(Intent(3) with { Job = "other", Lease = new Lease("other", "run-1", 1) });

        Assert.Empty(await DoubtfulAsync(store));
        Assert.Equal([open], await IdsAsync(store, new CallQuery("songs") { State = CallState.Open, Look = await store.Lease.LookAsync("songs") }));
        store.Alive[s_owner] = false;
        Assert.Equal([open], await DoubtfulAsync(store));
        Assert.Empty(await IdsAsync(store, new CallQuery("songs") { State = CallState.Open, Look = await store.Lease.LookAsync("songs") }));
        var all = await store.Calls.ReadAsync(new CallQuery("songs") { Look = await store.Lease.LookAsync("songs") }).ToListAsync();
        Assert.Equal([CallState.Settled, CallState.InDoubt], all.Select(c => c.State));
        Assert.Equal(new Doubt(1, 2, 0.5m), await DoubtSum.OfAsync(store.Calls, "songs", CallState.InDoubt, await store.Lease.LookAsync("songs")));
        Assert.Equal(CallState.Open, (await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync())[1].State);
    }

    [Fact]
    public async Task The_calls_of_a_live_run_are_in_flight_and_those_of_earlier_ones_in_doubt()
    {
        await using var store = await OpenAsync();
        store.Alive[s_owner] = false;
        var first = (await store.Lease.AcquireAsync("songs", "run-1", s_owner)).Granted!;
        var dead = await store.Calls.OpenAsync(Intent(1) with { Lease = first });
        var before = await store.Lease.LookAsync("songs");
        var second = (await store.Lease.AcquireAsync("songs", "run-2", s_owner)).Granted!;
        var live = await store.Calls.OpenAsync(Intent(2) with { RunId = "run-2", Lease = second });
        store.Alive[s_owner] = true;

        Assert.Equal([dead], await DoubtfulAsync(store));
        // A run that began after the look counts as live, whatever the look said.
        Assert.Equal([dead], await IdsAsync(store, new CallQuery("songs") { State = CallState.InDoubt, Look = before }));
        await store.Lease.ReleaseAsync(second);
        Assert.Equal([dead, live], await DoubtfulAsync(store));
    }

    [Fact]
    public async Task The_rows_of_a_doubt_are_counted_once()
    {
        await using var store = await OpenAsync();
        await store.Calls.OpenAsync(Intent(1, 2));
        await store.Calls.OpenAsync(Intent(2, 3));

        Assert.Equal(new Doubt(2, 3, 1m), await store.Calls.FindDoubtAsync(new Lease("songs", "run-2", 2)));
        Assert.Equal(new Doubt(2, 3, 1m), await DoubtSum.OfAsync(store.Calls, "songs", CallState.InDoubt, new LeaseLook(2, null)));
    }

    [Fact]
    public async Task A_cleared_call_is_in_doubt_no_more_and_stays_counted()
    {
        await using var store = await OpenAsync();
        var ids = new List<long>();
        for (var i = 0; i < 4; i++) ids.Add(await store.Calls.OpenAsync(Intent(i) with { MaxUsd = 0.25m }));
        var lease = new Lease("songs", "run-2", 2);
        await store.Calls.ClearAsync(lease, [ids[0]], ClearedBy.Outcomes); // nobody has found it in doubt
        Assert.All(await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync(), c => Assert.Equal(CallState.Open, c.State));
        await store.Calls.FindDoubtAsync(lease);

        await store.Calls.ClearAsync(lease, [ids[0], ids[1]], ClearedBy.Outcomes);
        await store.Calls.ClearAsync(lease, [ids[1], ids[2]], ClearedBy.Job); // the first one stays as it was cleared
        await store.Calls.ClearAsync(lease, [], ClearedBy.Job);

        var calls = await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync();
        Assert.Equal([CallState.Cleared, CallState.Cleared, CallState.Cleared, CallState.InDoubt], calls.Select(c => c.State));
        Assert.Equal([ClearedBy.Outcomes, ClearedBy.Outcomes, ClearedBy.Job, null], calls.Select(c => c.ClearedBy));
        Assert.Equal([ids[3]], await IdsAsync(store, new CallQuery("songs") { State = CallState.InDoubt }));
        Assert.Equal(ids[..3], await IdsAsync(store, new CallQuery("songs") { State = CallState.Cleared }));
        Assert.Equal([ids[1]], await IdsAsync(store, new CallQuery("songs") { State = CallState.Cleared, Row = Key(1) }));
        Assert.Empty(await IdsAsync(store, new CallQuery("songs") { State = CallState.Cleared, RunId = "run-2" }));
        Assert.Equal(1m, await store.Calls.SpentAsync("songs"));
        Assert.Equal(new Doubt(1, 1, 0.25m), await store.Calls.FindDoubtAsync(new Lease("songs", "run-3", 3)));

        await store.Calls.SettleAsync(Settlement(ids[0], 0.01m));
        Assert.Equal(CallState.Settled, (await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync())[0].State);
        Assert.Equal(0.76m, await store.Calls.SpentAsync("songs"));
    }

    [Fact]
    public async Task A_run_whose_job_was_taken_over_clears_nothing()
    {
        await using var store = await OpenAsync();
        store.Alive[s_owner] = false;
        var old = (await store.Lease.AcquireAsync("songs", "run-1", s_owner)).Granted!;
        var call = await store.Calls.OpenAsync(Intent(1) with { Lease = old });
        var taken = (await store.Lease.AcquireAsync("songs", "run-2", s_owner)).Granted!;
        await store.Calls.FindDoubtAsync(taken);

        await Assert.ThrowsAsync<LeaseLostException>(async () => await store.Calls.ClearAsync(old, [call], ClearedBy.Job));
        Assert.Equal([call], await DoubtfulAsync(store));
    }

    [Fact]
    public async Task Many_doubts_are_read_in_order_to_their_end()
    {
        await using var store = await OpenAsync();
        for (var i = 0; i < 700; i++)
        {
            var call = await store.Calls.OpenAsync(Intent(i) with { RunId = i < 600 ? "run-1" : "run-2", Lease = new Lease("songs", "run", i < 600 ? 1 : 2) });
            if (i % 3 == 0) await store.Calls.SettleAsync(Settlement(call));
        }

        await store.Calls.FindDoubtAsync(new Lease("songs", "run-2", 2));
        var marked = await IdsAsync(store, new CallQuery("songs") { State = CallState.InDoubt });
        var seen = await IdsAsync(store, new CallQuery("songs") { State = CallState.InDoubt, Look = new LeaseLook(2, null) });

        Assert.Equal(Enumerable.Range(0, 600).Where(i => i % 3 != 0).Select(i => i + 1L), marked);
        Assert.Equal(Enumerable.Range(0, 700).Where(i => i % 3 != 0).Select(i => i + 1L), seen);
    }

    [Fact]
    public async Task A_row_carries_its_share_of_each_call_that_is_settled()
    {
        await using var store = await OpenAsync();
        var calls = new List<long>();
        for (var i = 0; i < 40; i++) calls.Add(await store.Calls.OpenAsync(Intent(i, i + 1, i + 2)));
        foreach (var call in calls) await store.Calls.SettleAsync(Settlement(call, 0.1m) with { Usage = new TokenUsage(100, 10, 20) });
        var free = await store.Calls.OpenAsync(Intent(3));
        await store.Calls.SettleAsync(Settlement(free, null) with { Usage = new TokenUsage(7, 0, 2) });
        var open = await store.Calls.OpenAsync(Intent(4));

        RowCall[] wanted = [new(calls[30], Key(32)), new(open, Key(4)), new(calls[0], Key(0)), new(free, Key(3)), new(calls[0], Key(1)), new(calls[0], Key(9)), new(calls[0], Key(2)), new(9999, Key(1)), new(0, Key(1))];
        var found = new CallShare?[wanted.Length];
        Array.Fill(found, default(CallShare));
        await store.Calls.FindSharesAsync(wanted, found);

        var took = TimeSpan.FromMilliseconds(700);
        Assert.Equal(new CallShare(new TokenUsage(33, 3, 6), 0.033333333333m, took), found[2]);
        Assert.Equal(new CallShare(new TokenUsage(33, 3, 7), 0.033333333334m, took), found[4]);
        Assert.Equal(new CallShare(new TokenUsage(34, 4, 7), 0.033333333333m, took), found[6]);
        Assert.Equal(found[6], found[0]);
        Assert.Equal(new CallShare(new TokenUsage(7, 0, 2), null, took), found[3]);
        Assert.All([1, 5, 7, 8], i => Assert.Null(found[i]));
    }

    private static async Task<long[]> IdsAsync(StoreSubject store, CallQuery query) =>
        [.. (await store.Calls.ReadAsync(query).ToListAsync()).Select(c => c.CallId)];

    private static async Task<long[]> DoubtfulAsync(StoreSubject store) =>
        await IdsAsync(store, new CallQuery("songs") { State = CallState.InDoubt, Look = await store.Lease.LookAsync("songs") });
}
