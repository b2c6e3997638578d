using System.Text.Json;
using Rowmill.Simulator;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>What each end of a run leaves to the shell and to programs. 7 and 130 have tests of their own, with processes at the same time.</summary>
public sealed class ExitCodeTests
{
    private const string KeyVariable = "ROWMILL_SYSTEM_TEST_KEY";

    [Theory]
    [InlineData("--json")]
    [InlineData("--events")]
    public async Task All_answered_is_0(string form)
    {
        await using var shop = new Workshop();
        shop.WriteSongs(20);
        shop.WriteJob(await shop.SimulateAsync());

        var summary = await EndsAsync(shop, 0, form);

        Assert.Equal("completed", summary.GetProperty("state").GetString());
        Assert.Equal(20, summary.Count("rows", "answered"));
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--events")]
    public async Task A_wrong_job_file_is_2_with_every_mistake_and_its_line(string form)
    {
        await using var shop = new Workshop();
        shop.WriteSongs(5);
        var server = await shop.SimulateAsync();
        shop.Write("songs.yaml", new JobText().For(server).Replace("patience:", "patiens:", StringComparison.Ordinal)
            .Replace("maxLength", "maxLenght", StringComparison.Ordinal));

        var document = await EndsAsync(shop, 2, form);

        var problems = document.GetProperty("problems").EnumerateArray().ToList();
        Assert.Contains(problems, p => p.GetProperty("line").GetInt32() == 13 && p.ToString().Contains("patience", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.GetProperty("line").GetInt32() == 11 && p.ToString().Contains("maxLength", StringComparison.Ordinal));
        Assert.Equal(0, server.Stats.Requests);
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--events")]
    public async Task An_unknown_option_is_2(string form)
    {
        await using var shop = new Workshop();
        shop.WriteSongs(5);
        var server = await shop.SimulateAsync();
        shop.WriteJob(server);

        var document = await EndsAsync(shop, 2, form, "--fasten");

        Assert.Contains("--fasten", document.GetProperty("problems")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, server.Stats.Requests);
    }

    [Theory]
    [InlineData("run", "--json")]
    [InlineData("run", "--events")]
    [InlineData("check", "--json")]
    public async Task A_missing_key_variable_is_2_and_named(string command, string form)
    {
        await using var shop = new Workshop();
        shop.WriteSongs(5);
        var server = await shop.SimulateAsync();
        shop.WriteJob(server, new JobText { Model = $"api_key_env: {KeyVariable}" });

        var result = (await shop.RunAsync(command, "songs.yaml", form)).Ended(2);

        Assert.Contains(KeyVariable, Last(result, form).GetProperty("problems")[0].ToString(), StringComparison.Ordinal);
        Assert.Contains(KeyVariable, result.Error, StringComparison.Ordinal);
        Assert.Equal(0, server.Stats.Requests);
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--events")]
    public async Task A_row_that_never_gets_an_answer_is_3_and_its_neighbours_are_answered(string form)
    {
        await using var shop = new Workshop();
        shop.WriteSongs(20);
        shop.WriteJob(await shop.SimulateAsync(new SimulatorOptions { PoisonText = Workshop.Title(7) }));

        var summary = await EndsAsync(shop, 3, form);

        Assert.Equal("completed_with_gaps", summary.GetProperty("state").GetString());
        Assert.Equal((19, 1, 0), (summary.Count("rows", "answered"), summary.Count("rows", "failed"), summary.Count("rows", "pending")));
        var output = CsvTable.Parse(shop.Read("out.csv"));
        var (status, error, energy) = (Column(output, "ai_status"), Column(output, "ai_error"), Column(output, "ai_energy"));
        Assert.Equal(("failed", ""), (output[7][status], output[7][energy]));
        Assert.NotEmpty(output[7][error]);
        Assert.All(output.Skip(1).Where(r => r != output[7]), r => Assert.Equal(("answered", ""), (r[status], r[error])));
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--events")]
    public async Task A_limit_beyond_patience_is_4_and_tells_when_to_go_on(string form)
    {
        await using var shop = new Workshop();
        shop.WriteSongs(40);
        var server = await shop.SimulateAsync(new SimulatorOptions { RequestsPerDay = 3 });
        shop.WriteJob(server, new JobText { Patience = "5s" });

        var began = TimeProvider.System.GetUtcNow();
        var summary = await EndsAsync(shop, 4, form);

        Assert.Equal("rate_limited", summary.GetProperty("state").GetString());
        Assert.Equal((15, 25), (summary.Count("rows", "answered"), summary.Count("rows", "pending")));
        // One request of three a day comes back every eight hours.
        Assert.InRange(summary.GetProperty("resume_at").GetDateTimeOffset(), began.AddHours(7), began.AddHours(9));
        Assert.Equal(15, CsvTable.Parse(shop.Read("out.csv")).Count(r => r.Contains("answered", StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--events")]
    public async Task A_refused_key_is_6_and_stays_secret(string form)
    {
        const string Wrong = "sk-wrong-91c3b07d5e6f4a2c8d1e0f9a7b6c5d4e";
        await using var shop = new Workshop();
        shop.Variables[KeyVariable] = Wrong;
        shop.WriteSongs(40);
        var server = await shop.SimulateAsync(new SimulatorOptions { ApiKey = "sk-right-0a1b2c3d4e5f60718293a4b5c6d7e8f9" });
        shop.WriteJob(server, new JobText { Model = $"api_key_env: {KeyVariable}" });

        var result = (await shop.RunAsync("run", "songs.yaml", form)).Ended(6);
        var calls = (await shop.RunAsync("calls", "songs.yaml", "--json")).Ended(0);

        Assert.Equal("refused", Last(result, form).GetProperty("state").GetString());
        Assert.DoesNotContain(Wrong, result.Output + result.Error + calls.Output, StringComparison.Ordinal);
        Assert.All(Directory.GetFiles(shop.Folder, "*", SearchOption.AllDirectories), f =>
            Assert.True(File.ReadAllBytes(f).AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(Wrong)) < 0, f));
        // Those in flight at the first refusal, and no more.
        Assert.InRange(server.Stats.Requests, 1, 4);
    }

    [Fact]
    public async Task An_account_without_money_is_6()
    {
        await using var shop = new Workshop();
        shop.WriteSongs(40);
        shop.WriteJob(await shop.SimulateAsync(new SimulatorOptions { MaxRequests = 3 }));

        var summary = await EndsAsync(shop, 6, "--json");

        Assert.Equal(15, summary.Count("rows", "answered"));
    }

    /// <summary>Runs to the code, and reads stdout as the form demands: one document, or lines of which the last is the summary.</summary>
    private static async Task<JsonElement> EndsAsync(Workshop shop, int code, string form, params string[] more)
    {
        var result = (await shop.RunAsync(["run", "songs.yaml", form, .. more])).Ended(code);
        return Last(result, form);
    }

    private static JsonElement Last(ProgramResult result, string form)
    {
        if (form == "--json") return result.Document();
        var lines = result.Lines();
        Assert.All(lines.SkipLast(1), l => Assert.True(l.TryGetProperty("kind", out _)));
        if (lines.Count > 1) Assert.Equal(Enumerable.Range(1, lines.Count - 1), lines.SkipLast(1).Select(l => l.GetProperty("number").GetInt32()));
        return lines[^1];
    }

    private static int Column(IReadOnlyList<IReadOnlyList<string>> table, string name) => table[0].ToList().IndexOf(name);
}
