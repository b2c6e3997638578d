using Rowmill.Simulator;
using Rowmill.SystemTests.Support;
using Rowmill.Tests.Support;

namespace Rowmill.SystemTests;

/// <summary>Ctrl-C and SIGTERM, sent to the process that the launcher was started as.</summary>
public sealed class InterruptTests
{
    private const int Rows = 200;

    // A shell that runs tests in the background hands on SIGINT as ignored, and a program respects that.
    private const string Heard = "exec env --default-signal=INT ";

    [Theory]
    [InlineData("INT", false)]
    [InlineData("TERM", false)]
    [InlineData("INT", true)]
    public async Task A_signal_ends_the_run_with_130_and_loses_nothing(string signal, bool hangs)
    {
        await using var shop = new Workshop();
        shop.WriteSongs(Rows);
        // Time at the provider passes only as the test lets it: the run cannot end before the signal.
        var clock = new VirtualClock();
        var server = await shop.SimulateAsync(new SimulatorOptions { Latency = TimeSpan.FromSeconds(1) }, clock);
        shop.WriteJob(server, new JobText { Limits = "concurrency: 2" });

        var run = shop.StartAfter(Heard, "run", "songs.yaml", "--json");
        // The first request to a model goes alone.
        await Until.TrueAsync(() => server.Stats.InFlight == 1);
        while (server.Ended() < 7)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Until.TrueAsync(() => server.Stats.InFlight == 2);
        }

        await run.SignalAsync(signal);
        // Either the calls in flight end, or they are given up after a few seconds.
        var ended = run.EndAsync();
        if (!hangs) await Until.TrueAsync(() => Advance(clock) && ended.IsCompleted);
        var summary = (await ended).Ended(130).Document();

        Assert.Equal("interrupted", summary.GetProperty("state").GetString());
        Assert.InRange(summary.GetProperty("elapsed_seconds").GetDouble(), 0, 60);
        var answered = (int)summary.Count("rows", "answered");
        Assert.Equal(hangs ? 35 : server.Ledger.Count * 5, answered);
        Assert.Equal(Rows - answered, summary.Count("rows", "pending"));
        CsvTable.AssertKept(CsvTable.Parse(shop.Read("songs.csv")), CsvTable.Parse(shop.Read("out.csv")));
        Assert.Equal(answered, CsvTable.Parse(shop.Read("out.csv")).Count(r => r.Contains("answered", StringComparer.Ordinal)));

        var stored = await shop.StoredAsync();
        Assert.Equal(answered, stored.Count);
        var next = await shop.ReplaceAsync(server, new SimulatorOptions());
        var rest = (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0).Document();
        Assert.Equal((Rows, hangs ? 2 : 0), (rest.Count("rows", "answered"), rest.Count("in_doubt", "calls")));
        Assert.DoesNotContain(next.Ledger.Titles(), stored.Contains);
        Assert.Equal(Rows - answered, next.Ledger.Titles().Count);
    }

    private static bool Advance(VirtualClock clock)
    {
        clock.Advance(TimeSpan.FromSeconds(1));
        return true;
    }
}
