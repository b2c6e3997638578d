using Rowmill.Simulator;
using Rowmill.SystemTests.Support;

[assembly: AssemblyFixture(typeof(Rowmill.SystemTests.CleanRun))]

namespace Rowmill.SystemTests;

/// <summary>
/// A provider that goes wrong in one way: the simulator answers a row by its content, so an output that equals a clean run's shows
/// that every row was answered and no answer landed on another row.
/// </summary>
public sealed class FaultTests(CleanRun clean)
{
    public static TheoryData<string, double> Faults { get; } = new(
        from fault in SimulatorOptions.FaultNames
        where fault is not ("quota" or "spend-cap" or "bad-key" or "refuse" or "hang" or "google-day-limit" or "google-no-allowance")
            && !fault.StartsWith("retry-after-", StringComparison.Ordinal)
        select (fault, fault is "http429" or "drop" ? 0.05 : 0.1));

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Every_row_gets_its_own_answer_in_spite_of(string fault, double rate)
    {
        await using var shop = new Workshop();
        var server = await StartAsync(shop, fault, rate, "timeout: 60s");

        var summary = (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0).Document();

        Assert.True(server.Stats.Count(fault) > 0, $"no {fault} happened");
        Assert.Equal(CleanRun.Rows, summary.Count("rows", "answered"));
        Assert.Equal(clean.Output, shop.Read("out.csv"));
    }

    [Theory]
    [InlineData("quota")]
    [InlineData("spend-cap")]
    [InlineData("bad-key")]
    public async Task An_account_that_is_refused_ends_the_run_and_the_next_one_asks_what_is_left(string fault)
    {
        await using var shop = new Workshop();
        var server = await StartAsync(shop, fault, 0, "timeout: 60s");

        var stopped = (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(6).Document();
        var answered = stopped.Count("rows", "answered");
        var resumed = (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0).Document();

        Assert.InRange(answered, 1, CleanRun.Rows - 1);
        Assert.Equal(CleanRun.Rows - answered, stopped.Count("rows", "pending"));
        Assert.Equal(answered, resumed.Count("rows", "from_cache"));
        Assert.Equal((CleanRun.Rows / 10) + 1, server.Stats.Requests);
        Assert.Equal(clean.Output, shop.Read("out.csv"));
    }

    [Fact]
    public async Task Every_row_gets_its_own_answer_in_spite_of_requests_that_hang()
    {
        await using var shop = new Workshop();
        var server = await StartAsync(shop, "hang", 0.05, "timeout: 2s");

        (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0);

        Assert.True(server.Stats.Count("hang") > 0);
        Assert.Equal(clean.Output, shop.Read("out.csv"));
    }

    [Fact]
    public async Task A_refusal_in_words_is_no_answer_and_touches_no_other_row()
    {
        await using var shop = new Workshop();
        var server = await StartAsync(shop, "refuse", 0.1, "timeout: 60s");

        var result = await shop.RunAsync("run", "songs.yaml", "--json");

        Assert.True(server.Stats.Count("refuse") > 0);
        AssertOwn(result, shop.Read("out.csv"));
    }

    /// <summary>Every row has its own answer or says that it failed.</summary>
    private void AssertOwn(ProgramResult result, string written)
    {
        Assert.Contains(result.ExitCode, (int[])[0, 3]);
        var (expected, output) = (CsvTable.Parse(clean.Output), CsvTable.Parse(written));
        Assert.Equal(expected.Count, output.Count);
        var failed = 0;
        for (var i = 0; i < expected.Count; i++)
        {
            if (output[i].Contains("failed", StringComparer.Ordinal)) failed++;
            else Assert.Equal(expected[i], output[i]);
        }

        Assert.Equal((failed, failed > 0 ? 3 : 0), ((int)result.Document().Count("rows", "failed"), result.ExitCode));
    }

    [Fact]
    public async Task Everything_at_once_leaves_no_row_another_ones_answer()
    {
        await using var shop = new Workshop();
        shop.WriteSongs(CleanRun.Rows);
        var options = new SimulatorOptions { Seed = CleanRun.Seed };
        string[] faults =
        [
            "fence", "incomplete", "shuffle", "wrong-label", "duplicate-id", "foreign-id", "bad-json", "truncate", "empty", "bad-generation", "drop",
        ];
        options = faults.Aggregate(options, (o, fault) => o.With(fault, 0.05));
        shop.WriteJob(await shop.SimulateAsync(options), CleanRun.Job);

        var result = await shop.RunAsync("run", "songs.yaml", "--json");

        // More than every second request goes wrong, so a row may lose all its tries.
        AssertOwn(result, shop.Read("out.csv"));
        Assert.InRange(result.Document().Count("rows", "answered"), CleanRun.Rows - 10, CleanRun.Rows);
    }

    private static async Task<SimulatorServer> StartAsync(Workshop shop, string fault, double rate, string model)
    {
        shop.WriteSongs(CleanRun.Rows);
        // One is certain, the others come by their rate.
        var known = Enum.Parse<SimulatorFault>(fault.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
        var options = new SimulatorOptions { Seed = CleanRun.Seed, Script = [SimulatorFault.None, SimulatorFault.None, known] };
        var server = await shop.SimulateAsync(options.With(known, rate));
        shop.WriteJob(server, CleanRun.Job with { Model = model });
        return server;
    }
}

/// <summary>The output of a run without any fault.</summary>
public sealed class CleanRun : IAsyncLifetime
{
    internal const int Rows = 200;
    internal const int Seed = 7;

    /// <summary>The file as it was written.</summary>
    public string Output { get; private set; } = "";

    internal static JobText Job { get; } = new() { Pack = 10 };

    public async ValueTask InitializeAsync()
    {
        await using var shop = new Workshop();
        shop.WriteSongs(Rows);
        var server = await shop.SimulateAsync(new SimulatorOptions { Seed = Seed });
        shop.WriteJob(server, Job);
        (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0);
        Assert.Equal((Rows / 10, Rows), (server.Stats.Requests, server.Stats.RowsAsked));
        Output = shop.Read("out.csv");
    }

    public ValueTask DisposeAsync() => default;
}
