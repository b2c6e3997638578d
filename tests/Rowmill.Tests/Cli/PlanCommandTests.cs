using System.Text.Json;

namespace Rowmill.Tests.Cli;

public sealed class PlanCommandTests
{
    [Fact]
    public async Task Plan_tells_calls_tokens_money_and_finish_and_sends_nothing()
    {
        await using var folder = await CliFolder.CreateAsync();
        var plan = (await folder.RunAsync("plan", "job.yaml", "--json")).Json;

        Assert.Equal((3, 0, 1, 1), (Int(plan, "rows_to_ask"), Int(plan, "from_cache"), Int(plan, "rows_invalid"), Int(plan, "rows_equal")));
        var (route, batch) = (plan.GetProperty("routes")[0], plan.GetProperty("routes")[1]);
        foreach (var part in new[] { route, plan.GetProperty("job") })
        {
            Assert.Equal(("openai-compatible/pretend", "online"), (part.GetProperty("model").GetString(), part.GetProperty("mode").GetString()));
            Assert.Equal((3, 1), (Int(part, "pack_rows"), Int(part, "calls")));
            var tokens = part.GetProperty("tokens");
            Assert.True(Int(tokens, "input") > 50 && Int(tokens, "output") > 5);
            Assert.Equal((Int(tokens, "input") + 2 * Int(tokens, "output")) / 1e6, part.GetProperty("usd").GetDouble(), 1e-6);
            Assert.True(part.GetProperty("lower_bound_seconds").GetDouble() <= part.GetProperty("finish_seconds").GetDouble());
            Assert.True(part.GetProperty("finish_at").GetDateTimeOffset() > plan.GetProperty("at").GetDateTimeOffset());
            Assert.Equal(JsonValueKind.Null, part.GetProperty("binding_window").ValueKind);
        }

        Assert.Equal((2, "batch", 1, 1), (plan.GetProperty("routes").GetArrayLength(), batch.GetProperty("mode").GetString(), Int(batch, "calls"), Int(batch, "batches")));
        Assert.Equal(route.GetProperty("usd").GetDouble() / 2, batch.GetProperty("usd").GetDouble(), 1e-6);
        Assert.Equal(0, folder.Server.Stats.Requests);
    }

    [Fact]
    public async Task Plan_shows_batches_beside_single_requests()
    {
        await using var folder = await CliFolder.CreateAsync();
        var plan = (await folder.RunAsync("plan", "job.yaml")).Out;

        Assert.Matches(@"\n  openai-compatible/pretend +3 +1 .* nothing but the model\n(.*\n)*?    in 1 batch +3 +1 .* 24 h .* the service\n", plan);
        Assert.Contains("Whether the server of openai-compatible/pretend has a batch API is not known.", plan, StringComparison.Ordinal);

        var job = await System.IO.File.ReadAllTextAsync(folder.File("job.yaml"), TestContext.Current.CancellationToken);
        folder.Write("job.yaml", job.Replace("openai-compatible/pretend", "ollama/pretend", StringComparison.Ordinal));
        Assert.DoesNotContain("batch", (await folder.RunAsync("plan", "job.yaml")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_needs_no_key_and_says_what_it_took_for_granted()
    {
        await using var folder = await CliFolder.CreateAsync();
        var job = await System.IO.File.ReadAllTextAsync(folder.File("job.yaml"), TestContext.Current.CancellationToken);
        folder.Write("job.yaml", job.Replace("PRETEND_KEY", "NO_SUCH_KEY", StringComparison.Ordinal));
        var plan = await folder.RunAsync("plan", "job.yaml");

        Assert.Equal((0, ""), (plan.Exit, plan.Error));
        Assert.Contains("songs: 3 rows to ask of 5, 1 equal to another, 1 invalid", plan.Out, StringComparison.Ordinal);
        Assert.Contains("in 1 batch", plan.Out, StringComparison.Ordinal);
        Assert.Contains("NO_SUCH_KEY is not set", plan.Out, StringComparison.Ordinal);
        Assert.Contains("Nothing is measured of openai-compatible/pretend", plan.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_counts_what_is_known_and_says_when_there_is_nothing_to_ask()
    {
        await using var folder = await CliFolder.CreateAsync();
        await folder.RunAsync("run", "job.yaml", "--limit", "2");
        Assert.Equal(1, Int((await folder.RunAsync("plan", "job.yaml", "--json")).Json, "rows_to_ask"));
        await folder.RunAsync("run", "job.yaml");
        var sent = folder.Server.Stats.Requests;

        Assert.Contains("There is nothing to ask.", (await folder.RunAsync("plan", "job.yaml")).Out, StringComparison.Ordinal);
        var plan = (await folder.RunAsync("plan", "job.yaml", "--json")).Json;
        Assert.Equal((0, 4, 0), (Int(plan, "rows_to_ask"), Int(plan, "from_cache"), Int(plan.GetProperty("job"), "calls")));
        Assert.Equal(3, Int((await folder.RunAsync("plan", "job.yaml", "--json", "--fresh")).Json, "rows_to_ask"));
        Assert.Equal(sent, folder.Server.Stats.Requests);
    }

    [Theory]
    [InlineData("--model: The job has no model 'x/y'", "--model", "x/y")]
    [InlineData("--limit: -1 is negative", "--limit", "-1")]
    [InlineData("--offset: -2 is negative", "--offset", "-2")]
    public async Task A_wrong_option_is_named(string expected, params string[] options)
    {
        await using var folder = await CliFolder.CreateAsync();
        var plan = await folder.RunAsync(["plan", "job.yaml", .. options]);

        Assert.Equal(2, plan.Exit);
        Assert.Contains(expected, plan.Error, StringComparison.Ordinal);
    }

    private static int Int(JsonElement json, string key) => json.GetProperty(key).GetInt32();
}
