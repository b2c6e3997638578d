using System.Text.Json;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

public sealed class LedgerTests
{
    [Fact]
    public async Task The_ledger_tells_how_often_each_row_was_asked_and_billed()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Script = [SimulatorFault.None, SimulatorFault.Http500] });
        await simulator.AskAsync(Body(["Song 1", "Song 2"]));
        await simulator.AskAsync(Body(["Song 2", "Song 3"]));
        simulator.Clock.Advance(TimeSpan.FromMinutes(1));
        await simulator.AskAsync(Body(["Song 2"]));
        await simulator.AskAsync("{}");

        var server = simulator.Server;
        Assert.Equal((1, 3, 1), (server.TimesAsked("Song 1"), server.TimesAsked("Song 2"), server.TimesAsked("Song 3")));
        Assert.Equal((1, 2, 0), (server.TimesBilled("Song 1"), server.TimesBilled("Song 2"), server.TimesBilled("Song 3")));
        Assert.Equal(["ok", "http500", "ok"], server.Ledger.Select(e => e.Outcome));
        Assert.Equal(["""{"title":"Song 1"}""", """{"title":"Song 2"}"""], server.Ledger[0].Rows);
        Assert.Equal(TimeSpan.FromMinutes(1), server.Ledger[2].At - server.Ledger[0].At);
        Assert.True(server.Ledger[0].OutputTokens > 0 && server.Ledger[1].OutputTokens == 0);

        var stats = server.Stats;
        Assert.Equal((4L, 3L, 2L), (stats.Requests, stats.Accepted, stats.Billed));
        Assert.Equal((5L, 3L, 3L), (stats.RowsAsked, stats.RowsBilled, stats.DistinctRows));
        Assert.Equal((2L, 1L, 1L), (stats.Count("ok"), stats.Count("http500"), stats.Count("http_400")));
        Assert.Equal(server.Ledger.Sum(e => e.OutputTokens), stats.OutputTokens);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 2)]
    public async Task The_ledger_keeps_no_more_than_it_may_and_the_counts_go_on(int capacity, int kept)
    {
        await using var simulator = await StartAsync(new SimulatorOptions { LedgerCapacity = capacity });
        for (var i = 0; i < 5; i++) await simulator.AskAsync(Body([$"Song {i}"]));
        Assert.Equal(kept, simulator.Server.Ledger.Count);
        Assert.Equal((5L, 5L, 5L), (simulator.Server.Stats.Accepted, simulator.Server.Stats.DistinctRows, simulator.Server.Stats.Count("ok")));
        if (kept > 0) Assert.Equal(5, simulator.Server.Ledger[^1].Number);
    }

    [Fact]
    public async Task Statistics_can_be_read_and_reset_from_outside()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { RequestsPerMinute = 2, Script = [SimulatorFault.Http500] });
        await simulator.AskAsync(Body(["Song 1"]));
        await simulator.AskAsync(Body(["Song 1"]));
        await simulator.AskAsync(Body(["Song 1"]));
        var stats = JsonElement.Parse(await simulator.Http.GetStringAsync(new Uri(simulator.Server.BaseAddress, "/stats")));
        Assert.Equal("""{"http500":1,"ok":1,"rate_limited":1}""", stats.GetProperty("outcomes").GetRawText());
        Assert.Equal((3, 2, 1), (stats.GetProperty("requests").GetInt32(), stats.GetProperty("rows_asked").GetInt32(), stats.GetProperty("distinct_rows").GetInt32()));
        Assert.Equal(1, stats.GetProperty("max_in_flight").GetInt32());

        using var reset = await simulator.Http.PostAsync(new Uri(simulator.Server.BaseAddress, "/reset"), null);
        Assert.True(reset.IsSuccessStatusCode);
        Assert.Empty(simulator.Server.Ledger);
        Assert.Equal(0, simulator.Server.Stats.Requests);
        Assert.Equal(500, (await simulator.AskAsync(Body(["Song 1"]))).Status);
    }

    [Fact]
    public async Task The_money_runs_out_after_so_many_requests()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { MaxRequests = 2 });
        Assert.Equal(200, (await simulator.AskAsync(Body(["Song 1"]))).Status);
        Assert.Equal(200, (await simulator.AskAsync(Body(["Song 1"]))).Status);
        var reply = await simulator.AskAsync(Body(["Song 1"]));
        Assert.Equal((429, "insufficient_quota"), (reply.Status, reply.ErrorField("code")));
        Assert.StartsWith("You exceeded your current quota, please check your plan and billing details.", reply.Message, StringComparison.Ordinal);
        Assert.Equal(2, simulator.Server.Stats.Accepted);
    }
}
