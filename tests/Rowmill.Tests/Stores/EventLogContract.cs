using System.Text.Json.Nodes;
using Rowmill.Core.Stores;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Stores;

public abstract class EventLogContract
{
    protected abstract Task<StoreSubject> OpenAsync();

    [Fact]
    public async Task Events_come_back_by_run_in_order_from_a_number_on()
    {
        await using var store = await OpenAsync();
        for (var i = 1; i <= 600; i++)
        {
            await store.Events.AppendAsync(new RunEvent("run-1", i, Noon.AddMilliseconds(i), "answered", new JsonObject { ["rows"] = i }));
            if (i <= 3) await store.Events.AppendAsync(new RunEvent("run-2", i, Noon, "waiting", []));
        }

        var events = await store.Events.ReadAsync("run-1", 0).ToListAsync();
        var rest = await store.Events.ReadAsync("run-1", 598).ToListAsync();

        Assert.Equal(Enumerable.Range(1, 600), events.Select(e => (int)e.Number));
        Assert.Equal(Enumerable.Range(1, 600), events.Select(e => (int)e.Data["rows"]!));
        Assert.All(events, e => Assert.Equal(("run-1", "answered"), (e.RunId, e.Kind)));
        Assert.Equal(Noon.AddMilliseconds(7), events[6].At);
        Assert.Equal([599, 600], rest.Select(e => (int)e.Number));
        Assert.Equal(3, (await store.Events.ReadAsync("run-2", 0).ToListAsync()).Count);
        Assert.Empty(await store.Events.ReadAsync("run-3", 0).ToListAsync());
    }

    [Fact]
    public async Task A_number_is_taken_once()
    {
        await using var store = await OpenAsync();
        await store.Events.AppendAsync(new RunEvent("run-1", 1, Noon, "started", []));

        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await store.Events.AppendAsync(new RunEvent("run-1", 1, Noon, "completed", [])));

        Assert.Equal("started", (await store.Events.ReadAsync("run-1", 0).ToListAsync()).Single().Kind);
    }
}

public sealed class MemoryEventLogTests : EventLogContract
{
    protected override Task<StoreSubject> OpenAsync() => Task.FromResult(StoreSubject.Memory());
}

public sealed class SqliteEventLogTests : EventLogContract
{
    protected override Task<StoreSubject> OpenAsync() => StoreSubject.SqliteAsync();
}
