using System.Text.Json;
using Rowmill.Simulator;

namespace Rowmill.Tests.Cli;

public sealed class CheckCommandTests
{
    // The limits of these jobs are only read: none of them is run, so no window is kept.
    private const string Free = "groq/openai/gpt-oss-20b";

    [Fact]
    public async Task Check_tells_the_limits_and_prices_in_force_and_where_they_come_from()
    {
        await using var folder = await CliFolder.CreateAsync();
        Use(folder, $"- model: {Free}\n    api_key_env: PRETEND_KEY\n    limits: {{ preset: groq-free, requests_per_day: 500, concurrency: 2, account: team }}");

        var routes = (await folder.RunAsync("check", "job.yaml", "--json")).Json.GetProperty("routes");
        var route = Assert.Single(routes.EnumerateArray());
        Assert.Equal((Free, 2, "team"), (route.GetProperty("model").GetString(), route.GetProperty("concurrency").GetInt32(), route.GetProperty("account").GetString()));
        Assert.Equal(
            ["requests_per_minute 30 preset 2026-10-01", "tokens_per_minute 8000 preset 2026-10-01", "requests_per_day 500 job", "tokens_per_day 200000 preset 2026-10-01"],
            route.GetProperty("limits").EnumerateArray().Select(l => Told(l, "window", "limit")));
        Assert.Equal("console.groq.com/docs/rate-limits", route.GetProperty("limits")[0].GetProperty("source").GetString());
        Assert.Equal(
            ["input 0.075 known 2026-10-01", "output 0.3 known 2026-10-01", "cached_input 0.0375 known 2026-10-01", "batch_input 0.0375 known 2026-10-01", "batch_output 0.15 known 2026-10-01"],
            route.GetProperty("prices").EnumerateArray().Select(p => Told(p, "tokens", "usd_per_million")));

        var people = (await folder.RunAsync("check", "job.yaml")).Out;
        Assert.Contains($"{Free}: limits: 30 requests per minute, 8,000 tokens per minute, 500 requests per day (the job's), 200,000 tokens per day; groq-free of 2026-10-01", people, StringComparison.Ordinal);
        Assert.Contains($"{Free}: USD per million tokens: 0.075 input, 0.3 output, 0.0375 cached input", people, StringComparison.Ordinal);
        Assert.Contains("known models of 2026-10-01", people, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_and_prices_of_the_job_itself_are_told_as_such()
    {
        await using var folder = await CliFolder.CreateAsync();
        var json = (await folder.RunAsync("check", "job.yaml", "--json")).Json.GetProperty("routes")[0];
        Assert.Empty(json.GetProperty("limits").EnumerateArray());
        Assert.Equal(["input 1 job", "output 2 job"], json.GetProperty("prices").EnumerateArray().Select(p => Told(p, "tokens", "usd_per_million")));
        Assert.Contains("limits: none written; the service's own are learned", (await folder.RunAsync("check", "job.yaml")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gemini/gemini-2.5-flash", "/v1beta/models/gemini-2.5-flash:generateContent", "x-goog-api-key", "")]
    [InlineData("anthropic/claude-haiku-4-5", "/v1/messages", "x-api-key", "note: seed is not sent: this service has none")]
    public async Task Check_shows_the_providers_own_request_and_what_it_cannot_say(string model, string path, string header, string note)
    {
        await using var folder = await CliFolder.CreateAsync();
        Use(folder, $"- model: {model}\n    base_url: https://api.test\n    api_key_env: PRETEND_KEY\noptions: {{ seed: 7 }}");

        var request = (await folder.RunAsync("check", "job.yaml", "--json")).Json.GetProperty("request");
        Assert.Equal("https://api.test" + path, request.GetProperty("url").GetString());
        Assert.DoesNotContain(CliFolder.Secret, request.GetProperty("headers").GetProperty(header).GetString(), StringComparison.Ordinal);
        var people = await folder.RunAsync("check", "job.yaml");
        Assert.DoesNotContain(CliFolder.Secret, people.Out + people.Error, StringComparison.Ordinal);
        Assert.Equal(note, string.Join('\n', (people.Out + people.Error).Split('\n').Where(line => line.StartsWith("note: ", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData("", 10, "models[0]", "No limits are written for groq/openai/gpt-oss-20b: they are learned", "Write limits: groq-free if")]
    [InlineData("tokens_per_minute: 9000, tokens_per_day: 8000", 12, "models[0].limits.tokens_per_minute", "9,000 is more than tokens_per_day (8,000), so it never binds.", "Compare")]
    [InlineData("requests_per_minute: 20, requests_per_day: 10", 12, "models[0].limits.requests_per_minute", "20 is more than requests_per_day", "Compare")]
    [InlineData("input_tokens_per_minute: 20000, tokens_per_minute: 10000", 12, "models[0].limits.input_tokens_per_minute", "20,000 is more than tokens_per_minute", "Compare")]
    [InlineData("output_tokens_per_minute: 20000, tokens_per_day: 10000", 12, "models[0].limits.output_tokens_per_minute", "20,000 is more than tokens_per_day", "Compare")]
    [InlineData("tokens_per_minute: 20000, input_tokens_per_minute: 5000, output_tokens_per_minute: 5000", 12, "models[0].limits.tokens_per_minute", "more than input_tokens_per_minute and output_tokens_per_minute together (10,000)", "Compare")]
    public async Task Limits_that_cannot_all_be_meant_are_a_warning_with_its_line(string limits, int line, string key, string message, string fix)
    {
        await using var folder = await CliFolder.CreateAsync();
        Use(folder, $"- model: {Free}\n    api_key_env: PRETEND_KEY{(limits.Length == 0 ? "" : $"\n    limits: {{ {limits} }}")}");

        var result = await folder.RunAsync("check", "job.yaml", "--json");

        Assert.Equal((0, ""), (result.Exit, result.Exit == 0 ? "" : result.Error));
        var warning = result.Json.GetProperty("warnings").EnumerateArray().First();
        Assert.Equal(
            ("job.yaml", line, key),
            (warning.GetProperty("file").GetString(), warning.GetProperty("line").GetInt32(), warning.GetProperty("key").GetString()));
        Assert.Contains(message, warning.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains(fix, warning.GetProperty("fix").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_replies_do_not_count_as_tokens_nothing_is_wrong_with_more_of_them()
    {
        await using var folder = await CliFolder.CreateAsync();
        Use(folder, "- model: gemini/gemini-2.5-flash\n    api_key_env: PRETEND_KEY\n    limits: { output_tokens_per_minute: 20000, tokens_per_minute: 10000, tokens_per_day: 15000 }");
        var warnings = (await folder.RunAsync("check", "job.yaml", "--json")).Json.GetProperty("warnings").EnumerateArray();
        Assert.DoesNotContain(warnings, w => w.GetProperty("file").GetString() == "job.yaml");
    }

    [Fact]
    public async Task A_live_request_asks_the_first_row_that_is_left_and_keeps_its_answer()
    {
        await using var folder = await CliFolder.CreateAsync();
        var first = await folder.RunAsync("check", "job.yaml", "--live", "--json");
        var live = first.Json.GetProperty("live");
        Assert.Equal((0, true, JsonValueKind.Null, JsonValueKind.Null), (first.Exit, live.GetProperty("succeeded").GetBoolean(), live.GetProperty("failure").ValueKind, live.GetProperty("message").ValueKind));
        Assert.True(live.GetProperty("input_tokens").GetInt32() > 0 && live.GetProperty("output_tokens").GetInt32() > 0);

        Assert.Equal(0, (await folder.RunAsync("check", "job.yaml", "--live")).Exit);
        var calls = (await folder.RunAsync("calls", "job.yaml", "--json")).Json.GetProperty("calls").EnumerateArray().ToList();
        Assert.Equal([1, 1], calls.Select(c => c.GetProperty("rows").GetInt32()));
        Assert.Single((await folder.RunAsync("calls", "job.yaml", "--row", "Nikes", "--json")).Json.GetProperty("calls").EnumerateArray());
        Assert.False(System.IO.File.Exists(folder.File("out.csv")));

        var run = (await folder.RunAsync("run", "job.yaml", "--json")).Json;
        Assert.Equal(3, run.GetProperty("rows").GetProperty("from_cache").GetInt32());
        Assert.Contains("Live: no row is left to ask.", (await folder.RunAsync("check", "job.yaml", "--live")).Out, StringComparison.Ordinal);
        Assert.Equal(3, folder.Server.Stats.Requests);
    }

    [Fact]
    public async Task A_live_request_that_the_service_refuses_says_why_and_ends_as_before()
    {
        await using var refused = await CliFolder.CreateAsync(new SimulatorOptions { ApiKey = "another" });
        var key = await refused.RunAsync("check", "job.yaml", "--live", "--json");
        Assert.Equal((6, false, "key_refused"), (key.Exit, key.Json.GetProperty("ok").GetBoolean(), key.Json.GetProperty("live").GetProperty("failure").GetString()));
        Assert.NotEqual("", key.Json.GetProperty("live").GetProperty("message").GetString());

        await using var limited = await CliFolder.CreateAsync(new SimulatorOptions { RequestsPerDay = 1 });
        Assert.Equal(0, (await limited.RunAsync("check", "job.yaml", "--live")).Exit);
        var day = await limited.RunAsync("check", "job.yaml", "--live", "--json");
        Assert.Equal((4, JsonValueKind.Null), (day.Exit, day.Json.GetProperty("live").GetProperty("failure").ValueKind));
        Assert.Contains("requests", day.Json.GetProperty("live").GetProperty("message").GetString(), StringComparison.Ordinal);

        // The first reply's headers have told the limit: the second request does not leave.
        Assert.Equal(1, limited.Server.Stats.Requests);
    }

    [Fact]
    public async Task A_live_request_stays_within_the_jobs_budget()
    {
        await using var folder = await CliFolder.CreateAsync();
        folder.WriteJob("budget: { usd: 0.000001 }");
        var result = await folder.RunAsync("check", "job.yaml", "--live", "--json");
        Assert.Equal((5, false, 0), (result.Exit, result.Json.GetProperty("live").GetProperty("succeeded").GetBoolean(), folder.Server.Stats.Requests));
        Assert.Contains("budget", result.Json.GetProperty("live").GetProperty("message").GetString(), StringComparison.OrdinalIgnoreCase);
    }

    private static string Told(JsonElement entry, string name, string value) =>
        $"{entry.GetProperty(name)} {entry.GetProperty(value)} {entry.GetProperty("from")}{(entry.TryGetProperty("dated", out var dated) ? $" {dated}" : "")}";

    private static void Use(CliFolder folder, string model)
    {
        var job = System.IO.File.ReadAllText(folder.File("job.yaml"));
        var (from, to) = (job.IndexOf("  - model:", StringComparison.Ordinal), job.IndexOf("\noutput:", StringComparison.Ordinal));
        folder.Write("job.yaml", $"{job[..from]}  {model}{job[to..]}");
    }
}
