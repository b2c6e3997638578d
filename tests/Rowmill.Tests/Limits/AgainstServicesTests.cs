using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Limits;

/// <summary>Our windows against a service with a bucket of its own: after learning nothing is refused, and nothing of the bucket is left unused.</summary>
public sealed class AgainstServicesTests
{
    public static TheoryData<long, double, bool, bool, bool, int> Services()
    {
        var data = new TheoryData<long, double, bool, bool, bool, int>();
        for (var seed = 1; seed <= 4; seed++)
        {
            foreach (var (limit, capacity) in new (long, double)[] { (60, 60), (60, 6), (1_200, 20), (1_200, 1_200) })
            {
                data.Add(limit, capacity, false, false, false, seed);
                data.Add(limit, capacity, false, false, true, seed);
                data.Add(limit, capacity, true, false, true, seed);
                data.Add(limit, capacity, true, true, false, seed);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Requests_by_the_minute(long limit, double capacity, bool headers, bool full, bool used, int seed) =>
        Play(new() { Limit = limit, Capacity = capacity, Headers = headers, FullIn = full, Used = used }, new() { RequestsPerMinute = limit }, seed);

    [Theory]
    [MemberData(nameof(Services))]
    public void Tokens_by_the_minute(long limit, double capacity, bool headers, bool full, bool used, int seed)
    {
        var manners = new PretendManners
        {
            Limit = limit * 100,
            Capacity = Math.Max(capacity * 100, 2_000),
            Measure = WindowMeasure.Tokens,
            Headers = headers,
            FullIn = full,
            Used = used,
        };
        Play(manners, new() { TokensPerMinute = limit * 100 }, seed);
    }

    [Fact]
    public async Task A_request_costs_the_memory_store_little()
    {
        const int Requests = 20_000;
        var clock = new VirtualClock();
        var store = new MemoryWindowStore(clock);
        var limits = new RouteLimits { RequestsPerMinute = 30, TokensPerMinute = 8_000, RequestsPerDay = 1_000, TokensPerDay = 200_000 };
        var owner = new WindowOwner("groq", "http://pretend", "me", "model");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Requests; i++)
        {
            var grant = await store.ReserveAsync(new(owner, limits, new(200, 100)));
            if (grant.Reservation is { } number) await store.SettleAsync(number, new(new TokenUsage(200, 0, 60)));
            else clock.Advance(grant.Wait);
        }

        // Half a million requests are simulated in a second or two; what they allocate is the part of that which no machine changes.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Requests, 1, 6_000);
    }

    private static void Play(PretendManners manners, RouteLimits limits, int seed)
    {
        var (clock, chance) = (new VirtualClock(), new SeededChance(seed));
        var service = new PretendService(new MemoryWindowStore(clock, WindowUsage.Skew), clock, manners, limits, chance);

        // Learning: crowds with pauses between them.
        for (var i = 0; i < 12; i++)
        {
            service.Run(clock.GetUtcNow() + TimeSpan.FromSeconds(20), concurrency: 100);
            clock.Advance(TimeSpan.FromSeconds(chance.Next(0, 90)));
        }

        var learned = service.Refused;
        clock.Advance(TimeSpan.FromMinutes(2));

        var (began, before) = (clock.GetUtcNow(), service.Taken);
        var end = began + TimeSpan.FromMinutes(20);
        service.Run(end, concurrency: 100);

        var most = manners.Limit * 20d + manners.Capacity;
        var share = (service.Taken - before) / most;
        Assert.True(share >= 0.98, $"only {share:P1} of what the bucket gives");
        for (var i = 0; i < 10; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(chance.Next(0, 70)));
            service.Run(clock.GetUtcNow() + TimeSpan.FromSeconds(chance.Next(1, 30)), concurrency: chance.Next(1, 120));
        }

        // The size that refusals show is exact but for what refills while a crowd travels; one more may have to show that.
        var allowed = manners.Capacity < manners.Limit && !manners.FullIn ? 1 : 0;
        Assert.True(service.Refused - learned <= allowed, $"{service.Refused - learned} refused after {learned} had been");
        if (manners.Capacity == manners.Limit) Assert.Equal(0, service.Refused);
    }
}
