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
}
