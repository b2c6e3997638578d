using System.Runtime.Versioning;
using Rowmill.Simulator;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>Disks that are full or take no writing: the run stops, says so, and goes on when there is room; nothing stored is asked again.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class BrokenDiskTests(ITestOutputHelper output)
{
    private const int Rows = 2000;
    private const int Concurrency = 4;
    private const string Store = ".rowmill";

    /// <summary>A window that never fills, so that every call goes through the file of limits.</summary>
    private static readonly JobText s_windows = new() { Limits = "concurrency: 4, requests_per_minute: 100000" };

    [Theory]
    [InlineData(40)]
    [InlineData(400)]
    public async Task A_full_disk_under_the_store_stops_the_run_and_with_room_it_goes_on(int kilobytes)
    {
        await using var shop = new Workshop();
        using var disk = Small(shop, Store, kilobytes);
        var server = await StartAsync(shop);

        var full = (await disk.Start("run", "songs.yaml", "--json").EndAsync()).Plainly(1, shop.PathOf(".rowmill/rowmill.db"), disk.IsReal ? "disk is full" : "disk");

        if (kilobytes < 100)
        {
            Assert.Equal(0, server.Stats.Requests);
            disk.Grow();
            (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0);
            return;
        }

        // The output lies elsewhere and holds what was stored.
        var summary = full.Document();
        Assert.Equal("failed", summary.GetProperty("state").GetString());
        var written = CsvTable.Parse(shop.Read("out.csv")).Count(r => r.Contains("answered", StringComparer.Ordinal));
        Assert.Equal(written, summary.Count("rows", "answered"));
        Assert.True(written > 0);
        Assert.Contains("go on with the same command", full.Error, StringComparison.Ordinal);
        await GoesOnAsync(shop, disk, server, written);
    }

    [Fact]
    public async Task A_full_disk_under_the_limits_stops_the_run_before_anything_is_sent()
    {
        await using var shop = new Workshop();
        using var disk = Small(shop, "state", 16);
        var server = await StartAsync(shop, job: s_windows);

        (await disk.Start("run", "songs.yaml", "--json").EndAsync()).Plainly(1, Named(disk, shop, "state/rowmill/limits.db"), "disk");

        Assert.Equal(0, server.Stats.Requests);
        disk.Grow();
        (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0);
    }

    [Fact]
    public async Task A_disk_that_fills_under_the_limits_in_the_middle_of_a_run_stops_it_and_with_room_it_goes_on()
    {
        await using var shop = new Workshop();
        using var disk = Small(shop, "state", 1000);
        var server = await StartAsync(shop, new SimulatorOptions { Latency = TimeSpan.FromMilliseconds(20) }, s_windows);

        var run = disk.Start("run", "songs.yaml", "--json");
        await Until.TrueAsync(() => server.Ended() > 20);
        disk.Fill();
        var result = await run.EndAsync();
        // Without a disk of its own the log of the limits may stay below what one file may have.
        if (disk.IsReal || result.ExitCode != 0) result.Plainly(1, Named(disk, shop, "state/rowmill/limits.db"), "disk");

        await GoesOnAsync(shop, disk, server, (int)result.Document().Count("rows", "answered"));
    }

    [Fact]
    public async Task A_full_disk_under_the_output_keeps_every_answer_for_an_export()
    {
        await using var shop = new Workshop();
        using var disk = Small(shop, "results", 16);
        var server = await StartAsync(shop, job: new JobText { Output = "results/out.csv" });

        var full = (await disk.Start("run", "songs.yaml", "--json").EndAsync()).Plainly(1, Named(disk, shop, "results"));

        if (disk.IsReal)
        {
            Assert.Contains("No space left", full.Error, StringComparison.Ordinal);
            Assert.Contains("rowmill export", full.Error, StringComparison.Ordinal);
            Assert.Equal(Rows, full.Document().Count("rows", "answered"));
        }

        Assert.Empty(Directory.GetFiles(disk.Folder));
        var sent = server.Stats.Requests;
        disk.Grow();
        (await shop.RunAsync("export", "songs.yaml", "--json")).Ended(0);
        if (disk.IsReal) Assert.Equal(Rows, CsvTable.Parse(shop.Read("results/out.csv")).Count(r => r.Contains("answered", StringComparer.Ordinal)));
        Assert.Equal(sent, server.Stats.Requests);
    }

    [Fact]
    public async Task A_full_temporary_folder_is_named_with_the_variable_that_moves_it()
    {
        await using var shop = new Workshop();
        using var disk = Small(shop, "temporary", 16);
        shop.Variables["TMPDIR"] = disk.Folder;
        var server = await StartAsync(shop, job: new JobText { Patience = "2m\ndedupe: false" });

        var full = (await disk.Start("run", "songs.yaml", "--json").EndAsync()).Plainly(1, Named(disk, shop, "temporary"));

        if (disk.IsReal) Assert.Contains("TMPDIR", full.Error, StringComparison.Ordinal);
        Assert.Equal(0, server.Stats.Requests);
        disk.Grow();
        (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0);
    }

    [Theory]
    [InlineData(Store, "rowmill.db", true)]
    [InlineData(Store, "rowmill.db", false)]
    [InlineData("state", "rowmill/limits.db", true)]
    [InlineData("state", "rowmill/limits.db", false)]
    public async Task A_disk_that_takes_no_writing_is_told_before_anything_is_sent(string folder, string file, bool exists)
    {
        await using var shop = new Workshop();
        using var disk = Small(shop, folder, 20_000);
        var server = await StartAsync(shop, job: s_windows, rows: 20);
        if (exists) (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0);
        shop.WriteSongs(40);
        var before = server.Stats.Requests;

        var asOthers = Protect(disk, Path.Combine(disk.Folder, Path.GetDirectoryName(file)!), exists ? Path.Combine(disk.Folder, file) : null);
        (await shop.StartAfter(asOthers, "run", "songs.yaml", "--json").EndAsync()).Plainly(1, shop.PathOf(folder), Path.GetFileName(file), "cannot be");
        Assert.Equal(before, server.Stats.Requests);

        Unprotect(disk, Path.Combine(disk.Folder, Path.GetDirectoryName(file)!), exists ? Path.Combine(disk.Folder, file) : null);
        (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0);
        var asked = server.Ledger.Titles();
        Assert.Equal(40, asked.Count);
        Assert.Equal(asked.Count, asked.Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData(Store, "rowmill.db")]
    [InlineData("state/rowmill", "limits.db")]
    public async Task A_file_that_its_user_may_only_read_is_told_and_stays_as_it_is(string folder, string file)
    {
        await using var shop = new Workshop();
        var server = await StartAsync(shop, job: s_windows, rows: 20);
        (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0);
        shop.WriteSongs(40);
        var path = Path.Combine(shop.PathOf(folder), file);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(path, UnixFileMode.UserRead);

        (await shop.StartAfter(AsOthers, "run", "songs.yaml", "--json").EndAsync()).Plainly(1, path, "cannot be written", "allow this user");

        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal(4, server.Stats.Requests);
    }

    /// <summary>The superuser may write everywhere; a user without that right stands for everybody else.</summary>
    private static string AsOthers => Environment.UserName == "root" ? "exec setpriv --bounding-set=-dac_override --inh-caps=-dac_override" : "exec";

    /// <summary>Allows no writing, and says how to start the program so that this binds it.</summary>
    private string Protect(SmallDisk disk, string folder, string? file)
    {
        if (disk.ReadOnly()) return "exec";
        output.WriteLine("read-only: by permissions, no file system can be mounted here");
        if (file is not null) File.SetUnixFileMode(file, UnixFileMode.UserRead);
        var deepest = Directory.Exists(folder) ? folder : disk.Folder;
        File.SetUnixFileMode(deepest, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return AsOthers;
    }

    private static void Unprotect(SmallDisk disk, string folder, string? file)
    {
        if (disk.IsReal)
        {
            disk.Writable();
            return;
        }

        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.SetUnixFileMode(Directory.Exists(folder) ? folder : disk.Folder, Own | UnixFileMode.UserExecute);
        if (file is not null) File.SetUnixFileMode(file, Own);
    }

    private static string Named(SmallDisk disk, Workshop shop, string file) => disk.IsReal ? shop.PathOf(file) : shop.Folder;

    /// <summary>With room the run ends; what was stored is not asked again, and of what was paid for only the calls in flight are.</summary>
    private static async Task GoesOnAsync(Workshop shop, SmallDisk disk, SimulatorServer server, int answered)
    {
        disk.Grow();
        var stored = await shop.StoredAsync();
        Assert.Equal(answered, stored.Count);
        await Until.TrueAsync(() => server.Stats.InFlight == 0);
        var lost = server.Ledger.Where(e => e.Billed && !e.Titles().All(stored.Contains)).ToList();
        Assert.InRange(lost.Count, 0, Concurrency);

        var next = await shop.ReplaceAsync(server, new SimulatorOptions());
        var summary = (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0).Document();

        Assert.Equal((Rows, stored.Count), (summary.Count("rows", "answered"), summary.Count("rows", "from_cache")));
        Assert.DoesNotContain(next.Ledger.Titles(), stored.Contains);
        Assert.InRange(summary.Count("in_doubt", "calls"), lost.Count, Concurrency);
    }

    private SmallDisk Small(Workshop shop, string name, int kilobytes)
    {
        var small = SmallDisk.Create(shop, name, kilobytes);
        output.WriteLine(small.Means);
        return small;
    }

    private static async Task<SimulatorServer> StartAsync(Workshop shop, SimulatorOptions? options = null, JobText? job = null, int rows = Rows)
    {
        shop.WriteSongs(rows);
        var server = await shop.SimulateAsync(options);
        shop.WriteJob(server, job);
        return server;
    }
}
