using System.Runtime.Versioning;
using System.Text.Json;
using Rowmill.Simulator;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>What a killed run leaves in doubt: seen at once, reported by the next run, cleared by its answers.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DoubtTests
{
    private const int Rows = 40;
    private const int Concurrency = 4; // of JobText, as its packs of five

    [Fact]
    public async Task The_doubt_of_a_killed_run_is_seen_before_the_next_one_and_cleared_by_it()
    {
        await using var shop = new Workshop();
        shop.WriteSongs(Rows);
        var server = await shop.SimulateAsync(new SimulatorOptions
        {
            Script = [.. Enumerable.Repeat(SimulatorFault.None, Concurrency), .. Enumerable.Repeat(SimulatorFault.Hang, Concurrency)],
        });
        shop.WriteJob(server, new JobText { Model = "price: { input: 1, output: 2 }" });
        var run = shop.Start("run", "songs.yaml");
        await Until.TrueAsync(() => server.Ended() == Concurrency && server.Stats.InFlight == Concurrency);

        // A call frees its place when its answers are stored, so the four that hang are all that is open.
        Assert.Equal(("running", 0), State(await StatusAsync(shop)));
        Assert.Equal(Concurrency, (await CallsAsync(shop)).Count(c => c.GetProperty("state").GetString() == "in_flight"));

        run.Kill();
        await run.EndAsync();
        var status = await StatusAsync(shop);
        Assert.Equal(("killed", Concurrency), State(status));
        Assert.Equal(20, status.Count("in_doubt", "rows"));
        var doubt = await CallsAsync(shop, "--in-doubt");
        Assert.Equal(Concurrency, doubt.Count);
        Assert.All(doubt, c => Assert.Equal("in_doubt", c.GetProperty("state").GetString()));
        var usd = doubt.Sum(c => c.GetProperty("max_usd").GetDecimal());
        Assert.Equal(usd, Usd(status, "in_doubt"));
        Assert.True(usd > 0);

        await shop.ReplaceAsync(server, new SimulatorOptions());
        var summary = (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0).Document();
        Assert.Equal((Concurrency, 20, usd), (summary.Count("in_doubt", "calls"), summary.Count("in_doubt", "rows"), Usd(summary, "in_doubt")));
        Assert.Equal((Concurrency, usd), (summary.Count("cleared", "calls"), Usd(summary, "cleared")));

        status = await StatusAsync(shop);
        Assert.Equal(("completed", 0), State(status));
        Assert.Equal((Concurrency, usd), (status.Count("cleared", "calls"), Usd(status, "cleared")));
        Assert.Empty(await CallsAsync(shop, "--in-doubt"));
        var calls = await CallsAsync(shop);
        Assert.Equal(Concurrency, calls.Count(c => c.GetProperty("state").GetString() == "cleared"));
        Assert.Equal(
            status.GetProperty("usd").GetDecimal(),
            usd + calls.Where(c => c.GetProperty("state").GetString() == "settled").Sum(c => c.GetProperty("usd").GetDecimal()));
    }

    private static async Task<JsonElement> StatusAsync(Workshop shop) => (await shop.RunAsync("status", "songs.yaml", "--json")).Ended(0).Document();

    private static async Task<List<JsonElement>> CallsAsync(Workshop shop, params string[] options) =>
        [.. (await shop.RunAsync(["calls", "songs.yaml", "--json", .. options])).Ended(0).Document().GetProperty("calls").EnumerateArray()];

    private static (string?, long) State(JsonElement status) => (status.GetProperty("state").GetString(), status.Count("in_doubt", "calls"));

    private static decimal Usd(JsonElement document, string group) => document.GetProperty(group).GetProperty("usd").GetDecimal();
}
