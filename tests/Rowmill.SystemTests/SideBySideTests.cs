using System.Globalization;
using System.Runtime.Versioning;
using Rowmill.Simulator;
using Rowmill.SystemTests.Support;
using Rowmill.Tests.Support;

namespace Rowmill.SystemTests;

/// <summary>Processes at the same time: one job, one store, one account.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SideBySideTests
{
    [Theory]
    [InlineData("--json")]
    [InlineData("--events")]
    public async Task A_second_run_of_the_same_job_is_refused_and_the_first_unharmed(string form)
    {
        await using var shop = new Workshop();
        shop.WriteSongs(40);
        var clock = new VirtualClock();
        var server = await shop.SimulateAsync(new SimulatorOptions { Latency = TimeSpan.FromSeconds(1) }, clock);
        shop.WriteJob(server);

        var first = shop.Start("run", "songs.yaml", "--json");
        var firstEnds = first.EndAsync();
        // The first request to a model goes alone.
        await Until.TrueAsync(() => server.Stats.InFlight == 1);
        var second = (await shop.RunAsync("run", "songs.yaml", form)).Ended(7);
        Assert.Equal("already_running", second.Document().GetProperty("state").GetString());
        Assert.Contains(first.Id.ToString(CultureInfo.InvariantCulture), second.Error, StringComparison.Ordinal);
        Assert.Equal(1, server.Stats.Requests);

        await Until.TrueAsync(() => Advance(clock) && firstEnds.IsCompleted);
        var summary = (await firstEnds).Ended(0).Document();
        Assert.Equal((40, 8), (summary.Count("rows", "answered"), summary.Count("calls", "sent")));
        Assert.Equal(8, server.Stats.Requests);
    }

    [Fact]
    public async Task Two_jobs_on_one_store_at_once_both_complete()
    {
        await using var shop = new Workshop();
        shop.WriteSongs(60, "songs.csv");
        shop.WriteSongs(60, "tunes.csv", "Tune");
        var clock = new VirtualClock();
        var server = await shop.SimulateAsync(new SimulatorOptions { Latency = TimeSpan.FromSeconds(1) }, clock);
        shop.WriteJob(server);
        shop.WriteJob(server, new JobText { Name = "tunes", Table = "tunes.csv", Output = "tunes-out.csv" }, "tunes.yaml");

        var songs = shop.RunAsync("run", "songs.yaml", "--json", "--store", "both.db");
        var tunes = shop.RunAsync("run", "tunes.yaml", "--json", "--store", "both.db");
        // Both are in the middle.
        await Until.TrueAsync(() => server.Stats.InFlight == 2);
        await Until.TrueAsync(() => Advance(clock) && songs.IsCompleted && tunes.IsCompleted);

        Assert.Equal(60, (await songs).Ended(0).Document().Count("rows", "answered"));
        Assert.Equal(60, (await tunes).Ended(0).Document().Count("rows", "answered"));
        Assert.Equal((24, 120), (server.Stats.Requests, server.Stats.RowsAsked));
        Assert.All(CsvTable.Parse(shop.Read("tunes-out.csv")).Skip(1), r => Assert.StartsWith("Tune ", r[0], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Processes_in_different_folders_share_the_windows_of_one_account()
    {
        await using var shop = new Workshop();
        // A day's window: what comes back of it while they run is less than one request, however long these travel.
        var server = await shop.SimulateAsync(new SimulatorOptions { RequestsPerDay = 20 });
        foreach (var folder in (string[])["a", "b"])
        {
            shop.WriteSongs(12, $"{folder}/songs.csv", $"Song {folder}");
            shop.WriteJob(server, new JobText { Pack = 1, Limits = "requests_per_day: 20, concurrency: 4" }, $"{folder}/songs.yaml");
        }

        var runs = await Task.WhenAll(shop.RunAsync("run", "a/songs.yaml", "--json"), shop.RunAsync("run", "b/songs.yaml", "--json"));

        Assert.Equal(20, runs.Sum(r => r.Document().Count("rows", "answered")));
        Assert.All(runs, r => r.Ended(r.Document().Count("rows", "answered") == 12 ? 0 : 4));
        Assert.Equal((20, 0), (server.Stats.Requests, server.Stats.Count("rate_limited")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(shop.PathOf("state/rowmill/limits.db")));
    }

    [Fact]
    public async Task Processes_that_wait_for_the_same_window_ask_each_row_once_and_complete()
    {
        await using var shop = new Workshop();
        // The bucket holds what comes back in a second: where a first request travels for as long, the service may refuse one.
        var server = await shop.SimulateAsync(new SimulatorOptions { RequestsPerMinute = 240, Burst = 4 });
        foreach (var folder in (string[])["a", "b"])
        {
            shop.WriteSongs(12, $"{folder}/songs.csv", $"Song {folder}");
            shop.WriteJob(server, new JobText { Pack = 1, Limits = "requests_per_minute: 240, burst: 4, concurrency: 4" }, $"{folder}/songs.yaml");
        }

        var runs = await Task.WhenAll(shop.RunAsync("run", "a/songs.yaml", "--json"), shop.RunAsync("run", "b/songs.yaml", "--json"));

        Assert.All(runs, r => Assert.Equal(12, r.Ended(0).Document().Count("rows", "answered")));
        Assert.Equal(24, server.Stats.Count("ok"));
    }

    private static bool Advance(VirtualClock clock)
    {
        clock.Advance(TimeSpan.FromSeconds(1));
        return true;
    }
}
