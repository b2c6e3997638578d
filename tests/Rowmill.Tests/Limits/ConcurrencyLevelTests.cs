using Rowmill.Core.Limits;

namespace Rowmill.Tests.Limits;

public sealed class ConcurrencyLevelTests
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void It_starts_at_eight() => Assert.Equal(8, new ConcurrencyLevel(null).Level);

    [Fact]
    public void A_given_level_stays()
    {
        var level = new ConcurrencyLevel(700);
        var service = new ConcurrencySimulation { Level = level, RefusesBeyond = 30 };
        service.Run(5000);
        Assert.Equal((700, 700), (level.Level, service.Highest));
    }

    [Theory]
    [InlineData(1, 0, 120)]
    [InlineData(1, 0.25, 250)]
    [InlineData(1, 0.5, 500)]
    [InlineData(2, 0, 120)]
    [InlineData(2, 0.25, 300)]
    [InlineData(4, 0, 120)]
    [InlineData(4, 0.25, 200)]
    public void A_local_server_is_not_drowned_and_not_left_idle(int parallel, double noise, int replies)
    {
        foreach (var seed in Enumerable.Range(1, 5))
        {
            var server = new ConcurrencySimulation(seed) { Parallel = parallel, Seconds = 6, Noise = noise };
            server.Run(500);
            Assert.True(server.Highest <= 16);
            Assert.InRange(server.Levels.First(l => l.Level <= parallel + 2).Replies, 1, replies);
            var (now, ended) = (server.Now, server.Ended);
            server.Run(1500);
            Assert.InRange(server.MeanLevel(now), parallel * 0.85, parallel + 2);
            Assert.True((server.Ended - ended) * 6.0 / parallel / (server.Now - now) > 0.85, "the server idled");
        }
    }

    [Theory]
    [InlineData(0, 200)]
    [InlineData(0.25, 320)]
    [InlineData(0.5, 700)]
    public void A_slow_service_without_bounds_is_soon_asked_by_hundreds(double noise, int seconds)
    {
        foreach (var seed in Enumerable.Range(1, 5))
        {
            var service = new ConcurrencySimulation(seed) { Seconds = 20, Noise = noise };
            service.RunFor(1500);
            Assert.InRange(service.Levels.First(l => l.Level >= 300).At, 1, seconds);
            Assert.True(service.MeanLevel(seconds) > 350, "it came down again");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void Windows_that_bind_are_used_up_and_the_level_stays_as_it_is(double noise)
    {
        var service = new ConcurrencySimulation { Seconds = 20, Noise = noise, PerMinute = 1000 };
        service.RunFor(900);
        var (now, ended, level) = (service.Now, service.Ended, service.Level.Level);
        service.RunFor(3600);
        Assert.True((service.Ended - ended) / (service.Now - now) > 0.98 * 1000 / 60, "the windows were not used up");
        Assert.Equal(level, service.Level.Level);
    }

    [Theory]
    [InlineData(0.1, 80)]
    [InlineData(0.5, 130)]
    public void A_service_with_a_knee_is_used_up_to_it(double noise, int most)
    {
        foreach (var seed in Enumerable.Range(1, 5))
        {
            var service = new ConcurrencySimulation(seed) { Parallel = 64, Seconds = 6, Noise = noise };
            service.Run(3000);
            var (now, ended) = (service.Now, service.Ended);
            service.Run(5000);
            Assert.InRange(service.MeanLevel(now), 55, most);
            Assert.True((service.Ended - ended) * 6.0 / 64 / (service.Now - now) > 0.9, "the service idled");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void A_service_that_is_overloaded_beyond_thirty_is_asked_by_nearly_thirty(double noise)
    {
        foreach (var seed in Enumerable.Range(1, 5))
        {
            var service = new ConcurrencySimulation(seed) { Seconds = 5, Noise = noise, RefusesBeyond = 30 };
            service.RunFor(600);
            var (refused, ended) = (service.Refused, service.Ended);
            service.RunFor(3600);
            Assert.InRange(service.MeanLevel(600), 20, 30);
            Assert.True(service.Refused - refused < 0.04 * (service.Ended - ended), "too many were refused");
        }
    }

    [Fact]
    public void A_service_that_shrinks_is_followed()
    {
        foreach (var seed in Enumerable.Range(1, 5))
        {
            var service = new ConcurrencySimulation(seed) { Parallel = 64, Seconds = 5, Noise = 0.25 };
            service.RunFor(1500);
            service.Parallel = 16;
            service.RunFor(4000);
            Assert.InRange(service.Level.Level, 12, 24);
        }
    }

    [Fact]
    public void Packs_of_different_size_do_not_mislead()
    {
        foreach (var seed in Enumerable.Range(1, 5))
        {
            var local = new ConcurrencySimulation(seed) { Parallel = 2, Seconds = 6, Noise = 0.1, Rows = random => random.Next(10, 31) };
            local.Run(2000);
            Assert.InRange(local.MeanLevel(local.Now / 3), 1.7, 4);
            var cloud = new ConcurrencySimulation(seed) { Seconds = 20, Noise = 0.1, Rows = random => random.Next(10, 31) };
            cloud.RunFor(1800);
            Assert.True(cloud.Level.Level >= 300);
        }
    }

    [Theory]
    [InlineData(0.005)]
    [InlineData(0.03)]
    [InlineData(0.05)]
    public void Failures_now_and_then_are_no_overload(double share)
    {
        foreach (var seed in Enumerable.Range(1, 3))
        {
            var service = new ConcurrencySimulation(seed) { Seconds = 5, Noise = 0.25, Strays = share };
            service.RunFor(900);
            Assert.True(service.MeanLevel(600) > 300);
        }
    }

    [Fact]
    public void What_breaks_together_halves_once()
    {
        var level = new ConcurrencyLevel(null);
        for (var i = 0; i < 8; i++) level.Overloaded(s_start, s_start.AddSeconds(1 + i));
        Assert.Equal(4, level.Level);
    }

    [Fact]
    public void A_service_that_is_down_is_not_taken_for_an_overloaded_one()
    {
        var level = new ConcurrencyLevel(null);
        for (var i = 0; i < 20; i++) level.Overloaded(s_start.AddMinutes(i), s_start.AddMinutes(i).AddSeconds(5));
        Assert.Equal(4, level.Level);
        level.Replied(TimeSpan.FromSeconds(1), 20, 1, s_start.AddMinutes(30));
        for (var i = 0; i < 4; i++) level.Overloaded(s_start.AddMinutes(31), s_start.AddMinutes(32));
        Assert.Equal(2, level.Level);
    }

    [Fact]
    public void A_level_that_is_not_in_use_stays_and_what_was_in_use_is_halved()
    {
        var service = new ConcurrencySimulation { Seconds = 20 };
        service.RunFor(600);
        var level = service.Level;
        Assert.True(level.Level > 400);
        for (var i = 0; i < 300; i++) level.Overloaded(s_start.AddMinutes(10), s_start.AddMinutes(11));
        var halved = level.Level;
        Assert.InRange(halved, 200, 256);
        for (var i = 0; i < 2000; i++) level.Replied(TimeSpan.FromSeconds(60), 20, 40, s_start.AddMinutes(20).AddSeconds(i));
        Assert.Equal(halved, level.Level);
        for (var i = 0; i < 200; i++) level.Overloaded(s_start.AddHours(2), s_start.AddHours(2).AddSeconds(1));
        Assert.Equal(20, level.Level);
    }

    [Fact]
    public void A_clock_set_back_holds_nothing_up()
    {
        var level = new ConcurrencyLevel(null);
        level.Overloaded(s_start.AddYears(1), s_start.AddYears(1));
        for (var i = 0; i < 40; i++) level.Replied(TimeSpan.FromSeconds(1), 20, level.Level, s_start.AddSeconds(i));
        Assert.True(level.Level > 4);
    }
}
