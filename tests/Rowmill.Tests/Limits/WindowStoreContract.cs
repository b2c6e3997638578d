using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Limits;

/// <summary>What every window store keeps.</summary>
public abstract partial class WindowStoreContract : IDisposable
{
    protected static readonly WindowOwner Groq = new("groq", "https://api.groq.com/openai/v1", "me", "openai/gpt-oss-120b");
    private protected VirtualClock Clock { get; } = new();
    private IWindowStore? _store;

    protected IWindowStore Store => _store ??= Open();

    protected abstract IWindowStore Open();

    public virtual void Dispose() => GC.SuppressFinalize(this);

    [Theory]
    [InlineData(100_000, 97_050, 3_619, "00:09:38.016")]
    [InlineData(100_000, 94_976, 5_632, "00:08:45.312")]
    [InlineData(200_000, 197_494, 4_035, "00:11:00.528")]
    [InlineData(100_000, 99_996, 484, "00:06:54.720")]
    public async Task The_wait_for_tokens_per_day_is_the_one_Groq_names(long limit, long used, long requested, string wait)
    {
        var limits = new RouteLimits { TokensPerDay = limit };
        Assert.NotNull((await Ask(limits, used)).Reservation);

        var refused = await Ask(limits, requested);

        Assert.Null(refused.Reservation);
        Assert.Equal("tokens_per_day", refused.Window);
        Assert.Equal(TimeSpan.Parse(wait), refused.Wait);
    }

    [Theory]
    [InlineData(50_000, 47_949, 3_006, 1.146)]
    [InlineData(200_000, 195_869, 4_412, 0.0843)]
    public async Task The_wait_for_tokens_per_minute_is_the_one_OpenAI_names(long limit, long used, long requested, double seconds)
    {
        var limits = new RouteLimits { TokensPerMinute = limit };
        await Ask(limits, used);

        Assert.Equal(TimeSpan.FromSeconds(seconds), (await Ask(limits, requested)).Wait);
    }

    [Theory]
    [InlineData(30, null, 2)]
    [InlineData(null, 200, 432)]
    [InlineData(null, 50, 1728)]
    public async Task The_wait_for_requests_is_the_share_of_the_span_that_one_takes(int? perMinute, int? perDay, double seconds)
    {
        var limits = new RouteLimits { RequestsPerMinute = perMinute, RequestsPerDay = perDay };
        for (var i = 0; i < (perMinute ?? perDay); i++)
            await Store.SettleAsync((await Ask(limits, 1)).Reservation!.Value, new(new TokenUsage(1, 0, 1)));

        Assert.Equal(TimeSpan.FromSeconds(seconds), (await Ask(limits, 1)).Wait);
    }

    [Fact]
    public async Task A_request_passes_after_exactly_the_wait_it_was_told_and_not_a_moment_before()
    {
        var limits = new RouteLimits { TokensPerMinute = 7_001 };
        await Ask(limits, 6_999);
        var refused = await Ask(limits, 333);

        Clock.Advance(refused.Wait - TimeSpan.FromMilliseconds(1));
        Assert.Null((await Ask(limits, 333)).Reservation);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.NotNull((await Ask(limits, 333)).Reservation);
    }

    [Fact]
    public async Task A_request_that_one_window_refuses_takes_nothing_from_the_others()
    {
        var limits = new RouteLimits { RequestsPerMinute = 10, TokensPerMinute = 1_000, TokensPerDay = 1_500 };
        await Ask(limits, 1_000);
        for (var i = 0; i < 20; i++) Assert.Equal("tokens_per_day", (await Ask(limits, 900)).Window);

        Assert.Equal(new[] { 1d, 1_000, 1_000 }, await Used("requests_per_minute", "tokens_per_day", "tokens_per_minute"));
    }

    [Fact]
    public async Task The_window_that_opens_last_binds()
    {
        var limits = new RouteLimits { RequestsPerMinute = 1, TokensPerMinute = 100 };
        await Ask(limits, 50);

        Assert.Equal(("requests_per_minute", TimeSpan.FromMinutes(1)), Binding(await Ask(limits, 60)));
        Assert.Equal(("tokens_per_minute", TimeSpan.FromSeconds(30)), Binding(await Ask(limits with { RequestsPerMinute = 2 }, 100)));
    }

    [Fact]
    public async Task Prompt_and_reply_windows_count_their_own_tokens()
    {
        var limits = new RouteLimits { InputTokensPerMinute = 600, OutputTokensPerMinute = 60 };
        await Store.ReserveAsync(new(Groq, limits, new(500, 10)));

        Assert.Equal(("input_tokens_per_minute", TimeSpan.FromSeconds(10)), Binding(await Store.ReserveAsync(new(Groq, limits, new(200, 10)))));
        Assert.Equal(("output_tokens_per_minute", TimeSpan.FromSeconds(5)), Binding(await Store.ReserveAsync(new(Groq, limits, new(10, 55)))));
    }

    [Fact]
    public async Task A_request_larger_than_a_window_never_fits_and_the_window_is_named()
    {
        var grant = await Ask(new() { TokensPerMinute = 8_000, TokensPerDay = 200_000 }, 8_001);

        Assert.True(grant.NeverFits);
        Assert.Equal("tokens_per_minute", grant.Window);
        Assert.Null(grant.Reservation);
    }

    [Fact]
    public async Task Burst_bounds_what_a_minute_window_holds_and_a_full_bucket_still_passes_any_request_within_the_limit()
    {
        var limits = new RouteLimits { RequestsPerMinute = 60, TokensPerMinute = 6_000, Burst = 6 };
        for (var i = 0; i < 6; i++) Assert.NotNull((await Ask(limits, 50)).Reservation);
        Assert.Equal(("requests_per_minute", TimeSpan.FromSeconds(1)), Binding(await Ask(limits, 50)));

        Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull((await Ask(limits, 5_000)).Reservation);
        Assert.Equal(("tokens_per_minute", TimeSpan.FromSeconds(45)), Binding(await Ask(limits, 100)));
    }

    [Fact]
    public async Task Settling_gives_back_what_was_not_used_and_what_Groq_had_cached()
    {
        var limits = new RouteLimits { TokensPerMinute = 8_000 };
        var grant = await Store.ReserveAsync(new(Groq, limits, new(3_000, 4_000)));
        await Store.SettleAsync(grant.Reservation!.Value, new(new TokenUsage(2_900, 1_000, 100)));

        Assert.Equal(new[] { 2_000d }, await Used("tokens_per_minute"));
    }

    [Fact]
    public async Task Settling_more_than_was_reserved_goes_into_debt()
    {
        var limits = new RouteLimits { TokensPerMinute = 6_000 };
        var grant = await Ask(limits, 6_000);
        await Store.SettleAsync(grant.Reservation!.Value, new(new TokenUsage(6_000, 0, 1_500)));

        Assert.Equal(TimeSpan.FromSeconds(16), (await Ask(limits, 100)).Wait);
    }

    [Fact]
    public async Task Settling_without_a_count_keeps_the_charge()
    {
        var grant = await Ask(new() { TokensPerMinute = 6_000 }, 5_000);
        await Store.SettleAsync(grant.Reservation!.Value, new(null));

        Assert.Equal(new[] { 5_000d }, await Used("tokens_per_minute"));
    }

    [Fact]
    public async Task A_released_request_was_never_there_and_a_second_release_changes_nothing()
    {
        var limits = new RouteLimits { RequestsPerDay = 10, TokensPerMinute = 1_000 };
        var first = await Ask(limits, 300);
        await Ask(limits, 300);
        for (var i = 0; i < 2; i++) await Store.ReleaseAsync(first.Reservation!.Value);
        await Store.SettleAsync(first.Reservation!.Value, new(new TokenUsage(500, 0, 0)));

        Assert.Equal(new[] { 1d, 300 }, await Used("requests_per_day", "tokens_per_minute"));
    }

    [Fact]
    public async Task What_has_been_refilled_is_not_given_back_again()
    {
        var limits = new RouteLimits { RequestsPerMinute = 10 };
        var old = await Ask(limits, 1);
        Clock.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 10; i++) await Ask(limits, 1);
        await Store.ReleaseAsync(old.Reservation!.Value);

        Assert.Null((await Ask(limits, 1)).Reservation);
    }

    [Fact]
    public async Task A_large_request_that_waits_is_not_starved_by_small_ones_that_come_later()
    {
        var limits = new RouteLimits { TokensPerMinute = 6_000 };
        await Ask(limits, 6_000);
        var large = await Ask(limits, 5_000, patience: TimeSpan.FromMinutes(2));
        Assert.NotNull(large.Place);

        for (var second = 0; second < 50; second++)
        {
            Assert.Null((await Ask(limits, 1_500, TimeSpan.FromMinutes(2))).Reservation);
            Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.NotNull((await Ask(limits, 5_000, TimeSpan.FromMinutes(2), large.Place)).Reservation);
    }

    [Fact]
    public async Task A_small_request_passes_a_waiting_one_where_it_does_not_delay_it()
    {
        var limits = new RouteLimits { RequestsPerMinute = 100, InputTokensPerMinute = 600, OutputTokensPerMinute = 600 };
        await Store.ReserveAsync(new(Groq, limits, new(600, 0)));
        var place = await Store.ReserveAsync(new(Groq, limits, new(300, 0)) { Patience = TimeSpan.FromMinutes(1) });

        Assert.NotNull((await Store.ReserveAsync(new(Groq, limits, new(0, 500)))).Reservation);
        Assert.Equal(TimeSpan.FromSeconds(30), place.Wait);
    }

    [Fact]
    public async Task A_place_is_lost_when_its_holder_gives_it_back_or_does_not_come()
    {
        var limits = new RouteLimits { TokensPerMinute = 600 };
        await Ask(limits, 600);
        var given = await Ask(limits, 600, TimeSpan.FromMinutes(2));
        await Ask(limits, 300, TimeSpan.FromMinutes(3));
        Assert.Equal(TimeSpan.FromSeconds(91), (await Ask(limits, 10)).Wait);

        await Store.ReleaseAsync(given.Place!.Value);
        Assert.Equal(TimeSpan.FromSeconds(31), (await Ask(limits, 10)).Wait);

        // The other was told to come in 90 seconds.
        Clock.Advance(TimeSpan.FromSeconds(96));
        Assert.NotNull((await Ask(limits, 600)).Reservation);
    }

    [Fact]
    public async Task A_request_that_would_wait_longer_than_its_patience_keeps_no_place()
    {
        var limits = new RouteLimits { TokensPerMinute = 600 };
        await Ask(limits, 600);

        Assert.Null((await Ask(limits, 600, TimeSpan.FromSeconds(59))).Place);
        Assert.Equal(TimeSpan.FromSeconds(1), (await Ask(limits, 10)).Wait);
    }

    [Fact]
    public async Task A_clock_that_goes_back_neither_refills_nor_drains_and_refilling_goes_on()
    {
        var limits = new RouteLimits { TokensPerMinute = 600 };
        await Ask(limits, 600);
        var wait = (await Ask(limits, 60)).Wait;
        Clock.Advance(TimeSpan.FromHours(-3));

        Assert.Equal(wait, (await Ask(limits, 60)).Wait);
        Clock.Advance(wait);
        Assert.NotNull((await Ask(limits, 60)).Reservation);
    }

    [Fact]
    public async Task A_clock_that_jumps_forward_refills_no_more_than_the_window_holds()
    {
        var limits = new RouteLimits { TokensPerMinute = 600 };
        await Ask(limits, 600);
        Clock.Advance(TimeSpan.FromDays(3_000));

        await Ask(limits, 600);
        Assert.Equal(TimeSpan.FromSeconds(1), (await Ask(limits, 10)).Wait);
    }

    [Fact]
    public async Task Usage_carries_over_to_a_changed_limit()
    {
        await Ask(new() { TokensPerDay = 1_000 }, 900);

        Assert.Equal(TimeSpan.FromDays(1.7), (await Ask(new() { TokensPerDay = 500 }, 450)).Wait);
        Assert.NotNull((await Ask(new() { TokensPerDay = 2_000 }, 1_100)).Reservation);
    }

    [Fact]
    public async Task A_window_named_for_the_first_time_counts_what_is_on_its_way()
    {
        await Ask(new() { RequestsPerMinute = 10 }, 700);

        Assert.Equal(TimeSpan.FromSeconds(6), (await Ask(new() { TokensPerMinute = 1_000 }, 400)).Wait);
    }

    [Fact]
    public async Task Owners_do_not_share()
    {
        var limits = new RouteLimits { RequestsPerDay = 1 };
        foreach (var owner in new[] { Groq, Groq with { Model = "b" }, Groq with { Account = "you" }, Groq with { BaseUrl = "http://x" }, Groq with { Provider = "openai" } })
            Assert.NotNull((await Store.ReserveAsync(new(owner, limits, new(1, 1)))).Reservation);
        Assert.Null((await Store.ReserveAsync(new(Groq, limits, new(1, 1)))).Reservation);
    }

    [Fact]
    public async Task Reading_tells_what_is_used_now_and_when_it_is_full_again()
    {
        await Ask(new() { TokensPerMinute = 600, RequestsPerDay = 1_000 }, 600);
        Clock.Advance(TimeSpan.FromSeconds(20));

        var states = await Store.LinesAsync();

        Assert.Equal(
            [
                new WindowLine("requests_per_day", 1_000, 1 - 1_000 * 20 / 86_400d, Clock.GetUtcNow() + TimeSpan.FromSeconds(66.4)),
                new WindowLine("tokens_per_minute", 600, 400, Clock.GetUtcNow() + TimeSpan.FromSeconds(40)),
            ],
            states);
    }

    [Fact]
    public async Task A_fingerprint_is_the_same_for_the_same_key_and_does_not_show_it()
    {
        var print = await Store.FingerprintAsync("gsk_secret");

        Assert.Matches("^[0-9a-f]{16}$", print);
        Assert.Equal(print, await Store.FingerprintAsync("gsk_secret"));
        Assert.NotEqual(print, await Store.FingerprintAsync("gsk_secreu"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task No_span_ever_admits_more_than_capacity_and_refill(int seed)
    {
        var random = new SeededChance(seed);
        var limits = new RouteLimits { RequestsPerMinute = 20, TokensPerMinute = 3_000, RequestsPerDay = 40, TokensPerDay = 8_000 };
        var admitted = new List<(DateTimeOffset At, double Requests, double Tokens)>();
        var open = new List<(long Number, long Tokens)>();
        for (var step = 0; step < 400; step++)
        {
            var tokens = random.Next(1, 1_200);
            if (random.Next(0, 4) == 0 && open.Count > 0)
            {
                // What comes back is an admission with the other sign.
                var (number, reserved) = open[^1];
                open.RemoveAt(open.Count - 1);
                var used = random.Next(0, (int)reserved + 1);
                await Store.SettleAsync(number, new(new TokenUsage(used, 0, 0)));
                admitted.Add((Clock.GetUtcNow(), 0, used - reserved));
            }
            else if ((await Ask(limits, tokens, TimeSpan.FromSeconds(random.Next(0, 90)))) is { Reservation: { } number })
            {
                open.Add((number, tokens));
                admitted.Add((Clock.GetUtcNow(), 1, tokens));
            }

            Clock.Advance(TimeSpan.FromMilliseconds(random.Next(0, random.Next(0, 8) == 0 ? 600_000 : 9_000)));
        }

        Assert.True(admitted.Count(a => a.Requests > 0) > 30);
        for (var from = 0; from < admitted.Count; from++)
        {
            double requests = 0, tokens = 0;
            for (var to = from; to < admitted.Count; to++)
            {
                (requests, tokens) = (requests + admitted[to].Requests, tokens + admitted[to].Tokens);
                var span = admitted[to].At - admitted[from].At;
                var inside = requests <= Math.Min(20 + 20 * span.TotalMinutes, 40 + 40 * span.TotalDays) + 1e-6
                    && tokens <= Math.Min(3_000 + 3_000 * span.TotalMinutes, 8_000 + 8_000 * span.TotalDays) + 1e-3;
                if (!inside) Assert.Fail($"{requests} requests and {tokens} tokens within {span}");
            }
        }
    }

    protected ValueTask<WindowGrant> Ask(RouteLimits limits, long tokens, TimeSpan patience = default, long? place = null) =>
        Store.ReserveAsync(new(Groq, limits, new(tokens, 0)) { Patience = patience, Place = place });

    protected async Task<double[]> Used(params string[] windows)
    {
        var states = await Store.LinesAsync();
        return [.. windows.Select(w => states.Single(s => s.Window == w).Used)];
    }

    private static (string?, TimeSpan) Binding(WindowGrant grant) => (grant.Window, grant.Wait);
}

/// <summary>Repeatable chance (SplitMix64).</summary>
internal sealed class SeededChance(int seed)
{
    private ulong _state = (ulong)seed * 0x9E3779B97F4A7C15;

    /// <summary>From <paramref name="low"/> up to but not including <paramref name="high"/>.</summary>
    public int Next(int low, int high)
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return low + (int)((z ^ (z >> 31)) % (ulong)(high - low));
    }
}
