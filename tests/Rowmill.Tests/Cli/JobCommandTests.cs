namespace Rowmill.Tests.Cli;

public sealed class JobCommandTests
{
    [Fact]
    public async Task From_init_over_check_to_run_a_table_is_labelled()
    {
        await using var folder = await CliFolder.CreateAsync();
        Assert.Equal(0, (await folder.RunAsync("init", "songs.csv")).Exit);
        var again = await folder.RunAsync("init", "songs.csv");
        Assert.Equal(2, again.Exit);
        Assert.Contains("--force", again.Error, StringComparison.Ordinal);
        var yaml = (await System.IO.File.ReadAllTextAsync(folder.File("songs.yaml"), TestContext.Current.CancellationToken))
            .Replace("- model: simulator/demo", $"- model: simulator/demo\n    base_url: {folder.Server.BaseAddress.ToString().TrimEnd('/')} #");
        folder.Write("songs.yaml", yaml);
        Assert.Equal(0, (await folder.RunAsync("check", "songs.yaml")).Exit);
        var run = await folder.RunAsync("run", "songs.yaml", "--json");
        Assert.Equal((0, 5), (run.Exit, run.Json.GetProperty("rows").GetProperty("answered").GetInt32()));
        Assert.Contains("SIMULATED", run.Error, StringComparison.Ordinal);
        Assert.StartsWith("title,artist,ai_status", await System.IO.File.ReadAllTextAsync(folder.File("songs-labelled.csv"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_masks_the_key_and_warns_of_what_a_person_wants_to_know()
    {
        await using var folder = await CliFolder.CreateAsync();
        var text = await System.IO.File.ReadAllTextAsync(folder.File("job.yaml"), TestContext.Current.CancellationToken);
        folder.Write("job.yaml", text.Replace("    price: { input: 1, output: 2 }\n", ""));
        var check = await folder.RunAsync("check", "job.yaml");
        Assert.Equal(0, check.Exit);
        Assert.Contains("Authorization", check.Out, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(CliFolder.Secret, check.Out + check.Error, StringComparison.Ordinal);
        Assert.Contains("The context of openai-compatible/pretend is not known; 128,000 tokens are assumed.", check.Out, StringComparison.Ordinal);
        Assert.Contains("The price of openai-compatible/pretend is not known", check.Out, StringComparison.Ordinal);
        Assert.Contains("warning: songs.csv:6: Row 5 will not be sent: title is blank.", check.Out, StringComparison.Ordinal);
        Assert.Contains("1 row show", check.Out.Replace("shows", "show", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(0, folder.Server.Stats.Requests);

        var json = (await folder.RunAsync("check", "job.yaml", "--json")).Json;
        Assert.Equal(4, json.GetProperty("warnings").GetArrayLength());
        Assert.Equal((5, 1, 1), (json.GetProperty("rows").GetProperty("total").GetInt32(), json.GetProperty("rows").GetProperty("invalid").GetInt32(), json.GetProperty("rows").GetProperty("equal").GetInt32()));
    }

    [Fact]
    public async Task Run_then_status_export_and_calls_tell_the_same()
    {
        await using var folder = await CliFolder.CreateAsync();
        Assert.Equal("not_started", (await folder.RunAsync("status", "job.yaml", "--json")).Json.GetProperty("state").GetString());
        var run = await folder.RunAsync("run", "job.yaml", "--json");
        Assert.Equal((3, "completed_with_gaps"), (run.Exit, run.Json.GetProperty("state").GetString()));
        Assert.Equal(1, folder.Server.Stats.Requests);

        var status = (await folder.RunAsync("status", "job.yaml", "--json")).Json;
        Assert.Equal(("completed_with_gaps", 4, 1), (status.GetProperty("state").GetString(), status.GetProperty("rows").GetProperty("answered").GetInt32(), status.GetProperty("rows").GetProperty("invalid").GetInt32()));
        Assert.Equal(run.Json.GetProperty("usd").GetDecimal(), status.GetProperty("usd").GetDecimal());

        var size = Assert.Single(status.GetProperty("pack_sizes").EnumerateArray());
        Assert.Equal(("openai-compatible/pretend", 20, "4-15", "nothing is known yet"), (
            size.GetProperty("model").GetString(), size.GetProperty("rows").GetInt32(), size.GetProperty("row_tokens").GetString(), size.GetProperty("reason").GetString()));
        Assert.Contains("openai-compatible/pretend: packs of 20 for rows of 4-15 tokens (nothing is known yet)", (await folder.RunAsync("status", "job.yaml")).Out, StringComparison.Ordinal);

        var before = await System.IO.File.ReadAllTextAsync(folder.File("out.csv"), TestContext.Current.CancellationToken);
        Assert.Equal(0, (await folder.RunAsync("export", "job.yaml", "--output", "again.csv")).Exit);
        Assert.Equal(before, await System.IO.File.ReadAllTextAsync(folder.File("again.csv"), TestContext.Current.CancellationToken));
        var over = await folder.RunAsync("export", "job.yaml", "--output", "songs.csv");
        Assert.Equal((2, "error: --output: The output would overwrite the source. Choose another file."), (over.Exit, over.Error.Trim()));

        var call = Assert.Single((await folder.RunAsync("calls", "job.yaml", "--json")).Json.GetProperty("calls").EnumerateArray());
        Assert.Equal(("replied", 3, 3), (call.GetProperty("outcome").GetString(), call.GetProperty("rows").GetInt32(), call.GetProperty("good_rows").GetInt32()));
        Assert.Equal("No such call.", (await folder.RunAsync("calls", "job.yaml", "--in-doubt")).Out.Trim());
        foreach (var row in new[] { "2", "Nikes", "Nikes, Frank Ocean" })
            Assert.Single((await folder.RunAsync("calls", "job.yaml", "--row", row, "--json")).Json.GetProperty("calls").EnumerateArray());
        var unknown = await folder.RunAsync("calls", "job.yaml", "--row", "Nobody at all");
        Assert.Equal(2, unknown.Exit);
        Assert.Contains("--row: No row of songs.csv is 'Nobody at all'.", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Try_prints_question_and_answer_of_each_row()
    {
        await using var folder = await CliFolder.CreateAsync();
        var tried = await folder.RunAsync("try", "job.yaml", "--sample", "5");
        Assert.Contains("title: Nikes · artist: Frank Ocean", tried.Out, StringComparison.Ordinal);
        Assert.Contains("    label: ", tried.Out, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(folder.File("out.csv")));
    }

    [Fact]
    public async Task Unused_answers_are_asked_about_on_a_terminal_alone_and_no_sends_nothing()
    {
        await using var folder = await CliFolder.CreateAsync();
        await folder.RunAsync("run", "job.yaml");
        folder.WriteJob(prompt: "Label the song anew.");
        var questions = 0;
        folder.Confirm = _ => ++questions < 0;
        folder.IsTerminal = true;
        var refused = await folder.RunAsync("run", "job.yaml");
        Assert.Equal((130, 1, 1), (refused.Exit, questions, folder.Server.Stats.Requests));
        (folder.Confirm, folder.IsTerminal) = (null, false);
        var run = await folder.RunAsync("run", "job.yaml");
        Assert.Equal((3, 2), (run.Exit, folder.Server.Stats.Requests));
        Assert.Contains("The job was edited: 3 stored answers", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_demo_says_that_it_is_simulated_and_asks_nothing_twice()
    {
        await using var folder = await CliFolder.CreateAsync();
        var first = await folder.RunAsync("demo");
        Assert.Equal(0, first.Exit);
        Assert.Contains("SIMULATED", first.Out, StringComparison.Ordinal);
        var second = (await folder.RunAsync("demo", "--json")).Json;
        Assert.Equal((0, true), (second.GetProperty("calls").GetProperty("sent").GetInt32(), second.GetProperty("simulated").GetBoolean()));
    }

    [Fact]
    public async Task Simulate_runs_until_it_is_stopped()
    {
        await using var folder = await CliFolder.CreateAsync();
        using var stop = new CancellationTokenSource();
        folder.Stop = stop.Token;
        var running = folder.RunAsync("simulate", "--port", "0", "--json");
        Assert.False(running.IsCompleted);
        await stop.CancelAsync();
        var result = await running;
        Assert.Equal(0, result.Exit);
        Assert.StartsWith("http://127.0.0.1:", result.Json.GetProperty("base_url").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistake_in_the_job_file_does_not_hide_those_of_its_source()
    {
        await using var folder = await CliFolder.CreateAsync();
        var job = System.IO.File.ReadAllText(folder.File("job.yaml"));
        System.IO.File.WriteAllText(folder.File("job.yaml"), "promtp: x\n" + job.Replace("{ csv: songs.csv", "{ require: [tittle], csv: songs.csv", StringComparison.Ordinal));

        var result = await folder.RunAsync("run", "job.yaml");

        Assert.Equal(2, result.Exit);
        Assert.Contains("promtp", result.Error, StringComparison.Ordinal);
        Assert.Contains("source.require[0]: songs.csv has no column 'tittle'", result.Error, StringComparison.Ordinal);
    }
}
