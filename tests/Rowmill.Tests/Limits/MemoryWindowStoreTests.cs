using Rowmill.Core.Limits;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Limits;

public sealed class MemoryWindowStoreTests : WindowStoreContract
{
    protected override IWindowStore Open() => new MemoryWindowStore(Clock);

    [Fact]
    public async Task Refilling_starts_when_the_first_request_has_arrived_at_the_service()
    {
        var store = new MemoryWindowStore(Clock, TimeSpan.FromMilliseconds(250));
        var request = new WindowRequest(Groq, new RouteLimits { RequestsPerMinute = 2 }, new Demand(1, 1));
        for (var i = 0; i < 2; i++) await store.ReserveAsync(request);

        var refused = await store.ReserveAsync(request);
        Assert.Equal(TimeSpan.FromSeconds(30.25), refused.Wait);

        // A bucket that refills already is not delayed again.
        Clock.Advance(refused.Wait);
        Assert.NotNull((await store.ReserveAsync(request)).Reservation);
        Assert.Equal(TimeSpan.FromSeconds(30), (await store.ReserveAsync(request)).Wait);
    }

    [Fact]
    public async Task The_first_answer_shows_that_the_bucket_refills()
    {
        var store = new MemoryWindowStore(Clock, TimeSpan.FromSeconds(1));
        var request = new WindowRequest(Groq, new RouteLimits { RequestsPerMinute = 2 }, new Demand(1, 1));
        var first = await store.ReserveAsync(request);
        var second = await store.ReserveAsync(request);
        Assert.Equal(TimeSpan.FromSeconds(31), (await store.ReserveAsync(request)).Wait);

        // Lost on its way it shows nothing.
        Clock.Advance(TimeSpan.FromMilliseconds(4));
        await store.SettleAsync(second.Reservation!.Value, new(null));
        Assert.Equal(TimeSpan.FromSeconds(30.996), (await store.ReserveAsync(request)).Wait);
        await store.SettleAsync(first.Reservation!.Value, new(new TokenUsage(1, 0, 1)));
        Assert.Equal(TimeSpan.FromSeconds(30), (await store.ReserveAsync(request)).Wait);
    }

    [Fact]
    public async Task A_bucket_that_may_be_full_when_the_request_arrives_begins_to_refill_then()
    {
        var store = new MemoryWindowStore(Clock, TimeSpan.FromSeconds(1));
        var request = new WindowRequest(Groq, new RouteLimits { RequestsPerMinute = 60 }, new Demand(1, 1));
        await store.ReserveAsync(request);
        Clock.Advance(TimeSpan.FromSeconds(1.9));

        // A tenth is still used here, and gone within a tenth of a second; the next request may travel for nine more.
        for (var i = 0; i < 59; i++) Assert.NotNull((await store.ReserveAsync(request)).Reservation);
        Assert.Equal(TimeSpan.FromSeconds(0.1 + 0.9), (await store.ReserveAsync(request)).Wait);
    }
}
