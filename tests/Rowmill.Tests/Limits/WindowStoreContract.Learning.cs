using Rowmill.Core.Limits;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Limits;

/// <content>What services say of their windows.</content>
public abstract partial class WindowStoreContract
{
    private const string Rpm = LimitNames.RequestsPerMinute;
    private const string Tpm = LimitNames.TokensPerMinute;
    private const string Tpd = LimitNames.TokensPerDay;
    private static readonly RouteLimits s_none = new();

    [Fact]
    public async Task A_limit_that_the_job_does_not_write_is_learned_and_binds_every_later_request()
    {
        await Store.ObserveAsync(Groq, [new(Tpm) { Limit = 6_000, Remaining = 1_000 }], Clock.GetUtcNow());

        var snapshot = await Store.SnapshotAsync(Groq, s_none);
        Assert.Equal((true, Tpm, 6_000L, 5_000d), (snapshot.Binds, snapshot.Windows[0].Spec.Name, snapshot.Windows[0].Spec.Limit, snapshot.Windows[0].Usage.Used));
        Assert.NotNull((await Ask(s_none, 1_000)).Reservation);
        Assert.Equal((Tpm, TimeSpan.FromSeconds(1)), Binding(await Ask(s_none, 100)));
        Assert.Equal((Tpm, TimeSpan.FromSeconds(1)), Binding(await Ask(new() { RequestsPerMinute = 30 }, 100)));
        var state = (await Store.ReadAsync())[0].Windows.Single(w => w.Window.Spec.Name == Tpm);
        Assert.Equal((WindowSource.Learned, Clock.GetUtcNow()), (state.Source, state.LearnedAt));
    }

    [Theory]
    [InlineData(4_000, WindowSource.Job, 4_000)]
    [InlineData(9_000, WindowSource.Learned, 6_000)]
    public async Task Of_the_job_s_limit_and_the_service_s_the_smaller_binds(long written, WindowSource source, long binds)
    {
        var limits = new RouteLimits { TokensPerMinute = written };
        await Settle(await Ask(limits, 100), 100, new LimitReading(Tpm) { Limit = 6_000 });

        var state = (await Store.ReadAsync())[0].Windows[0];
        Assert.Equal((source, binds), (state.Source, state.Window.Spec.Limit));
        Assert.Equal(binds / 60d, (await Store.SnapshotAsync(Groq, limits)).Rates.TokensPerSecond);
        var larger = await Ask(limits, binds + 1);
        Assert.Equal(source == WindowSource.Job ? Timeout.InfiniteTimeSpan : KeptWindow.TooSmallTrust, larger.Wait);
        Assert.True((await Ask(limits, written + 1)).NeverFits);
    }

    [Fact]
    public async Task No_allowance_is_not_learned_as_a_window_and_an_unknown_window_is_passed_over()
    {
        await Store.ObserveAsync(Groq, [new(Tpm) { Limit = 0, Refused = true }, new("hours_per_week") { Limit = 3 }], Clock.GetUtcNow());

        Assert.False((await Store.SnapshotAsync(Groq, s_none)).Binds);
    }

    [Fact]
    public async Task A_learned_limit_is_forgotten_when_the_service_has_not_named_it_for_long()
    {
        await Store.ObserveAsync(Groq, [new(Tpm) { Limit = 600 }], Clock.GetUtcNow());
        Clock.Advance(KeptWindow.LimitTrust - TimeSpan.FromHours(1));
        Assert.True((await Store.SnapshotAsync(Groq, s_none)).Binds);
        Clock.Advance(TimeSpan.FromHours(2));

        Assert.NotNull((await Ask(s_none, 601)).Reservation);
        Assert.True((await Ask(new() { TokensPerMinute = 900 }, 901)).NeverFits);
    }

    [Theory]
    [InlineData(97_050, 3_619, "00:09:38.016")]
    [InlineData(96_500, 3_600, "00:01:26.400")]
    public async Task A_refusal_that_tells_what_is_used_sets_the_usage_exactly(long used, long requested, string wait)
    {
        // Ours is far from it, above or below.
        var limits = new RouteLimits { TokensPerDay = 100_000 };
        await Settle(await Ask(limits, used == 96_500 ? 99_999 : 10), used == 96_500 ? 99_999 : 10);
        await Refuse(await Ask(limits, 1), new LimitReading(Tpd) { Limit = 100_000, Used = used, Requested = requested });

        Assert.Equal(new[] { (double)used }, await Used(Tpd));
        Assert.Equal(TimeSpan.Parse(wait), (await Ask(limits, requested)).Wait);
    }

    [Fact]
    public async Task What_left_after_a_refused_request_is_not_in_what_the_refusal_says_is_used()
    {
        var limits = new RouteLimits { TokensPerDay = 100_000 };
        var earlier = await Ask(limits, 1_000);
        var refused = await Ask(limits, 2_000);
        var later = await Ask(limits, 3_000);
        await Refuse(refused, new LimitReading(Tpd) { Used = 99_000, Requested = 2_000 });
        Assert.Equal(new[] { 102_000d }, await Used(Tpd));

        // The one before was refused too: it is not in the number. The one behind is given back when the service refuses it.
        await Refuse(earlier);
        Assert.Equal(new[] { 102_000d }, await Used(Tpd));
        await Refuse(later);
        Assert.Equal(new[] { 99_000d }, await Used(Tpd));
    }

    [Fact]
    public async Task A_refusal_that_tells_only_a_wait_lets_the_request_through_after_exactly_that_wait()
    {
        var limits = new RouteLimits { TokensPerDay = 100_000 };
        await Refuse(await Ask(limits, 5_000), new LimitReading(Tpd) { OpensIn = TimeSpan.FromMinutes(7) });

        Assert.Equal(TimeSpan.FromMinutes(7), (await Ask(limits, 5_000)).Wait);
        Clock.Advance(TimeSpan.FromMinutes(7));
        Assert.NotNull((await Ask(limits, 5_000)).Reservation);
    }

    [Fact]
    public async Task No_wait_is_believed_for_longer_than_a_day()
    {
        await Refuse(await Ask(new() { TokensPerDay = 100 }, 1), new LimitReading(Tpd) { OpensIn = TimeSpan.FromDays(365) });

        Assert.Equal(TimeSpan.FromDays(1), (await Ask(new() { TokensPerDay = 100 }, 1)).Wait);
    }

    [Fact]
    public async Task A_request_refused_as_too_large_says_nothing_of_what_is_used()
    {
        var limits = new RouteLimits { TokensPerMinute = 8_000 };
        await Refuse(await Ask(limits, 5_000), new LimitReading(Tpm) { Limit = 8_000, Requested = 11_387 });

        Assert.Equal(new[] { 0d }, await Used(Tpm));
    }

    [Theory]
    [InlineData(6_000, 6_000)]
    [InlineData(6_000, 3_000)]
    [InlineData(12_000, 3_000)]
    public async Task After_a_refusal_with_a_wait_the_same_request_waits_so_long_whatever_the_service_took_it_for(long written, long charged)
    {
        var limits = new RouteLimits { TokensPerMinute = written };
        var refusal = new LimitReading(Tpm) { Limit = 12_000, Used = 11_000, Requested = 7_000, OpensIn = TimeSpan.FromSeconds(30) };
        await Refuse(await Ask(limits, charged), refusal);

        Assert.InRange((await Ask(limits, charged)).Wait.TotalSeconds, 28.9, 31);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(300_000L)]
    public async Task A_told_limit_that_is_too_small_is_tried_by_one_request_after_a_while(long? written)
    {
        var limits = new RouteLimits { TokensPerMinute = written };
        await Store.ObserveAsync(Groq, [new(Tpm) { Limit = 50 }], Clock.GetUtcNow());
        Assert.Equal((Tpm, KeptWindow.TooSmallTrust), Binding(await Ask(limits, 1_000)));

        Clock.Advance(KeptWindow.TooSmallTrust);
        var trial = await Ask(limits, 1_000);
        Assert.NotNull(trial.Reservation);
        Assert.Equal(KeptWindow.TooSmallTrust, (await Ask(limits, 1_000)).Wait);

        // Told anew by its headers.
        await Settle(trial, 1_000, new LimitReading(Tpm) { Limit = 200_000 });
        Assert.NotNull((await Ask(limits, 1_000)).Reservation);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(300_000L)]
    public async Task A_told_limit_is_not_believed_when_more_was_admitted_and_none_is_told_now(long? written)
    {
        var limits = new RouteLimits { TokensPerMinute = written };
        await Store.ObserveAsync(Groq, [new(Tpm) { Limit = 50 }], Clock.GetUtcNow());
        Clock.Advance(KeptWindow.TooSmallTrust);
        await Settle(await Ask(limits, 1_000), 1_000);

        for (var i = 0; i < 3; i++) Assert.NotNull((await Ask(limits, 1_000)).Reservation);
    }

    [Fact]
    public async Task A_usage_beyond_belief_blocks_a_window_for_minutes_and_not_for_ever()
    {
        var limits = new RouteLimits { TokensPerMinute = 8_000 };
        await Settle(await Ask(limits, 500), 1_000_000_000);

        Assert.InRange((await Ask(limits, 500)).Wait, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task A_header_raises_the_usage_to_the_least_the_service_can_mean()
    {
        var limits = new RouteLimits { TokensPerMinute = 6_000 };
        var grant = await Ask(limits, 500);
        Clock.Advance(TimeSpan.FromSeconds(5));
        await Settle(grant, 500, new LimitReading(Tpm) { Limit = 6_000, Remaining = 1_234 });

        // Five seconds refill 500, and what is left is told in whole tokens.
        Assert.Equal(new[] { 6_000d - 1_234 - 500 - 1 }, await Used(Tpm));
    }

    [Fact]
    public async Task A_header_lowers_the_usage_to_the_most_the_service_can_mean()
    {
        var limits = new RouteLimits { TokensPerMinute = 6_000 };
        await Settle(await Ask(limits, 4_000), 4_000);
        var grant = await Ask(limits, 500);
        var later = await Ask(limits, 300);
        await Settle(grant, 500, new LimitReading(Tpm) { Limit = 6_000, Remaining = 5_001 });

        Assert.Equal(new[] { 999d + 1 + 300 }, await Used(Tpm));
        await Refuse(later);
        Assert.Equal(new[] { 1_000d }, await Used(Tpm));
    }

    [Fact]
    public async Task A_header_does_not_lower_the_usage_below_what_is_still_to_be_given_back()
    {
        var limits = new RouteLimits { TokensPerMinute = 6_000 };
        var slow = await Store.ReserveAsync(new(Groq, limits, new(1_000, 1_000)));
        var grant = await Ask(limits, 500);

        // The service has given back for the slow one already; we shall do so when it is here.
        await Settle(grant, 500, new LimitReading(Tpm) { Limit = 6_000, Remaining = 4_400 });
        await Store.SettleAsync(slow.Reservation!.Value, new(new TokenUsage(1_000, 0, 100)));

        Assert.Equal(new[] { 1_600d }, await Used(Tpm));
    }

    [Fact]
    public async Task A_number_of_nothing_left_does_not_hide_a_debt()
    {
        var limits = new RouteLimits { TokensPerMinute = 6_000 };
        await Settle(await Ask(limits, 6_000), 7_500, new LimitReading(Tpm) { Limit = 6_000, Remaining = 0 });

        Assert.Equal(new[] { 7_500d }, await Used(Tpm));
    }

    [Fact]
    public async Task Tokens_told_in_whole_thousands_may_be_rounded()
    {
        var limits = new RouteLimits { TokensPerMinute = 60_000 };
        await Settle(await Ask(limits, 400), 400, new LimitReading(Tpm) { Limit = 60_000, Remaining = 60_000 });
        Assert.Equal(new[] { 400d }, await Used(Tpm));
        await Settle(await Ask(limits, 400), 400, new LimitReading(Tpm) { Limit = 60_000, Remaining = 57_000 });
        Assert.Equal(new[] { 2_000d }, await Used(Tpm));
    }

    [Fact]
    public async Task A_job_s_own_smaller_limit_is_not_spent_twice_because_the_service_has_more_left()
    {
        var limits = new RouteLimits { RequestsPerMinute = 20 };
        for (var i = 1; i <= 20; i++) await Settle(await Ask(limits, 1), 1, new LimitReading(Rpm) { Limit = 30, Remaining = 30 - i });

        Assert.Equal((Rpm, TimeSpan.FromSeconds(3)), Binding(await Ask(limits, 1)));
    }

    [Fact]
    public async Task The_time_until_a_bucket_is_full_shows_its_size()
    {
        var limits = new RouteLimits { RequestsPerMinute = 1_200 };
        await Settle(await Ask(limits, 1), 1, new LimitReading(Rpm) { Limit = 1_200, Remaining = 19, FullIn = TimeSpan.FromMilliseconds(50) });

        Assert.Equal(20, (await Store.SnapshotAsync(Groq, limits)).Windows[0].Spec.Capacity);
        for (var i = 0; i < 19; i++) Assert.NotNull((await Ask(limits, 1)).Reservation);
        Assert.Equal((Rpm, TimeSpan.FromMilliseconds(50)), Binding(await Ask(limits, 1)));

        // More left than it could hold: it is larger after all.
        Clock.Advance(TimeSpan.FromMinutes(1));
        await Settle(await Ask(limits, 1), 1, new LimitReading(Rpm) { Limit = 1_200, Remaining = 1_100 });
        Assert.Equal(1_200, (await Store.SnapshotAsync(Groq, limits)).Windows[0].Spec.Capacity);
    }

    [Fact]
    public async Task A_bucket_that_turns_out_smaller_holds_no_more_than_its_size()
    {
        // The first reading leaves open whether others have used the rest.
        var limits = new RouteLimits { RequestsPerMinute = 1_200 };
        await Settle(await Ask(limits, 1), 1, new LimitReading(Rpm) { Limit = 1_200, Remaining = 19, FullIn = TimeSpan.FromSeconds(1) });
        await Settle(await Ask(limits, 1), 1, new LimitReading(Rpm) { Limit = 1_200, Remaining = 18, FullIn = TimeSpan.FromMilliseconds(100) });

        Assert.InRange((await Ask(limits, 1)).Wait, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task A_limit_that_nobody_reaches_is_not_learned()
    {
        await Store.ObserveAsync(Groq, [new(Rpm) { Limit = 1_000_000_000 }, new(Tpm) { Limit = 1_000_000_000_000 }], Clock.GetUtcNow());

        Assert.False((await Store.SnapshotAsync(Groq, s_none)).Binds);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    public async Task A_rounded_time_shows_no_size(int milliseconds)
    {
        var limits = new RouteLimits { RequestsPerMinute = 1_200 };
        await Settle(await Ask(limits, 1), 1, new LimitReading(Rpm) { Limit = 1_200, Remaining = 19, FullIn = TimeSpan.FromMilliseconds(milliseconds) });

        Assert.Equal(1_200, (await Store.SnapshotAsync(Groq, limits)).Windows[0].Spec.Capacity);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_crowd_that_a_smaller_bucket_refuses_shows_its_size(bool named)
    {
        var limits = new RouteLimits { RequestsPerMinute = 1_200 };
        var crowd = new List<WindowGrant>();
        for (var i = 0; i < 128; i++) crowd.Add(await Ask(limits, 1));
        var wait = TimeSpan.FromMilliseconds(50);
        for (var i = 20; i < 128; i++)
        {
            var refused = new WindowSettlement(null) { Counted = false };
            refused = named ? refused with { Readings = [new(Rpm) { Refused = true, OpensIn = wait }] } : refused with { RetryAfter = wait };
            await Store.SettleAsync(crowd[i].Reservation!.Value, refused);
            Assert.True((await Ask(limits, 1)).Wait > TimeSpan.Zero);
        }

        // It may hold as few as one until the others turn out to have been let in.
        for (var i = 0; i < 20; i++) await Settle(crowd[i], 1);
        Assert.Equal(20, (await Store.SnapshotAsync(Groq, limits)).Windows[0].Spec.Capacity);
        Assert.Equal((Rpm, wait), Binding(await Ask(limits, 1)));
        Clock.Advance(TimeSpan.FromMinutes(5));
        for (var i = 0; i < 20; i++) Assert.NotNull((await Ask(limits, 1)).Reservation);
        Assert.Null((await Ask(limits, 1)).Reservation);

        Clock.Advance(KeptWindow.BurstTrust + TimeSpan.FromMinutes(1));
        Assert.Equal(1_200, (await Store.SnapshotAsync(Groq, limits)).Windows[0].Spec.Capacity);
    }

    [Fact]
    public async Task A_refusal_that_says_why_shows_no_smaller_bucket()
    {
        var limits = new RouteLimits { RequestsPerMinute = 30 };
        await Refuse(await Ask(limits, 1), new LimitReading(Rpm) { Limit = 30, Used = 30, Requested = 1, OpensIn = TimeSpan.FromSeconds(2) });

        Assert.Equal(30, (await Store.SnapshotAsync(Groq, limits)).Windows[0].Spec.Capacity);
        Assert.Equal((Rpm, TimeSpan.FromSeconds(2)), Binding(await Ask(limits, 1)));
    }

    [Fact]
    public async Task A_longer_wait_without_a_window_is_not_the_minute_s()
    {
        var limits = new RouteLimits { RequestsPerMinute = 30 };
        await Store.SettleAsync((await Ask(limits, 1)).Reservation!.Value, new(null) { Counted = false, RetryAfter = TimeSpan.FromSeconds(61) });

        Assert.Equal(new[] { 0d }, await Used(Rpm));
    }

    [Fact]
    public async Task The_rates_are_the_least_of_the_windows_and_the_smallest_window_bounds_a_request()
    {
        var limits = new RouteLimits { RequestsPerMinute = 30, RequestsPerDay = 1_000, TokensPerMinute = 8_000, TokensPerDay = 200_000, InputTokensPerMinute = 6_000 };

        var rates = (await Store.SnapshotAsync(Groq, limits)).Rates;

        Assert.Equal((1_000 / 86_400d, 200_000 / 86_400d, 100d, double.PositiveInfinity), (rates.RequestsPerSecond, rates.TokensPerSecond, rates.InputTokensPerSecond, rates.OutputTokensPerSecond));
        Assert.Equal((8_000L, 6_000L, long.MaxValue, LimitNames.InputTokensPerMinute), (rates.LargestTokens, rates.LargestInput, rates.LargestOutput, rates.LargestWindow));
    }

    [Fact]
    public async Task A_snapshot_holds_what_is_reserved_and_makes_nothing_known()
    {
        var limits = new RouteLimits { TokensPerMinute = 600 };
        Assert.Equal(0, (await Store.SnapshotAsync(Groq, limits)).Windows[0].Usage.Used);
        Assert.Empty(await Store.ReadAsync());
        await Ask(limits, 500);

        Assert.Equal(500, (await Store.SnapshotAsync(Groq, limits)).Windows[0].Usage.Used);
        Assert.Empty((await Store.SnapshotAsync(Groq, s_none)).Windows);
    }

    private ValueTask Settle(WindowGrant grant, long used, params LimitReading[] readings) =>
        Store.SettleAsync(grant.Reservation!.Value, new(new TokenUsage(used, 0, 0)) { Readings = readings });

    private ValueTask Refuse(WindowGrant grant, params LimitReading[] readings) =>
        Store.SettleAsync(grant.Reservation!.Value, new(null) { Counted = false, Readings = [.. readings.Select(r => r with { Refused = true })] });
}
