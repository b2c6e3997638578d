namespace Rowmill.Tests.Cli;

public sealed class QualityCommandTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Eval_compares_with_a_labelled_column_and_writes_a_report()
    {
        await using var folder = await CliFolder.CreateAsync();
        folder.Write("songs.csv", "title,artist,label\nAdorn,Miguel,Good\nNikes,Frank Ocean,Poor\nCranes,Solange,\n");
        var before = await folder.RunAsync("eval", "job.yaml", "--gold", "label");
        Assert.Equal(2, before.Exit);
        Assert.Contains("--gold: None of the 2 rows with a value in 'label' has been asked yet. Run the job first", before.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("run", "job.yaml")).Exit);

        var eval = await folder.RunAsync("eval", "job.yaml", "--gold", "label", "--report", "quality.md", "--json");

        Assert.Equal(0, eval.Exit);
        var field = Assert.Single(eval.Json.GetProperty("fields").EnumerateArray());
        Assert.True(field.GetProperty("gold_was_shown").GetBoolean());
        Assert.Equal((2, 1), (field.GetProperty("accuracy").GetProperty("n").GetInt32(), field.GetProperty("rows").GetProperty("without_gold").GetInt32()));
        Assert.Contains("WARNING: the model was shown the column 'label'", eval.Error, StringComparison.Ordinal);
        Assert.StartsWith("# songs: answers against gold", await File.ReadAllTextAsync(folder.File("quality.md"), Cancelled), StringComparison.Ordinal);
        Assert.Equal(1, folder.Server.Stats.Requests);
    }

    [Theory]
    [InlineData("eval", "job.yaml")]
    [InlineData("eval", "job.yaml", "--gold", "titel")]
    [InlineData("eval", "job.yaml", "--gold", "title", "--report", "songs.csv")]
    [InlineData("audit", "job.yaml")]
    [InlineData("audit", "job.yaml", "--sample", "0")]
    [InlineData("audit", "job.yaml", "--pack", "1")]
    [InlineData("audit", "job.yaml", "--margin", "all")]
    [InlineData("audit", "job.yaml", "--model", "nobody/knows")]
    public async Task What_cannot_be_done_is_told_and_nothing_is_sent(params string[] args)
    {
        await using var folder = await CliFolder.CreateAsync();

        var result = await folder.RunAsync(args);

        Assert.Equal(2, result.Exit);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Equal(0, folder.Server.Stats.Requests);
        Assert.StartsWith("title,artist", await File.ReadAllTextAsync(folder.File("songs.csv"), Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_tells_the_cost_first_asks_apart_and_leaves_the_job_as_it_was()
    {
        await using var folder = await CliFolder.CreateAsync();
        folder.Write("songs.csv", "title,artist\n" + string.Concat(Enumerable.Range(1, 60).Select(i => $"Song {i},Somebody\n")));
        folder.WriteJob("pack: { rows: 20 }");
        Assert.Equal(0, (await folder.RunAsync("run", "job.yaml")).Exit);
        var output = await File.ReadAllTextAsync(folder.File("out.csv"), Cancelled);
        var status = (await folder.RunAsync("status", "job.yaml", "--json")).Json;
        var asked = folder.Server.Stats.Requests;

        var audit = await folder.RunAsync("audit", "job.yaml", "--sample", "40", "--seed", "5", "--json", "--report", "audit.md");

        Assert.Equal(0, audit.Exit);
        Assert.Contains("audit of 40 rows by openai-compatible/pretend, seed 5. It will ask\n  each row alone: 40 calls, 0.0", audit.Error, StringComparison.Ordinal);
        Assert.Contains("  packs of 20: 2 calls", audit.Error, StringComparison.Ordinal);
        var json = audit.Json;
        Assert.Equal((40, 5, 40 + 40 + 2 + 4 + 8), (json.GetProperty("sample").GetInt32(), json.GetProperty("seed").GetInt32(), json.GetProperty("calls").GetInt32()));
        Assert.Equal(asked + 94, folder.Server.Stats.Requests);
        Assert.Equal(6, json.GetProperty("arms").GetArrayLength());
        Assert.StartsWith("# songs: audit of 40 rows", await File.ReadAllTextAsync(folder.File("audit.md"), Cancelled), StringComparison.Ordinal);

        var after = (await folder.RunAsync("status", "job.yaml", "--json")).Json;
        Assert.Equal(status.GetProperty("last_run").GetProperty("run_id").GetString(), after.GetProperty("last_run").GetProperty("run_id").GetString());
        Assert.Equal(status.GetProperty("rows").ToString(), after.GetProperty("rows").ToString());
        Assert.Equal(status.GetProperty("usd").GetDecimal() + json.GetProperty("usd").GetDecimal(), after.GetProperty("usd").GetDecimal());
        Assert.Equal(0, (await folder.RunAsync("export", "job.yaml")).Exit);
        Assert.Equal(output, await File.ReadAllTextAsync(folder.File("out.csv"), Cancelled));

        var again = await folder.RunAsync("audit", "job.yaml", "--sample", "40", "--seed", "5", "--json");
        Assert.Equal((0, 0), (again.Exit, again.Json.GetProperty("calls").GetInt32()));
        Assert.Equal(json.GetProperty("arms").ToString(), again.Json.GetProperty("arms").ToString());
    }

    [Fact]
    public async Task An_interrupted_audit_says_how_to_go_on()
    {
        await using var folder = await CliFolder.CreateAsync();
        Assert.Equal(3, (await folder.RunAsync("run", "job.yaml")).Exit);
        using var stop = new CancellationTokenSource();
        folder.Stop = stop.Token;
        folder.Passed = moment =>
        {
            if (moment == Core.Runs.Transition.Counted) stop.Cancel();
        };

        var audit = await folder.RunAsync("audit", "job.yaml", "--seed", "3");

        Assert.Equal(130, audit.Exit);
        Assert.Contains("with --sample 50 --seed 3 it goes on where it stopped", audit.Out, StringComparison.Ordinal);
    }
}
