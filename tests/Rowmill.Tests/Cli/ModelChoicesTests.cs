using System.Text.Json;
using Rowmill.Simulator;

namespace Rowmill.Tests.Cli;

/// <summary>What init, check and run do for somebody without a key, and what a live check tells.</summary>
public sealed class ModelChoicesTests
{
    [Theory]
    [InlineData("check")]
    [InlineData("run")]
    public async Task A_missing_key_names_its_variable_and_the_choices(string command)
    {
        await using var folder = await CliFolder.CreateAsync();
        ModelsCommandTests.Use(folder, "groq/openai/gpt-oss-20b", "GROQ_API_KEY");
        var result = await folder.RunAsync(command, "job.yaml");
        Assert.Equal(2, result.Exit);
        Assert.Contains("the environment variable GROQ_API_KEY is not set. Set it with: export GROQ_API_KEY=…. Or choose: ", result.Error, StringComparison.Ordinal);
        Assert.Contains("ollama pull", result.Error, StringComparison.Ordinal);

        folder.Variables["OPENAI_API_KEY"] = CliFolder.Secret;
        Assert.Contains("Or take a model of openai (its OPENAI_API_KEY is set).", (await folder.RunAsync(command, "job.yaml")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("run")]
    public async Task Every_missing_key_is_told_at_its_model_in_the_job_file(string command)
    {
        await using var folder = await CliFolder.CreateAsync();
        var job = await File.ReadAllTextAsync(folder.File("job.yaml"), TestContext.Current.CancellationToken);
        folder.Write("job.yaml", job.Replace("\noutput:", "\n  - model: openai/gpt-4.1-mini\noutput:", StringComparison.Ordinal));
        folder.Variables.Remove("PRETEND_KEY");
        var result = await folder.RunAsync(command, "job.yaml");
        Assert.Equal(2, result.Exit);
        Assert.Contains("error: job.yaml:12: models[0].api_key_env: openai-compatible/pretend needs a key, but the environment variable PRETEND_KEY is not set. Set it with: export PRETEND_KEY=…", result.Error, StringComparison.Ordinal);
        Assert.Contains("error: job.yaml:14: models[1]: openai/gpt-4.1-mini needs a key, but the environment variable OPENAI_API_KEY is not set. Set it with: export OPENAI_API_KEY=…", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("run")]
    public async Task A_missing_source_is_told_at_its_key_in_the_job_file(string command)
    {
        await using var folder = await CliFolder.CreateAsync();
        System.IO.File.Delete(folder.File("songs.csv"));
        var missing = await folder.RunAsync(command, "job.yaml");
        Assert.Equal((2, "error: job.yaml:2: source.csv: songs.csv: The file does not exist. Paths in a job file are relative to the job file.\n"), (missing.Exit, missing.Error.ReplaceLineEndings("\n")));

        // Also beside a mistake of the job file itself.
        folder.WriteJob("patience: never");
        Assert.Contains("error: job.yaml:2: source.csv: songs.csv: The file does not exist.", (await folder.RunAsync(command, "job.yaml")).Error, StringComparison.Ordinal);
        Assert.Contains("error: songs.csv: The file does not exist.", (await folder.RunAsync("init", "songs.csv")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("run")]
    public async Task A_missing_key_names_the_line_for_a_local_server_that_runs(string command)
    {
        await using var folder = await OllamaAsync();
        ModelsCommandTests.Use(folder, "groq/openai/gpt-oss-20b", "GROQ_API_KEY");
        var result = await folder.RunAsync(command, "job.yaml", "--json");
        Assert.Equal(2, result.Exit);
        var fix = result.Json.GetProperty("problems")[0].GetProperty("fix").GetString();
        Assert.Contains($"an Ollama server runs at {Address(folder)}; write - model: ollama/qwen3:4b and under it base_url: {Address(folder)}", fix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_takes_a_local_server_that_runs_and_the_job_is_right()
    {
        await using var folder = await OllamaAsync();
        var said = await folder.RunAsync("init", "songs.csv");
        Assert.Equal((0, ""), (said.Exit, said.Error));
        Assert.Contains($"Model: ollama/qwen3:4b, of the Ollama server at {Address(folder)}.", said.Out, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("check", "songs.yaml", "--json")).Exit);
    }

    [Fact]
    public async Task Init_takes_the_keys_that_are_set_before_a_local_server()
    {
        await using var folder = await OllamaAsync();
        folder.Variables["ANTHROPIC_API_KEY"] = CliFolder.Secret;
        var models = (await folder.RunAsync("init", "songs.csv", "--json")).Json.GetProperty("models");
        Assert.Equal(["anthropic/claude-haiku-4-5"], models.EnumerateArray().Select(m => m.GetProperty("model").GetString()));
    }

    [Fact]
    public async Task Init_with_nothing_lists_the_choices_and_writes_them_as_comments()
    {
        await using var folder = await CliFolder.CreateAsync();
        var said = await folder.RunAsync("init", "songs.csv");
        Assert.Equal(0, said.Exit);
        Assert.Contains("To ask a model, choose:", said.Out, StringComparison.Ordinal);
        Assert.Contains("export GROQ_API_KEY=…", said.Out, StringComparison.Ordinal);
        var text = await File.ReadAllTextAsync(folder.File("songs.yaml"), TestContext.Current.CancellationToken);
        foreach (var model in new[] { "groq/", "openai/", "gemini/", "anthropic/", "ollama/" }) Assert.Contains($"# - model: {model}", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_live_check_tells_the_limits_learned()
    {
        await using var folder = await CliFolder.CreateAsync(new SimulatorOptions { Dialect = SimulatorDialect.Groq, RequestsPerDay = 500, TokensPerMinute = 6000 });
        folder.Variables["GROQ_API_KEY"] = CliFolder.Secret;
        ModelsCommandTests.Use(folder, "groq/llama-3.1-8b-instant", "GROQ_API_KEY");
        var result = await folder.RunAsync("check", "job.yaml", "--live", "--json");
        var live = result.Json.GetProperty("live");
        Assert.Equal((0, true, "GROQ_API_KEY"), (result.Exit, live.GetProperty("succeeded").GetBoolean(), live.GetProperty("key").GetString()));
        Assert.Equal(["requests_per_day", "tokens_per_minute"], live.GetProperty("headers").EnumerateArray().Select(h => h.GetString()));
        var day = live.GetProperty("limits")[0];
        Assert.Equal((500, JsonValueKind.Null, "learned"), (day.GetProperty("limit").GetInt32(), day.GetProperty("limit_before").ValueKind, day.GetProperty("from").GetString()));

        var people = (await folder.RunAsync("check", "job.yaml", "--live")).Out;
        Assert.Contains("the one in GROQ_API_KEY is accepted", people, StringComparison.Ordinal);
        Assert.Contains("500 requests per day (as known)", people, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_live_check_tells_the_form_that_was_taken_after_a_better_one_was_refused()
    {
        await using var folder = await CliFolder.CreateAsync(new SimulatorOptions { Dialect = SimulatorDialect.Groq });
        ModelsCommandTests.Use(folder, "openai-compatible/llama-3.1-8b-instant", "PRETEND_KEY");
        var live = (await folder.RunAsync("check", "job.yaml", "--live", "--json")).Json.GetProperty("live");
        Assert.Equal(("json_mode", "schema"), (live.GetProperty("form").GetString(), live.GetProperty("best_form").GetString()));
        var people = (await folder.RunAsync("check", "job.yaml", "--live")).Out;
        Assert.Contains("JSON of whatever shape; the model refuses a schema", people, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_live_check_without_headers_says_that_the_service_told_none()
    {
        await using var folder = await CliFolder.CreateAsync();
        var live = (await folder.RunAsync("check", "job.yaml", "--live", "--json")).Json.GetProperty("live");
        Assert.Equal(("schema", 0), (live.GetProperty("form").GetString(), live.GetProperty("headers").GetArrayLength()));
    }

    private static async Task<CliFolder> OllamaAsync()
    {
        var folder = await CliFolder.CreateAsync(new SimulatorOptions { Dialect = SimulatorDialect.Ollama, KnownModels = ["qwen3:4b"] });
        folder.Variables["OLLAMA_HOST"] = Address(folder);
        return folder;
    }

    private static string Address(CliFolder folder) => folder.Server.BaseAddress.ToString().TrimEnd('/');
}
