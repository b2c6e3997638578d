using System.Text.Json;
using Rowmill.Simulator;

namespace Rowmill.Tests.Cli;

public sealed class ModelsCommandTests
{
    private static readonly string[] s_groq = ["openai/gpt-oss-20b", "whisper-large-v3", "new-model"];

    [Fact]
    public async Task A_service_whose_key_is_set_is_asked_and_every_figure_says_where_it_is_from()
    {
        await using var folder = await GroqAsync();
        var result = await folder.RunAsync("models", "--json");

        Assert.Equal((0, ""), (result.Exit, result.Error));
        var groq = Provider(result, "groq");
        Assert.Equal(("reached", "GROQ_API_KEY", 1), (groq.GetProperty("state").GetString(), groq.GetProperty("key_env").GetString(), groq.GetProperty("left_out").GetInt32()));
        Assert.Equal(["groq/new-model", "groq/openai/gpt-oss-20b"], Names(groq));
        var known = groq.GetProperty("models")[1];
        Assert.Equal((0.075m, 0.0375m, 0.15m, "known", "2026-10-01"), (
            known.GetProperty("price").GetProperty("value").GetProperty("input").GetDecimal(),
            known.GetProperty("price").GetProperty("value").GetProperty("cached_input").GetDecimal(),
            known.GetProperty("price").GetProperty("value").GetProperty("batch_output").GetDecimal(),
            known.GetProperty("price").GetProperty("from").GetString(),
            known.GetProperty("price").GetProperty("dated").GetString()));
        Assert.Contains(known.GetProperty("limits").EnumerateArray(), l =>
            l.GetProperty("window").GetString() == "tokens_per_minute" && l.GetProperty("value").GetInt64() == 8000
            && l.GetProperty("preset").GetString() == "groq-free" && l.GetProperty("from").GetString() == "preset" && l.GetProperty("dated").GetString() == "2026-10-01");
        var unknown = groq.GetProperty("models")[0];
        Assert.Equal(JsonValueKind.Null, unknown.GetProperty("price").ValueKind);
        Assert.DoesNotContain(CliFolder.Secret, result.Out, StringComparison.Ordinal);

        var people = (await folder.RunAsync("models")).Out;
        Assert.Contains("openai: no key: OPENAI_API_KEY is not set", people, StringComparison.Ordinal);
        Assert.Contains("ollama: no server answers at http://127.0.0.1:1", people, StringComparison.Ordinal);
        Assert.Contains("known models of 2026-10-01", people, StringComparison.Ordinal);
        Assert.Contains("1 more model of other kinds or dates: --all", people, StringComparison.Ordinal);
        Assert.Equal(3, Names(Provider(await folder.RunAsync("models", "--all", "--json"), "groq")).Count);
    }

    [Fact]
    public async Task Limits_that_this_account_learned_go_before_those_of_plans()
    {
        await using var folder = await GroqAsync(new SimulatorOptions { RequestsPerDay = 777 });
        Use(folder, "groq/openai/gpt-oss-20b", "GROQ_API_KEY");
        Assert.Equal(0, (await folder.RunAsync("check", "job.yaml", "--live")).Exit);

        var first = Provider(await folder.RunAsync("models", "--json"), "groq").GetProperty("models")[1].GetProperty("limits")[0];
        Assert.Equal(("requests_per_day", 777, "learned"), (first.GetProperty("window").GetString(), first.GetProperty("value").GetInt32(), first.GetProperty("from").GetString()));

        folder.Variables["GROQ_API_KEY"] = "gsk-another-account-of-24";
        Assert.All(
            Provider(await folder.RunAsync("models", "--json"), "groq").GetProperty("models")[1].GetProperty("limits").EnumerateArray(),
            l => Assert.Equal("preset", l.GetProperty("from").GetString()));
    }

    [Theory]
    [InlineData(SimulatorDialect.Gemini, "gemini", "GEMINI_API_KEY")]
    [InlineData(SimulatorDialect.Anthropic, "anthropic", "ANTHROPIC_API_KEY")]
    public async Task A_list_of_several_pages_is_read_to_its_end(SimulatorDialect dialect, string provider, string variable)
    {
        string[] models = [.. Enumerable.Range(1000, 1200).Select(i => $"m{i}")];
        await using var folder = await CliFolder.CreateAsync(new SimulatorOptions { Dialect = dialect, ApiKey = CliFolder.Secret, KnownModels = models });
        Reach(folder, provider, variable);
        var found = Provider(await folder.RunAsync("models", "--provider", provider, "--json"), provider);
        Assert.Equal(models.Select(m => $"{provider}/{m}"), Names(found));
        var context = found.GetProperty("models")[0].GetProperty("context");
        Assert.Equal(provider == "gemini" ? "service" : null, context.ValueKind == JsonValueKind.Null ? null : context.GetProperty("from").GetString());
    }

    [Theory]
    [InlineData(SimulatorDialect.OpenAI, "openai", "OPENAI_API_KEY")]
    [InlineData(SimulatorDialect.Groq, "groq", "GROQ_API_KEY")]
    [InlineData(SimulatorDialect.Gemini, "gemini", "GEMINI_API_KEY")]
    [InlineData(SimulatorDialect.Anthropic, "anthropic", "ANTHROPIC_API_KEY")]
    public async Task A_refused_key_is_told_and_when_no_other_is_taken_the_exit_code_is_6(SimulatorDialect dialect, string provider, string variable)
    {
        await using var folder = await CliFolder.CreateAsync(new SimulatorOptions { Dialect = dialect, ApiKey = "another-key" });
        Reach(folder, provider, variable);
        var result = await folder.RunAsync("models", "--json");
        Assert.Equal(6, result.Exit);
        Assert.Equal("refused", Provider(result, provider).GetProperty("state").GetString());
        var people = await folder.RunAsync("models");
        Assert.Contains("refused: ", people.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(CliFolder.Secret, people.Out + people.Error + result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_service_that_is_not_there_keeps_no_other_from_being_listed()
    {
        await using var folder = await GroqAsync();
        folder.Variables["OPENAI_API_KEY"] = CliFolder.Secret;
        var result = await folder.RunAsync("models", "--json");
        Assert.Equal((0, "unreachable", "reached"), (result.Exit, Provider(result, "openai").GetProperty("state").GetString(), Provider(result, "groq").GetProperty("state").GetString()));
        Assert.Equal(1, (await folder.RunAsync("models", "--provider", "openai")).Exit);
    }

    [Fact]
    public async Task A_local_server_is_listed_without_a_key()
    {
        await using var folder = await CliFolder.CreateAsync(new SimulatorOptions { Dialect = SimulatorDialect.Ollama, KnownModels = ["llama3.1:8b"] });
        folder.Variables["OLLAMA_HOST"] = folder.Server.BaseAddress.ToString();
        var ollama = Provider(await folder.RunAsync("models", "--json"), "ollama");
        Assert.Equal("reached", ollama.GetProperty("state").GetString());
        Assert.Equal(["ollama/llama3.1:8b"], Names(ollama));
        Assert.Equal(("service", 4_900_000_000), (ollama.GetProperty("models")[0].GetProperty("context").GetProperty("from").GetString(), ollama.GetProperty("models")[0].GetProperty("size_bytes").GetInt64()));
    }

    [Fact]
    public async Task A_compatible_server_is_asked_at_its_address_and_gets_no_other_services_key()
    {
        await using var folder = await CliFolder.CreateAsync(new SimulatorOptions { Dialect = SimulatorDialect.Vllm, KnownModels = ["Qwen/Qwen3-8B-Instruct"] });
        folder.Variables["OPENAI_API_KEY"] = CliFolder.Secret;
        var result = await folder.RunAsync("models", "--base-url", folder.Server.BaseAddress + "/", "--json");
        Assert.Equal((0, 1), (result.Exit, result.Json.GetProperty("providers").GetArrayLength()));
        Assert.Equal(["openai-compatible/Qwen/Qwen3-8B-Instruct"], Names(Provider(result, "openai-compatible")));
        Assert.Equal(JsonValueKind.Null, Provider(result, "openai-compatible").GetProperty("key_env").ValueKind);
    }

    [Fact]
    public async Task With_nothing_at_all_the_choices_are_listed()
    {
        await using var folder = await CliFolder.CreateAsync();
        var result = await folder.RunAsync("models");
        Assert.Equal(0, result.Exit);
        foreach (var word in new[] { "GROQ_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "ANTHROPIC_API_KEY", "ollama pull", "rowmill simulate", "openai-compatible/" })
            Assert.Contains(word, result.Out, StringComparison.Ordinal);
        Assert.NotEmpty((await folder.RunAsync("models", "--json")).Json.GetProperty("choices").EnumerateArray());
    }

    [Theory]
    [InlineData("--provider grok", "Did you mean 'groq'?")]
    [InlineData("--base-url https://me:secret@host/v1", "This is no address of a service")]
    [InlineData("--api-key-env MINE", "Write --base-url as well.")]
    public async Task A_mistake_in_the_command_line_is_told(string line, string words)
    {
        await using var folder = await CliFolder.CreateAsync();
        var result = await folder.RunAsync(["models", .. line.Split(' ')]);
        Assert.Equal(2, result.Exit);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_users_own_figures_go_before_the_tables_and_the_services()
    {
        await using var folder = await GroqAsync();
        folder.WriteModels("""
            {"dated":"2026-11-01","models":{"groq":{"openai/gpt-oss-20b":{"context":65536,"price":{"input":1,"output":2}}}},
             "presets":{"team":{"provider":"groq","models":{"openai/gpt-oss-20b":{"requests_per_minute":300}}}}}
            """);
        var model = Provider(await folder.RunAsync("models", "--json"), "groq").GetProperty("models")[1];
        Assert.Equal((65536, "file", "2026-11-01"), (model.GetProperty("context").GetProperty("value").GetInt32(), model.GetProperty("context").GetProperty("from").GetString(), model.GetProperty("context").GetProperty("dated").GetString()));
        Assert.EndsWith("models.json", model.GetProperty("price").GetProperty("source").GetString(), StringComparison.Ordinal);
        Assert.Contains(model.GetProperty("limits").EnumerateArray(), l => l.GetProperty("preset").GetString() == "team" && l.GetProperty("dated").GetString() == "2026-11-01");

        Use(folder, "groq/openai/gpt-oss-20b", "GROQ_API_KEY", "limits: team");
        var check = (await folder.RunAsync("check", "job.yaml", "--json")).Json.GetProperty("routes")[0];
        Assert.Equal((300, "team"), (check.GetProperty("limits")[0].GetProperty("limit").GetInt32(), check.GetProperty("limits")[0].GetProperty("preset").GetString()));
        Assert.Equal((1, "file", "2026-11-01"), (check.GetProperty("prices")[0].GetProperty("usd_per_million").GetInt32(), check.GetProperty("prices")[0].GetProperty("from").GetString(), check.GetProperty("prices")[0].GetProperty("dated").GetString()));
        Assert.Contains("models.json of 2026-11-01", (await folder.RunAsync("check", "job.yaml")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models")]
    [InlineData("check job.yaml")]
    [InlineData("run job.yaml")]
    [InlineData("init songs.csv --force")]
    public async Task A_mistake_in_the_users_file_stops_every_command_that_reads_it(string line)
    {
        await using var folder = await CliFolder.CreateAsync();
        folder.WriteModels("""{"dated":"2026-11-01","models":{"groq":{"x":{"price":{"input":"1","output":2}}}}}""");
        var result = await folder.RunAsync(line.Split(' '));
        Assert.Equal(2, result.Exit);
        Assert.Contains("models.json:1: models.groq.x.price.input: \"1\" is not an amount of USD per million tokens. Write a number", result.Error, StringComparison.Ordinal);
    }

    internal static void Reach(CliFolder folder, string provider, string variable)
    {
        folder.Variables[variable] = CliFolder.Secret;
        var others = folder.Address;
        folder.Address = p => p.Name == provider ? folder.Server.BaseAddress.ToString().TrimEnd('/') : others(p);
    }

    internal static void Use(CliFolder folder, string model, string variable, string more = "timeout: 1m") => folder.Write("job.yaml", $$"""
        name: songs
        source: { csv: songs.csv, key: [title, artist], require: [title] }
        prompt: Label the song.
        answer: { type: object, required: [label], properties: { label: { enum: [Good, Poor] } } }
        models:
          - model: {{model}}
            base_url: {{folder.Server.BaseAddress.ToString().TrimEnd('/')}}
            api_key_env: {{variable}}
            {{more}}
        output: { csv: out.csv }
        """);

    private static async Task<CliFolder> GroqAsync(SimulatorOptions? options = null)
    {
        var folder = await CliFolder.CreateAsync((options ?? new SimulatorOptions()) with { Dialect = SimulatorDialect.Groq, KnownModels = s_groq });
        Reach(folder, "groq", "GROQ_API_KEY");
        return folder;
    }

    private static JsonElement Provider(CliResult result, string name) =>
        result.Json.GetProperty("providers").EnumerateArray().Single(p => p.GetProperty("provider").GetString() == name);

    private static List<string?> Names(JsonElement provider) => [.. provider.GetProperty("models").EnumerateArray().Select(m => m.GetProperty("model").GetString())];
}
