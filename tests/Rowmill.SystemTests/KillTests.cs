using System.Runtime.Versioning;
using System.Text.Json;
using Rowmill.Simulator;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary><c>kill -9</c> in the middle of a run, seen from the provider's side.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class KillTests
{
    private const int Rows = 120;
    private const int Pack = 5;
    private const int Concurrency = 4;

    public static TheoryData<int> Seeds { get; } =
        [.. Enumerable.Range(1, Environment.GetEnvironmentVariable("ROWMILL_LONG") is null or "" ? 5 : 80)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task What_was_stored_before_a_kill_is_never_asked_again(int seed)
    {
        var random = new Random(seed);
        const int Calls = Rows / Pack;
        // The last calls get no answer, so that the run cannot end before it is killed.
        var options = new SimulatorOptions
        {
            Seed = seed,
            Latency = TimeSpan.FromMilliseconds(random.Next(0, 40)),
            LatencyJitter = TimeSpan.FromMilliseconds(random.Next(0, 60)),
            Script = [.. Enumerable.Repeat(SimulatorFault.None, Calls - Concurrency), .. Enumerable.Repeat(SimulatorFault.Hang, Concurrency)],
        };
        await using var shop = new Workshop();
        shop.WriteSongs(Rows);
        var server = await shop.SimulateAsync(options);
        shop.WriteJob(server, new JobText { Pack = Pack });

        var killed = shop.Start("run", "songs.yaml");
        var after = random.Next(0, Calls - Concurrency);
        await Until.TrueAsync(() => server.Stats.Accepted > 0 && server.Ended() >= after, every: random.Next(1, 8));
        killed.Kill();
        Assert.NotEqual(0, (await killed.EndAsync()).ExitCode);
        AssertPrivate(shop.PathOf(".rowmill"));

        var stored = await shop.StoredAsync();
        await Until.TrueAsync(() => server.Stats.InFlight == 0);
        var before = server.Ledger;
        var lost = before.Where(e => !e.Titles().All(stored.Contains)).ToList();
        // A reply is stored whole or not at all, and only what was in flight is lost.
        Assert.All(lost, e => Assert.DoesNotContain(e.Titles(), stored.Contains));
        Assert.InRange(lost.Count, 0, Concurrency);

        var next = await shop.ReplaceAsync(server, new SimulatorOptions { Seed = seed });
        var summary = (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0).Document();

        Assert.Equal((Rows, stored.Count), (summary.Count("rows", "answered"), summary.Count("rows", "from_cache")));
        var asked = next.Ledger.Titles();
        Assert.DoesNotContain(asked, stored.Contains);
        Assert.Equal(Rows - stored.Count, asked.Count);
        Assert.Equal(asked.Count, asked.Distinct(StringComparer.Ordinal).Count());
        await AssertDoubtAsync(shop, summary, before.Count, lost.Count);
    }

    /// <summary>What was in flight is in doubt: what the provider saw and what it had not seen yet, but nothing that was stored.</summary>
    private static async Task AssertDoubtAsync(Workshop shop, JsonElement summary, int seen, int lost)
    {
        var doubt = summary.Count("in_doubt", "calls");
        Assert.InRange(doubt, lost, Concurrency);
        var calls = (await shop.RunAsync("calls", "songs.yaml", "--json")).Ended(0).Document().GetProperty("calls").EnumerateArray().ToList();
        Assert.Equal(doubt, calls.Count(c => c.GetProperty("state").GetString() == "cleared"));
        var run = summary.GetProperty("run_id").GetString();
        var settled = calls.Count(c => c.GetProperty("state").GetString() == "settled" && c.GetProperty("run_id").GetString() != run);
        Assert.Equal(calls.Count(c => c.GetProperty("run_id").GetString() != run), settled + (int)doubt);
        Assert.Equal(seen - lost, settled);
    }

    private static void AssertPrivate(string folder)
    {
        var files = Directory.GetFiles(folder);
        Assert.Contains(files, f => f.EndsWith("-wal", StringComparison.Ordinal));
        Assert.Contains(files, f => f.EndsWith("-shm", StringComparison.Ordinal));
        Assert.All(files, f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
    }
}
