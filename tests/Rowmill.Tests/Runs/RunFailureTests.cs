using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Runs;

public sealed class RunFailureTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_limit_within_the_patience_is_waited_for_exactly_and_burns_no_attempt()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(10));
        world.Model().Script = call => call.Number is >= 2 and <= 6 ? FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromSeconds(17)) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.Equal(new CallCounts(7, 2, 0, 5), summary.Calls);
        Assert.Equal(TimeSpan.FromSeconds(85), summary.Elapsed);
        var arrivals = world.Model().Calls.Select(c => c.At).ToList();
        Assert.All(arrivals.Skip(2).Zip(arrivals.Skip(1)), pair => Assert.Equal(TimeSpan.FromSeconds(17), pair.First - pair.Second));
        Assert.All(world.Model().Calls.Skip(1), c => Assert.Equal(5, c.Titles.Count));
    }

    [Fact]
    public async Task A_limit_beyond_the_patience_gives_the_rest_to_the_next_route()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        world.Model().Script = call => call.Number == 2 ? FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromHours(3)) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.Equal(20, summary.Rows.Answered);
        Assert.Equal(2, world.Model().Calls.Count);
        Assert.Equal(3, world.Model("b").Calls.Count);
        Assert.Equal(TimeSpan.Zero, summary.Elapsed);
    }

    [Fact]
    public async Task Without_another_route_the_run_stops_and_says_when_to_go_on()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Model().Script = call => call.Number == 2 ? FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromHours(3)) : FakeReply.Good(call);
        var began = world.Clock.GetUtcNow();

        var summary = await world.RunAsync();

        Assert.Equal(RunState.RateLimited, summary.State);
        Assert.Equal(began + TimeSpan.FromHours(3), summary.ResumeAt);
        Assert.Equal(new RowCounts(20, 5, 0, 0, 0, 15, 0), summary.Rows);
        Assert.Equal(5, (await world.ColumnAsync("ai_status")).Count(s => s == "answered"));
        Assert.Equal(ExitCode.RateLimited, SummaryJson.ExitCode(summary));

        // Whoever comes earlier, this run or another, sends nothing.
        Assert.Equal(0, (await world.RunAsync()).Calls.Sent);
        world.Advance(TimeSpan.FromHours(3));
        Assert.Equal(20, (await world.RunAsync()).Rows.Answered);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(10)]
    public async Task A_limit_that_refuses_everything_for_longer_than_the_patience_stops_the_run(int? retryAfter)
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        TimeSpan? after = retryAfter is { } s ? TimeSpan.FromSeconds(s) : null;
        world.Model().Script = call => FakeReply.Fail(FailureKind.RateLimited, after);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.RateLimited, summary.State);
        Assert.NotNull(summary.ResumeAt);
        Assert.InRange(summary.Elapsed, s_minute, 2 * s_minute);
    }

    [Theory]
    [InlineData(FailureKind.Unavailable)]
    [InlineData(FailureKind.TimedOut)]
    [InlineData(FailureKind.ConnectionLost)]
    [InlineData(FailureKind.BadReply)]
    public async Task A_short_outage_is_waited_out_and_loses_nothing(FailureKind kind)
    {
        using var world = new RunWorld();
        world.Environment = world.Environment with { Chance = () => 0.5 };
        world.Table(RunWorld.Titles(60));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = 3 })] };
        world.Model().Script = call => call.Number is >= 3 and <= 8 ? FakeReply.Fail(kind) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.Equal(60, summary.Rows.Answered);
        Assert.Equal(new CallCounts(18, 12, 6, 0), summary.Calls);
        Assert.True(summary.Elapsed > TimeSpan.Zero);
    }

    [Fact]
    public async Task A_request_that_breaks_now_and_then_rests_while_the_others_go_on()
    {
        using var world = new RunWorld(new VirtualClock());
        world.Environment = world.Environment with { Chance = () => 0.5 };
        world.Table(RunWorld.Titles(50));
        world.Model().Script = call => call.Number is 2 or 5 ? FakeReply.Fail(FailureKind.Unavailable) : FakeReply.Good(call);

        var running = world.RunAsync();
        await world.Model().Arrived(10);
        var (clock, began) = ((VirtualClock)world.Clock, world.Clock.GetUtcNow());
        // One timer renews the lease, the other ends the rest.
        while (clock.Waiting < 2) await Task.Yield();
        world.Advance(TimeSpan.FromMilliseconds(249));
        Assert.Equal(10, world.Model().Calls.Count);
        world.Advance(TimeSpan.FromMilliseconds(1));
        var summary = await running;

        Assert.Equal(50, summary.Rows.Answered);
        Assert.Equal(new CallCounts(12, 10, 2, 0), summary.Calls);
        Assert.All(world.Model().Calls.Take(10), c => Assert.Equal(began, c.At));
        Assert.Equal(["t6", "t21"], world.Model().Calls.Skip(10).Select(c => c.Titles[0]));
    }

    [Fact]
    public async Task An_outage_longer_than_the_patience_stops_the_run_and_keeps_everything()
    {
        using var world = new RunWorld();
        world.Environment = world.Environment with { Chance = () => 0.5 };
        world.Table(RunWorld.Titles(20));
        world.Model().Script = call => call.Number > 2 ? FakeReply.Fail(FailureKind.Unavailable) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Failed, summary.State);
        Assert.Equal(new RowCounts(20, 10, 0, 0, 0, 10, 0), summary.Rows);
        Assert.InRange(world.Model().Calls.Count, 8, 20);
        Assert.InRange(summary.Elapsed, 2 * s_minute, 4 * s_minute);
        Assert.Equal(10, (await world.ColumnAsync("ai_status")).Count(s => s == "answered"));
    }

    [Theory]
    [InlineData(FailureKind.KeyRefused)]
    [InlineData(FailureKind.ModelRefused)]
    [InlineData(FailureKind.QuotaExhausted)]
    public async Task A_refused_key_hands_over_to_the_next_route_and_the_last_one_ends_the_run(FailureKind kind)
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = 4 }), RunWorld.Route("b")] };
        world.Model().Script = _ => FakeReply.Fail(kind);
        world.Model("b").Script = call => call.Number > 2 ? FakeReply.Fail(kind) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Refused, summary.State);
        Assert.Equal(ExitCode.Refused, SummaryJson.ExitCode(summary));
        // However the refused packs were taken up again.
        Assert.Equal(world.Model("b").Calls.Where(c => c.Number <= 2).Sum(c => c.Titles.Count), summary.Rows.Answered);
        Assert.InRange(world.Model().Calls.Count, 1, 4);
    }

    [Fact]
    public async Task A_service_that_calls_every_request_wrong_stops_the_run_after_three()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(40));
        world.Model().Script = _ => FakeReply.Fail(FailureKind.BadRequest);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Failed, summary.State);
        Assert.True(summary.UserError);
        Assert.Equal(ExitCode.UserError, SummaryJson.ExitCode(summary));
        Assert.Equal(3, summary.Calls.Sent);
        Assert.Equal(40, summary.Rows.Pending);
    }

    [Fact]
    public async Task A_form_that_is_refused_is_asked_for_in_a_lesser_one_until_the_schema_goes_into_the_system_message()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = 4 })] };
        world.Model().Script = call => call.Request.Form < StructuredOutput.JsonMode ? FakeReply.Fail(FailureKind.FormRefused) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(20, summary.Rows.Answered);
        Assert.All(world.Model().Calls, c => Assert.Equal(
            c.Request.Form >= StructuredOutput.JsonMode, c.Request.System.Contains("\"energy\"", StringComparison.Ordinal)));
        // Each form is refused once, however many requests may be in flight.
        Assert.Equal(
            [StructuredOutput.StrictSchema, StructuredOutput.Schema, .. Enumerable.Repeat(StructuredOutput.JsonMode, 4)], world.Model().Calls.Select(c => c.Request.Form));
    }

    [Fact]
    public async Task Until_a_model_has_answered_once_one_request_goes_at_a_time()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = 4 })] };
        var first = new TaskCompletionSource();
        // After the first, each is answered only when the last has come as well.
        world.Model().Hold = call => call.Number == 1 ? first.Task : world.Model().Arrived(4);

        var run = world.RunAsync();
        await world.Model().Arrived(1);
        Assert.Single(world.Model().Calls);
        first.SetResult();

        Assert.Equal(20, (await run).Rows.Answered);
        world.Model().Hold = call => world.Model().Arrived(8);
        Assert.Equal(20, (await world.RunAsync(new RunOptions { Fresh = true })).Rows.Answered);
    }

    [Fact]
    public async Task The_next_run_begins_with_the_form_that_the_model_took()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(4));
        world.Model().Script = call => call.Request.Form < StructuredOutput.JsonMode ? FakeReply.Fail(FailureKind.FormRefused) : FakeReply.Good(call);
        await world.RunAsync();
        var before = world.Model().Calls.Count;

        await world.RunAsync(new RunOptions { Fresh = true });

        Assert.All(world.Model().Calls.Skip(before), call => Assert.Equal(StructuredOutput.JsonMode, call.Request.Form));
    }

    [Fact]
    public async Task A_model_that_takes_no_form_at_all_ends_the_run()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Model().Script = _ => FakeReply.Fail(FailureKind.FormRefused);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Failed, summary.State);
        Assert.True(summary.UserError);
        Assert.Equal(4, summary.Calls.Sent);
    }

    [Fact]
    public async Task The_budget_stops_the_run_before_a_call_could_cross_it_and_holds_over_all_runs()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(100));
        world.Job = world.Job with
        {
            BudgetUsd = 0.002m,
            Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = 4 }) with { Price = new Price(1m, 2m) }],
        };

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Budget, summary.State);
        Assert.Equal(ExitCode.Budget, SummaryJson.ExitCode(summary));
        Assert.InRange(summary.Usd!.Value, 0.0002m, 0.002m);
        Assert.Equal(summary.Usd, summary.Calls.Sent * 0.0002m);
        Assert.Equal(summary.Rows.Answered, summary.Calls.Sent * 5);

        var again = await world.RunAsync();
        Assert.Equal(RunState.Budget, again.State);
        Assert.InRange(summary.Usd.Value + again.Usd!.Value, 0.0002m, 0.002m);
    }

    [Fact]
    public async Task A_limit_of_requests_per_minute_is_never_exceeded()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(200));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { RequestsPerMinute = 7, Concurrency = 4 })] };

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.Equal(40, summary.Calls.Succeeded);
        var arrivals = world.Model().Calls.Select(c => c.At).Order().ToList();

        // The window starts full and refills evenly: 7 at once, then 7 a minute.
        for (var i = 0; i < arrivals.Count; i++)
            Assert.InRange(i + 1, 1, 7.001 + 7 * (arrivals[i] - arrivals[0]).TotalMinutes);
        Assert.InRange(summary.Elapsed, 4.7 * s_minute, 5.5 * s_minute);
    }

    [Fact]
    public async Task A_pack_larger_than_a_window_is_split()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(64));
        world.Job = world.Job with { PackRows = 64, Routes = [RunWorld.Route("a", new RouteLimits { TokensPerMinute = 1000 })] };

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.Equal(64, summary.Rows.Answered);
        Assert.Equal(64, world.Model().Calls.Sum(c => c.Titles.Count));
        Assert.All(world.Model().Calls, c => Assert.InRange(c.Request.MaxOutputTokens, 1, 1000));
    }

    [Fact]
    public async Task A_window_that_never_admits_a_request_says_so_before_anything_is_sent()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(6));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { TokensPerMinute = 50 })] };

        var wrong = Assert.Single((await Assert.ThrowsAsync<ProblemException>(() => world.RunAsync())).Problems);

        Assert.Equal("models[0].limits.tokens_per_minute", wrong.Key);
        Assert.Contains("never admits more than 50.", wrong.Message, StringComparison.Ordinal);
        Assert.Empty(world.Model().Calls);
    }

    [Fact]
    public async Task A_window_that_opens_beyond_the_patience_stops_the_run_and_says_when()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { RequestsPerDay = 2 })] };

        var summary = await world.RunAsync();

        Assert.Equal(RunState.RateLimited, summary.State);
        Assert.Equal(2, summary.Calls.Sent);
        Assert.True(summary.ResumeAt > world.Clock.GetUtcNow());
    }
}
