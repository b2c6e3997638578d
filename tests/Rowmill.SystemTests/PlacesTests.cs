using System.Runtime.Versioning;
using Rowmill.Simulator;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>Where a run writes: places that cannot be written are found before anything is sent, and a disk that fills loses nothing.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PlacesTests
{
    [Theory]
    [InlineData("a-file/out.csv")]
    [InlineData("a-folder")]
    [InlineData("/proc/none/out.csv")]
    public async Task An_output_that_cannot_be_written_is_2_before_anything_is_sent(string output)
    {
        await using var shop = new Workshop();
        var server = await StartAsync(shop, output);

        var result = (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(2);

        Assert.Contains("output", result.Document().GetProperty("problems")[0].ToString(), StringComparison.Ordinal);
        Assert.Equal(0, server.Stats.Requests);
    }

    [Fact]
    public async Task An_output_in_a_read_only_folder_is_2_before_anything_is_sent()
    {
        await using var shop = new Workshop();
        var server = await StartAsync(shop, "a-folder/out.csv");
        File.SetUnixFileMode(shop.PathOf("a-folder"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        // The superuser may write everywhere; a user without rights stands for everybody else.
        var asNobody = Environment.UserName == "root" ? "exec setpriv --bounding-set=-dac_override --inh-caps=-dac_override " : "exec";

        var result = (await shop.StartAfter(asNobody, "run", "songs.yaml", "--json").EndAsync()).Ended(2);

        Assert.Contains("a-folder", result.Error, StringComparison.Ordinal);
        Assert.Equal(0, server.Stats.Requests);
    }

    [Theory]
    [InlineData("a-folder", 2)]
    [InlineData("a-file", 2)]
    [InlineData("a-file/rowmill.db", 2)]
    [InlineData("/dev/full", 1)]
    public async Task A_store_that_cannot_be_used_is_an_error_before_anything_is_sent(string store, int code)
    {
        await using var shop = new Workshop();
        var server = await StartAsync(shop, "out.csv");

        var result = (await shop.RunAsync("run", "songs.yaml", "--json", "--store", store)).Ended(code);

        Assert.Contains(store, result.Document().GetProperty("problems")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, server.Stats.Requests);
        Assert.Equal("not a store, but a person's file that must stay as it is: " + new string('x', 8000), shop.Read("a-file"));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(600)]
    public async Task A_disk_that_fills_stops_the_run_and_what_was_stored_stays(int blocks)
    {
        await using var shop = new Workshop();
        var server = await StartAsync(shop, "out.csv", rows: 2000);

        // The largest file a process may write stands for the full disk; the runtime itself would use a larger one.
        shop.Variables["DOTNET_EnableWriteXorExecute"] = "0";
        var full = await shop.StartAfter($"trap '' XFSZ; ulimit -f {blocks}; exec", "run", "songs.yaml", "--json").EndAsync();
        full.Ended(1).Document();
        if (blocks == 8) Assert.Equal(0, server.Stats.Requests);

        var stored = blocks == 8 ? [] : await shop.StoredAsync();
        var next = await shop.ReplaceAsync(server, new SimulatorOptions());
        var summary = (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0).Document();
        Assert.Equal(2000, summary.Count("rows", "answered"));
        Assert.DoesNotContain(next.Ledger.Titles(), stored.Contains);
        Assert.Equal(blocks != 8, stored.Count > 0);
    }

    private static async Task<SimulatorServer> StartAsync(Workshop shop, string output, int rows = 20)
    {
        shop.WriteSongs(rows);
        shop.Write("a-file", "not a store, but a person's file that must stay as it is: " + new string('x', 8000));
        Directory.CreateDirectory(shop.PathOf("a-folder"));
        var server = await shop.SimulateAsync();
        shop.WriteJob(server, new JobText { Output = output });
        return server;
    }
}
