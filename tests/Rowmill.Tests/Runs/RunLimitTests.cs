using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;

namespace Rowmill.Tests.Runs;

public sealed class RunLimitTests
{
    [Fact]
    public async Task A_day_that_is_used_up_stops_the_run_with_one_sentence_and_both_times_come_true()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { RequestsPerDay = 2 })] };

        var summary = await world.RunAsync();

        Assert.Equal(RunState.RateLimited, summary.State);
        Assert.Equal(ExitCode.RateLimited, SummaryJson.ExitCode(summary));
        Assert.Equal(10, summary.Rows.Answered);
        var resume = summary.ResumeAt!.Value;
        Assert.InRange(resume - world.Clock.GetUtcNow(), TimeSpan.FromHours(11.9), TimeSpan.FromHours(12.1));
        Assert.InRange(summary.FinishAt!.Value - world.Clock.GetUtcNow(), TimeSpan.FromHours(23.9), TimeSpan.FromHours(24.1));
        Assert.StartsWith("fake/a has used its 2 requests for today; 10 of 20 rows answered; go on after ", summary.Message, StringComparison.Ordinal);
        Assert.Contains(" with the same command; with --wait the rest is done by ", summary.Message, StringComparison.Ordinal);

        // Earlier by more than the patience.
        world.Advance(resume - world.Clock.GetUtcNow() - TimeSpan.FromMinutes(3));
        Assert.Equal(0, (await world.RunAsync()).Calls.Sent);
        world.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(1, (await world.RunAsync()).Calls.Sent);
    }

    [Fact]
    public async Task Told_to_wait_a_run_goes_through_the_days_at_the_pace_of_the_window()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(30));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { RequestsPerDay = 2 })] };

        var summary = await world.RunAsync(new RunOptions { Wait = true });

        Assert.Equal(RunState.Completed, summary.State);
        Assert.Equal(6, summary.Calls.Sent);
        Assert.Equal(0, summary.Calls.RateLimited);
        Assert.InRange(summary.Elapsed, TimeSpan.FromHours(48), TimeSpan.FromHours(48.1));
    }

    [Fact]
    public async Task Another_model_takes_over_while_one_is_parked_and_gives_back_when_it_opens()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(60));
        world.Job = world.Job with
        {
            Patience = TimeSpan.FromSeconds(90),
            Routes = [RunWorld.Route("a", new RouteLimits { RequestsPerDay = 480 }), RunWorld.Route("b", new RouteLimits { RequestsPerMinute = 1 })],
        };

        // As if the day's requests had been used: the next fits after three minutes.
        var owner = await world.Environment.WindowOwner(world.Job.Routes[0]);
        for (var i = 0; i < 480; i++)
            await world.Windows.ReserveAsync(new(owner, world.Job.Routes[0].Limits, new(1, 1)), TestContext.Current.CancellationToken);
        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.NotEmpty(world.Model("a").Calls);
        Assert.InRange(world.Model("b").Calls.Count, 6, 11);
        Assert.Contains(world.Seen.Events, e => e.Kind == "failed_over");
        Assert.Contains(world.Seen.Events, e => e.Kind == "reopened");
        Assert.True(world.Model("b").Calls[0].At < world.Model("a").Calls[0].At && world.Model("a").Calls[0].At < world.Model("b").Calls[^1].At);
    }

    [Fact]
    public async Task Two_models_side_by_side_are_asked_at_the_same_time()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b", new RouteLimits { RequestsPerDay = 1 })], Routing = Routing.Spread };

        // The first replies only once the second has been asked, and the other way round.
        world.Model("a").Hold = call => call.Number == 1 ? world.Model("b").Arrived(1) : Task.CompletedTask;
        world.Model("b").Hold = _ => world.Model("a").Arrived(1);
        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.Equal(3, world.Model("a").Calls.Count);
        Assert.Single(world.Model("b").Calls);
    }

    [Fact]
    public async Task A_parked_model_is_tried_by_one_request_and_not_by_a_crowd()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(60));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = 4 })] };
        await world.ProveAsync();
        var start = world.Clock.GetUtcNow();
        bool IsEarly(FakeCall call) => call.At < start + TimeSpan.FromMinutes(59);
        world.Model().Script = call => IsEarly(call) ? FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromHours(1)) : FakeReply.Good(call);

        // The first after the hour is answered only when another one has gone.
        world.Model().Hold = call => IsEarly(call) || call.Number != world.Model().Calls.Count(IsEarly) + 1
            ? Task.CompletedTask : world.Model().Arrived(call.Number + 1);
        var summary = await world.RunAsync(new RunOptions { Wait = true });

        Assert.Equal(RunState.Completed, summary.State);
        var later = world.Model().Calls.Where(c => !IsEarly(c)).Select(c => c.At).ToList();
        Assert.True(later[1] - later[0] >= RouteGate.ProbeTime, $"{later[0]:O} {later[1]:O}");
    }

    [Fact]
    public async Task A_limit_burns_no_attempt_of_any_row()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(5));
        world.Job = world.Job with { Patience = TimeSpan.FromHours(1) };
        world.Model().Script = call => call.Number <= 9 ? FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromSeconds(1)) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.Equal(9, summary.Calls.RateLimited);
        Assert.All(world.Model().Calls, c => Assert.Equal(5, c.Titles.Count));
    }

    [Fact]
    public async Task A_service_that_says_a_year_is_asked_again_after_a_day()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(5));
        world.Model().Script = _ => FakeReply.Fail(FailureKind.RateLimited, TimeSpan.FromDays(365));

        var summary = await world.RunAsync();

        Assert.Equal(RunState.RateLimited, summary.State);
        Assert.InRange(summary.ResumeAt!.Value - world.Clock.GetUtcNow(), TimeSpan.FromHours(23.9), TimeSpan.FromHours(24.1));
    }

    [Fact]
    public async Task A_run_stops_before_the_call_that_would_cross_its_own_bound()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Routes = [RunWorld.Route("a") with { Price = new Price(1m, 2m) }] };
        var whole = (await world.RunAsync()).Usd!.Value;

        var summary = await world.RunAsync(new RunOptions { Fresh = true, MaxUsd = whole * 2 });
        Assert.Equal(RunState.Completed, summary.State);
        var stopped = await world.RunAsync(new RunOptions { Fresh = true, MaxUsd = 0.0001m });

        Assert.Equal(RunState.Budget, stopped.State);
        Assert.Equal(ExitCode.Budget, SummaryJson.ExitCode(stopped));
        Assert.Contains("--max-usd", stopped.Message, StringComparison.Ordinal);
        Assert.True(stopped.Usd <= 0.0001m);
    }

    [Fact]
    public async Task A_bound_in_money_needs_a_price()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(5));

        var wrong = await Assert.ThrowsAsync<ProblemException>(() => world.RunAsync(new RunOptions { MaxUsd = 1 }));

        Assert.Equal("--max-usd", Assert.Single(wrong.Problems).Key);
        Assert.Empty(world.Model().Calls);
    }

    [Theory]
    [InlineData(60, RunState.Gate)]
    [InlineData(40, RunState.CompletedWithGaps)]
    public async Task The_gate_stops_a_run_whose_rows_turn_out_badly(double gate, RunState state)
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(400));
        world.Model().Script = call => FakeReply.Each(call, t => int.Parse(t.AsSpan(1)) % 2 == 0 ? null : "\"energy\":\"Low\"");

        var summary = await world.RunAsync(new RunOptions { Gate = gate });

        Assert.Equal(state, summary.State);
        if (state != RunState.Gate) return;
        Assert.Equal(ExitCode.Budget, SummaryJson.ExitCode(summary));
        Assert.InRange(summary.Rows.Answered + summary.Rows.Failed, 100, 110);
        Assert.Contains("less than the gate of 60 %", summary.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_windows_wait_soon_after_an_outage_is_a_limit_and_not_a_failure()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(20));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { RequestsPerDay = 2 })] };
        world.Model().Script = call => call.Number == 2 ? FakeReply.Fail(FailureKind.ConnectionLost) : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.RateLimited, summary.State);
        Assert.NotNull(summary.ResumeAt);
    }

    [Fact]
    public async Task A_refusal_that_names_its_window_and_nothing_else_is_not_answered_with_a_storm()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(50));
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { RequestsPerMinute = 600 })] };
        var began = world.Clock.GetUtcNow();

        // The service counts fixed minutes, of which the first is used up.
        world.Model().Script = call => call.At - began < TimeSpan.FromMinutes(1)
            ? new ModelResult
            {
                Failure = new ModelFailure(FailureKind.RateLimited, "too many") { Window = LimitNames.RequestsPerMinute },
                Limits = [new LimitReading(LimitNames.RequestsPerMinute) { Refused = true }],
            }
            : FakeReply.Good(call);

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.InRange(summary.Calls.RateLimited, 1, 20);
    }

    [Fact]
    public async Task A_refusal_that_teaches_a_window_is_waited_as_long_as_it_says()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(10));
        world.Job = world.Job with { Patience = TimeSpan.FromSeconds(5) };
        world.Model().Script = call => call.Number > 1 ? FakeReply.Good(call) : new ModelResult
        {
            Failure = new ModelFailure(FailureKind.RateLimited, "too many") { Window = LimitNames.RequestsPerMinute },
            Limits = [new LimitReading(LimitNames.RequestsPerMinute) { Refused = true, Limit = 15, Used = 15, OpensIn = TimeSpan.FromSeconds(4) }],
        };

        var summary = await world.RunAsync();

        Assert.Equal(RunState.Completed, summary.State);
        Assert.InRange(world.Model().Calls[1].At - world.Model().Calls[0].At, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_service_that_says_soon_again_and_again_is_waited_for_no_longer_than_the_patience()
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(10));
        world.Model().Script = _ => new ModelResult
        {
            Failure = new ModelFailure(FailureKind.RateLimited, "too many") { Window = LimitNames.RequestsPerMinute, RetryAfter = TimeSpan.FromSeconds(1) },
            Limits = [new LimitReading(LimitNames.RequestsPerMinute) { Refused = true, Limit = 60, Used = 60, OpensIn = TimeSpan.FromSeconds(1) }],
        };
        var began = world.Clock.GetUtcNow();

        var summary = await world.RunAsync();

        Assert.Equal((RunState.RateLimited, 10L), (summary.State, summary.Rows.Pending));
        Assert.InRange(world.Clock.GetUtcNow() - began, world.Job.Patience / 2, world.Job.Patience * 1.1);
        Assert.True(summary.ResumeAt > began);
    }

    [Fact]
    public async Task Limits_that_nobody_reaches_cost_no_look_at_the_windows()
    {
        using var world = new RunWorld();
        var windows = new BrokenWindows(world.Windows, settles: 0) { Observes = 0 };
        world.Environment = world.Environment with { Windows = windows };
        world.Table(RunWorld.Titles(20));
        world.Model().Script = call => FakeReply.Good(call) with
        {
            Limits = [new LimitReading(LimitNames.RequestsPerMinute) { Limit = long.MaxValue, Remaining = 1e15 }, new LimitReading(LimitNames.TokensPerMinute) { Remaining = 5 }],
        };

        Assert.Equal(RunState.Completed, (await world.RunAsync()).State);

        // One that somebody may reach is told.
        world.Model().Script = call => FakeReply.Good(call) with { Limits = [new LimitReading(LimitNames.RequestsPerDay) { Limit = 1000 }] };
        var told = await world.RunAsync(new RunOptions { Fresh = true });
        Assert.Equal(RunState.Failed, told.State);
        Assert.Contains("no space is left for windows", told.Message, StringComparison.Ordinal);
    }
}
