using System.Text;
using System.Text.Json;
using Rowmill.Simulator;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>The way of a person with a table: init, check, try, run, run again, look.</summary>
public sealed class NewUserTests
{
    private const string KeyVariable = "ROWMILL_SYSTEM_TEST_KEY";
    private const string Key = "sk-systemtest-4f9d1c7be2a84d03a6515f8e7720c1aa";

    private static readonly string[] s_summaryKeys =
    [
        "job", "run_id", "state", "rows", "calls", "tokens", "usd", "in_doubt", "elapsed_seconds", "resume_at", "finish_at", "store", "output",
    ];

    [Fact]
    public async Task A_generated_table_of_600_rows_goes_the_whole_way()
    {
        await using var shop = new Workshop();
        shop.WriteSongs(600, "table.csv");
        await GoAsync(shop, edited: t => t.Replace("Song 0300", "Song 0300 (Live)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_shared_songs_go_the_whole_way()
    {
        var songs = Path.Combine(ProgramRun.Repository, "../shared/data/songs-600.csv");
        Assert.SkipUnless(File.Exists(songs), "the folder ../shared/data is not here");
        await using var shop = new Workshop();
        shop.Write("table.csv", await File.ReadAllBytesAsync(songs));
        await GoAsync(shop, edited: t => t.Replace("Tioga Pass (feat. Rocco Palladino)", "Tioga Pass", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_prints_the_rows_of_the_request_that_then_leaves_first()
    {
        await using var shop = new Workshop();
        shop.WriteSongs(30);
        var server = await shop.SimulateAsync();
        shop.WriteJob(server, new JobText { Pack = 7, Limits = "concurrency: 1" });

        var shown = (await shop.RunAsync("check", "songs.yaml", "--json")).Ended(0).Document().GetProperty("request").GetProperty("body");
        Assert.Equal(0, server.Stats.Requests);
        (await shop.RunAsync("run", "songs.yaml", "--limit", "7")).Ended(0);

        using var user = JsonDocument.Parse(shown.GetProperty("messages")[1].GetProperty("content").GetString()!);
        Assert.Equal(user.RootElement.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("title").GetString()), server.Ledger[0].Titles());
        Assert.Equal(shown.GetProperty("model").GetString(), server.Ledger[0].Model);
    }

    private static async Task GoAsync(Workshop shop, Func<string, string> edited)
    {
        shop.Variables[KeyVariable] = Key;
        var server = await shop.SimulateAsync(new SimulatorOptions { ApiKey = Key });
        var said = new StringBuilder();
        async Task<ProgramResult> Done(params string[] arguments)
        {
            var result = (await shop.RunAsync(arguments)).Ended(0);
            said.Append(result.Output).Append(result.Error);
            return result;
        }

        await Done("init", "table.csv");
        Edit(shop, server);

        var check = await Done("check", "table.yaml");
        Assert.Contains("POST " + server.BaseAddress, check.Output, StringComparison.Ordinal);
        Assert.Contains("about 20 in a request", check.Output, StringComparison.Ordinal);
        Assert.Contains("Authorization", check.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, server.Stats.Requests);

        var sample = (await Done("try", "table.yaml", "--sample", "5", "--json")).Document();
        Assert.Equal(5, sample.GetProperty("rows").GetArrayLength());
        Assert.All(sample.GetProperty("rows").EnumerateArray(), r => Assert.Equal("answered", r.GetProperty("status").GetString()));
        Assert.Equal(1, server.Stats.Requests);
        Assert.Equal("table.csv", Path.GetFileName(Assert.Single(Directory.GetFiles(shop.Folder, "*.csv"))));

        var first = (await Done("run", "table.yaml", "--json")).Document();
        var output = first.GetProperty("output").GetString()!;
        AssertFirst(first, server, shop.Read("table.csv"), await File.ReadAllTextAsync(output));
        var labelled = await File.ReadAllBytesAsync(output);

        server.Reset();
        var again = (await Done("run", "table.yaml", "--json")).Document();
        Assert.Equal((0, 600), (again.Count("calls", "sent"), again.Count("rows", "from_cache")));
        Assert.Equal(0, server.Stats.Requests);
        Assert.Equal(labelled, await File.ReadAllBytesAsync(output));

        shop.Write("table.csv", edited(shop.Read("table.csv")));
        var one = (await Done("run", "table.yaml", "--json")).Document();
        Assert.Equal((1, 600), (one.Count("calls", "sent"), one.Count("rows", "answered")));
        Assert.Equal((1, 1), (server.Stats.Requests, server.Stats.RowsAsked));

        var status = (await Done("status", "table.yaml", "--json")).Document();
        Assert.Equal(("completed", 600), (status.GetProperty("state").GetString(), status.Count("rows", "answered")));
        await Done("export", "table.yaml", "--output", "again.csv", "--json");
        Assert.Equal(await File.ReadAllBytesAsync(output), await File.ReadAllBytesAsync(shop.PathOf("again.csv")));
        await AssertLedgerAsync(Done);
        AssertNowhere(shop, said.ToString());
    }

    /// <summary>What a person does to the job file that init wrote.</summary>
    private static void Edit(Workshop shop, SimulatorServer server)
    {
        var lines = shop.Read("table.yaml").Split('\n').ToList();
        var model = lines.FindIndex(l => l.StartsWith("  - model: simulator/demo", StringComparison.Ordinal));
        Assert.True(model > 0, "init chose the simulator, as no key is set");
        lines.InsertRange(model + 1, [$"    base_url: {server.BaseAddress}", $"    api_key_env: {KeyVariable}"]);
        var pack = lines.FindIndex(l => l.Contains("pack: { rows: 20 }", StringComparison.Ordinal));
        lines[pack] = "pack: { rows: 20 }";
        shop.Write("table.yaml", string.Join('\n', lines));
    }

    private static void AssertFirst(JsonElement summary, SimulatorServer server, string table, string output)
    {
        Assert.All(s_summaryKeys, key => Assert.True(summary.TryGetProperty(key, out _), $"the summary has no {key}"));
        Assert.Equal("completed", summary.GetProperty("state").GetString());
        Assert.Equal((600, 600, 0), (summary.Count("rows", "total"), summary.Count("rows", "answered"), summary.Count("rows", "pending")));
        Assert.Equal((30, 30, 0), (summary.Count("calls", "sent"), summary.Count("calls", "succeeded"), summary.Count("calls", "failed")));
        Assert.Equal(31, server.Stats.Requests);
        // The five of the trial were paid for once.
        Assert.Equal(server.Stats.DistinctRows, server.Stats.RowsAsked);

        var labelled = CsvTable.Parse(output);
        CsvTable.AssertKept(CsvTable.Parse(table), labelled);
        var label = labelled[0].ToList().IndexOf("ai_label");
        var status = labelled[0].ToList().IndexOf("ai_status");
        Assert.All(labelled.Skip(1), r => Assert.Equal("answered", r[status]));
        Assert.All(labelled.Skip(1), r => Assert.Contains(r[label], (string[])["Good", "Fair", "Poor", "Unclear"]));
    }

    private static async Task AssertLedgerAsync(Func<string[], Task<ProgramResult>> done)
    {
        var calls = (await done(["calls", "table.yaml", "--json"])).Document().GetProperty("calls").EnumerateArray().ToList();
        Assert.Equal(32, calls.Count);
        Assert.All(calls, c => Assert.Equal(("settled", "replied"), (c.GetProperty("state").GetString(), c.GetProperty("outcome").GetString())));
        Assert.Equal(601, calls.Sum(c => c.GetProperty("good_rows").GetInt32()));

        var row = (await done(["calls", "table.yaml", "--json", "--row", "17"])).Document().GetProperty("calls").EnumerateArray().ToList();
        var receipt = Assert.Single(row);
        Assert.Contains(calls, c => c.GetProperty("call").GetInt64() == receipt.GetProperty("call").GetInt64());
    }

    private static void AssertNowhere(Workshop shop, string said)
    {
        Assert.DoesNotContain(Key, said, StringComparison.Ordinal);
        var key = Encoding.UTF8.GetBytes(Key);
        var files = Directory.GetFiles(shop.Folder, "*", SearchOption.AllDirectories);
        Assert.Contains(files, f => f.EndsWith("rowmill.db", StringComparison.Ordinal));
        Assert.All(files, f => Assert.True(File.ReadAllBytes(f).AsSpan().IndexOf(key) < 0, $"{f} holds the key"));
    }
}
