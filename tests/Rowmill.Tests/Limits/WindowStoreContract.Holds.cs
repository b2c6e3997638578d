using Rowmill.Core.Limits;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Limits;

/// <content>Holds, calendar days and clocks that jump.</content>
public abstract partial class WindowStoreContract
{
    protected static readonly WindowOwner Gemini = new("gemini", "https://generativelanguage.googleapis.com", "me", "flash");
    private static readonly RouteLimits s_minute = new() { RequestsPerMinute = 60 };
    private static readonly RouteLimits s_day = new() { RequestsPerDay = 2 };

    [Fact]
    public async Task A_hold_keeps_everybody_away_then_one_goes_first_and_its_end_lifts_it()
    {
        var early = await Ask(s_minute, 1);
        var until = Clock.GetUtcNow() + TimeSpan.FromMinutes(10);
        await Store.HoldAsync(Groq, new(until, "overloaded"));
        var held = await Ask(s_minute, 1);
        Assert.Equal((TimeSpan.FromMinutes(10), null, new WindowHold(until, "overloaded")), (held.Wait, held.Window, held.Hold));
        Assert.Equal(new WindowHold(until, "overloaded"), (await Store.SnapshotAsync(Groq, s_minute)).Hold);
        Assert.Equal(new WindowHold(until, "overloaded"), Assert.Single(await Store.ReadAsync()).Hold);

        // What left before says nothing of it.
        await Settle(early, 1);
        Clock.Advance(TimeSpan.FromMinutes(10));
        var probe = await Ask(s_minute, 1);
        Assert.NotNull(probe.Reservation);
        var other = await Ask(s_minute, 1);
        Assert.Equal((OwnerWindows.ProbeStep, "overloaded"), (other.Wait, other.Hold!.Reason));

        await Settle(probe, 1);
        Assert.Null((await Store.SnapshotAsync(Groq, s_minute)).Hold);
        for (var i = 0; i < 5; i++) Assert.NotNull((await Ask(s_minute, 1)).Reservation);
    }

    [Fact]
    public async Task A_hold_alone_makes_requests_be_reserved()
    {
        await Store.HoldAsync(Groq, new(Clock.GetUtcNow() + TimeSpan.FromSeconds(9), "busy"));

        Assert.True((await Store.SnapshotAsync(Groq, s_none)).Binds);
        Assert.Equal(TimeSpan.FromSeconds(9), (await Ask(s_none, 1)).Wait);
        Clock.Advance(TimeSpan.FromSeconds(9));
        await Settle(await Ask(s_none, 1), 1);
        Assert.False((await Store.SnapshotAsync(Groq, s_none)).Binds);
    }

    [Fact]
    public async Task When_nothing_comes_of_the_first_another_goes_after_the_probe_time_and_at_once_when_it_did_not_leave()
    {
        await Store.HoldAsync(Groq, new(Clock.GetUtcNow(), "busy"));
        Assert.NotNull((await Ask(s_minute, 1)).Reservation);
        Clock.Advance(OwnerWindows.ProbeTime - TimeSpan.FromMilliseconds(400));
        Assert.Equal(TimeSpan.FromMilliseconds(400), (await Ask(s_minute, 1)).Wait);
        Clock.Advance(TimeSpan.FromMilliseconds(400));
        var second = await Ask(s_minute, 1);
        Assert.NotNull(second.Reservation);

        await Store.ReleaseAsync(second.Reservation.Value);
        Assert.NotNull((await Ask(s_minute, 1)).Reservation);
        Assert.Null((await Ask(s_minute, 1)).Reservation);
    }

    [Fact]
    public async Task A_first_request_that_is_turned_away_without_a_word_lets_one_more_go_and_no_crowd()
    {
        await Store.HoldAsync(Groq, new(Clock.GetUtcNow(), "busy"));
        await Refuse(await Ask(s_minute, 1));

        Assert.NotNull((await Ask(s_minute, 1)).Reservation);
        Assert.Null((await Ask(s_minute, 1)).Reservation);
    }

    [Fact]
    public async Task Silence_lifts_no_hold()
    {
        await Store.HoldAsync(Groq, new(Clock.GetUtcNow(), "busy"));
        await Store.SettleAsync((await Ask(s_minute, 1)).Reservation!.Value, new(null));

        Assert.NotNull((await Ask(s_minute, 1)).Reservation);
        Assert.Null((await Ask(s_minute, 1)).Reservation);
    }

    [Fact]
    public async Task A_new_hold_renews_and_the_longer_one_stays()
    {
        var now = Clock.GetUtcNow();
        await Store.HoldAsync(Groq, new(now + TimeSpan.FromMinutes(5), "long"));
        await Store.HoldAsync(Groq, new(now + TimeSpan.FromMinutes(1), "short"));
        Assert.Equal((TimeSpan.FromMinutes(5), "long"), ((await Ask(s_minute, 1)).Wait, (await Ask(s_minute, 1)).Hold!.Reason));

        Clock.Advance(TimeSpan.FromMinutes(5));
        var probe = await Ask(s_minute, 1);
        await Store.HoldAsync(Groq, new(Clock.GetUtcNow() + TimeSpan.FromMinutes(2), "again"));
        await Settle(probe, 1);
        Assert.Equal((TimeSpan.FromMinutes(2), "again"), ((await Ask(s_minute, 1)).Wait, (await Ask(s_minute, 1)).Hold!.Reason));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-400)]
    public async Task No_hold_is_believed_for_longer_than_a_day_nor_one_of_a_future_that_the_clock_left(int days)
    {
        await Store.HoldAsync(Groq, new(Clock.GetUtcNow() + TimeSpan.FromDays(365), "a year"));
        Clock.Advance(TimeSpan.FromDays(days));

        Assert.Equal(TimeSpan.FromDays(1), (await Ask(s_minute, 1)).Wait);
        Clock.Advance(TimeSpan.FromDays(1));
        Assert.NotNull((await Ask(s_minute, 1)).Reservation);
    }

    [Fact]
    public async Task A_calendar_day_is_unused_again_at_midnight_in_Los_Angeles_and_not_before()
    {
        for (var i = 0; i < 2; i++) Assert.NotNull((await AskGemini(s_day)).Reservation);
        var midnight = new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);
        var refused = await AskGemini(s_day);
        Assert.Equal((midnight - Clock.GetUtcNow(), LimitNames.RequestsPerDay), (refused.Wait, refused.Window));
        Assert.Equal(midnight, Assert.Single(await Store.LinesAsync()).FullAt);

        Clock.Advance(refused.Wait - TimeSpan.FromMilliseconds(1));
        Assert.Null((await AskGemini(s_day)).Reservation);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        for (var i = 0; i < 2; i++) Assert.NotNull((await AskGemini(s_day)).Reservation);
        Assert.Equal(TimeSpan.FromDays(1), (await AskGemini(s_day)).Wait);
    }

    [Fact]
    public async Task What_was_reserved_yesterday_is_not_given_back_to_today()
    {
        var limits = new RouteLimits { TokensPerDay = 1_000 };
        var old = await Store.ReserveAsync(new(Gemini, limits, new(300, 500)));
        Clock.Advance(TimeSpan.FromDays(1));
        await Store.ReserveAsync(new(Gemini, limits, new(900, 0)));

        await Store.SettleAsync(old.Reservation!.Value, new(new TokenUsage(300, 0, 20)) { Readings = [new(Tpd) { Limit = 1_000, Remaining = 700 }] });
        Assert.Equal(900, Assert.Single(await Store.LinesAsync()).Used);
    }

    [Fact]
    public async Task A_calendar_day_that_refuses_is_used_up_until_its_midnight_whatever_wait_it_names()
    {
        var limits = new RouteLimits { RequestsPerDay = 250 };
        var grant = await AskGemini(limits);
        await Refuse(grant, new LimitReading(LimitNames.RequestsPerDay) { Limit = 250, OpensIn = TimeSpan.FromSeconds(32), Calendar = true });

        Assert.Equal(TimeSpan.FromHours(20), (await AskGemini(limits)).Wait);
    }

    [Fact]
    public async Task A_day_that_the_service_calls_one_of_the_calendar_stays_one()
    {
        await Store.ObserveAsync(Groq, [new(Tpd) { Limit = 1_000, Calendar = true }], Clock.GetUtcNow());
        await Ask(s_none, 1_000);
        await Store.ObserveAsync(Groq, [new(Tpd) { Limit = 1_000 }], Clock.GetUtcNow());

        Assert.Equal(TimeSpan.FromHours(20), (await Ask(s_none, 1)).Wait);
        Assert.True((await Store.SnapshotAsync(Groq, new() { TokensPerDay = 5_000 })).Windows[0].Spec.Calendar);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-3_600)]
    [InlineData(-365 * 86_400)]
    public async Task Set_back_a_clock_grants_no_calendar_day_twice_and_blocks_none_for_ever(int seconds)
    {
        // Half an hour into the day, so that an hour leads into the day before.
        Clock.Advance(new DateTimeOffset(2026, 3, 2, 8, 30, 0, TimeSpan.Zero) - Clock.GetUtcNow());
        for (var i = 0; i < 2; i++) await AskGemini(s_day);
        Clock.Advance(TimeSpan.FromSeconds(seconds));

        var wait = (await AskGemini(s_day)).Wait;
        Assert.InRange(wait, TimeSpan.FromHours(7), TimeSpan.FromHours(25));
        Clock.Advance(wait);
        Assert.NotNull((await AskGemini(s_day)).Reservation);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-3_600)]
    [InlineData(-365 * 86_400)]
    [InlineData(3_600)]
    public async Task A_clock_that_jumps_grants_nothing_twice_and_blocks_nobody_for_ever(int seconds)
    {
        var limits = new RouteLimits { TokensPerDay = 2_400 };
        await Ask(limits, 2_400);
        var waiting = await Ask(limits, 100, TimeSpan.FromDays(1));
        Clock.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(Math.Clamp(2_400 - seconds / 36d, 2_300, 2_400), Assert.Single(await Store.LinesAsync()).Used, 3);
        var again = await Ask(limits, 100, TimeSpan.FromDays(1), waiting.Place);
        if (seconds > 0) Assert.NotNull(again.Reservation);
        else Assert.InRange(again.Wait, TimeSpan.FromHours(1), TimeSpan.FromHours(1) + WindowUsage.Skew);
        Clock.Advance(TimeSpan.FromHours(2));
        Assert.NotNull((await Ask(limits, 20)).Reservation);
    }

    private ValueTask<WindowGrant> AskGemini(RouteLimits limits) => Store.ReserveAsync(new(Gemini, limits, new(10, 10)));
}
