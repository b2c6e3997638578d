using System.Text.Json;
using Rowmill.Simulator;

namespace Rowmill.Tests.Simulator;

public sealed class AnthropicBatchTests
{
    private const string Version = "anthropic-version: 2023-06-01";

    private static SimulatorOptions Options(params string[] faults) => BatchHarness.Options(faults) with { Dialect = SimulatorDialect.Anthropic };

    private static string Request(string id, string title, string more = "") =>
        $$"""{"custom_id":"{{id}}","params":{"model":"c","max_tokens":1000,"messages":[{"role":"user","content":{{SimulatorHarness.Ask(title)}} }]{{more}} } }""";

    private static string Requests(int count) => string.Join(",\n", Enumerable.Range(0, count).Select(i => Request($"r-{i}", $"Song {i}")));

    private static Task<Reply> CreateAsync(SimulatorHarness simulator, string requests) =>
        simulator.PostAsync("/v1/messages/batches", $$"""{"requests":[{{requests}}]}""", Version);

    private static async Task<string> StartAsync(SimulatorHarness simulator, string requests)
    {
        var made = await CreateAsync(simulator, requests);
        Assert.Equal(200, made.Status);
        return made.Id();
    }

    private static Task<Reply> GetAsync(SimulatorHarness simulator, string path) => simulator.GetAsync($"/v1/messages/batches{path}", Version);

    private static async Task<JsonElement[]> ResultsAsync(SimulatorHarness simulator, Reply batch) =>
        [.. BatchHarness.JsonLines((await simulator.GetAsync(batch.Text("results_url")!, Version)).Text)];

    private static string Type(JsonElement line) => line.GetProperty("result").GetProperty("type").GetString()!;

    [Fact]
    public async Task Everything_is_being_processed_until_the_whole_has_ended()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var id = await StartAsync(simulator, Requests(10));
        Assert.StartsWith("msgbatch_", id, StringComparison.Ordinal);
        simulator.Clock.Advance(BatchHarness.Takes / 2);
        var batch = await GetAsync(simulator, $"/{id}");
        Assert.Equal("in_progress", batch.Text("processing_status"));
        Assert.Equal("""{"processing":10,"succeeded":0,"errored":0,"canceled":0,"expired":0}""", batch.Raw("request_counts"));
        Assert.Equal(("null", "null", "2026-03-02T12:00:00.000000Z"), (batch.Raw("results_url"), batch.Raw("ended_at"), batch.Text("expires_at")));
        Assert.Equal(404, (await GetAsync(simulator, $"/{id}/results")).Status);

        simulator.Clock.Advance(BatchHarness.Takes / 2);
        batch = await GetAsync(simulator, $"/{id}");
        Assert.Equal(("ended", "2026-03-01T12:01:40.000000Z"), (batch.Text("processing_status"), batch.Text("ended_at")));
        Assert.Equal("""{"processing":0,"succeeded":10,"errored":0,"canceled":0,"expired":0}""", batch.Raw("request_counts"));
        var lines = await ResultsAsync(simulator, batch);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"r-{i}"), BatchHarness.Ids(lines).Order(StringComparer.Ordinal));
        Assert.NotEqual(Enumerable.Range(0, 10).Select(i => $"r-{i}"), BatchHarness.Ids(lines));
        var message = lines[0].GetProperty("result").GetProperty("message");
        Assert.Equal(("message", "batch"), (message.GetProperty("type").GetString(), message.GetProperty("usage").GetProperty("service_tier").GetString()));

        var told = simulator.Server.Stats.Batches[0];
        Assert.Equal((null, "r-0", "c", 10L), (told.Name, told.FirstLine, told.Model, simulator.Server.Stats.BatchLinesBilled));
        simulator.Clock.Advance(TimeSpan.FromDays(29));
        batch = await GetAsync(simulator, $"/{id}");
        Assert.Equal(("null", "2026-03-30T12:00:00.000000Z"), (batch.Raw("results_url"), batch.Text("archived_at")));
        Assert.Equal(404, (await GetAsync(simulator, $"/{id}/results")).Status);
    }

    [Fact]
    public async Task What_a_request_holds_is_looked_at_when_its_turn_comes()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var id = await StartAsync(simulator, string.Join(',', Request("good", "Song"), Request("streams", "Song", ""","stream":true"""), Request("fast", "Song", ",\"speed\":\"fast\"")));
        simulator.Clock.Advance(BatchHarness.Takes);
        var lines = await ResultsAsync(simulator, await GetAsync(simulator, $"/{id}"));
        Assert.Equal(["errored", "succeeded", "errored"], lines.OrderBy(l => l.GetProperty("custom_id").GetString(), StringComparer.Ordinal).Select(Type));
        var error = lines.First(l => Type(l) == "errored").GetProperty("result").GetProperty("error");
        Assert.Equal(("error", "invalid_request_error"), (error.GetProperty("type").GetString(), error.GetProperty("error").GetProperty("type").GetString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"custom_id":"a b","params":{}}""")]
    [InlineData("""{"custom_id":"","params":{}}""")]
    [InlineData("""{"custom_id":"a"}""")]
    [InlineData("""{"custom_id":"a","params":{}},{"custom_id":"a","params":{}}""")]
    [InlineData("""{"custom_id":"a","params":{},"name":"x"}""")]
    public async Task A_wrong_batch_is_refused(string requests)
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        Assert.Equal(400, (await CreateAsync(simulator, requests)).Status);
        Assert.Equal(400, (await CreateAsync(simulator, $$$"""{"custom_id":"{{{new string('x', 65)}}}","params":{}}""")).Status);
        Assert.Equal(400, (await simulator.PostAsync("/v1/messages/batches", """{"requests":[],"metadata":{}}""", Version)).Status);
        Assert.Empty(simulator.Server.Stats.Batches);
    }

    [Fact]
    public async Task A_batch_that_is_too_large_is_refused()
    {
        var options = Options() with { Batches = new SimulatorBatchOptions { MaxLines = 2, MaxBytes = 1000 } };
        await using var simulator = await SimulatorHarness.StartAsync(options);
        Assert.Equal(200, (await CreateAsync(simulator, Requests(2))).Status);
        Assert.Equal(400, (await CreateAsync(simulator, Requests(3))).Status);
        Assert.Equal((413, "request_too_large"), ((await CreateAsync(simulator, Requests(10))) is var reply ? reply.Status : 0, reply.ErrorField("type")));
    }

    [Fact]
    public async Task What_was_cancelled_or_expired_is_told_line_by_line()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("expired=0.3:2", "failed:3"));
        var cancelled = await StartAsync(simulator, Requests(10));
        var expired = await StartAsync(simulator, Requests(10));
        var failed = await StartAsync(simulator, Requests(10));
        simulator.Clock.Advance(BatchHarness.Takes / 2);
        var deleted = new HttpRequestMessage(HttpMethod.Delete, new Uri(simulator.Server.BaseAddress, $"/v1/messages/batches/{cancelled}"));
        deleted.Headers.Add("anthropic-version", "2023-06-01");
        Assert.Equal(400, (await simulator.SendAsync(deleted)).Status);
        Assert.Equal("canceling", (await simulator.PostAsync($"/v1/messages/batches/{cancelled}/cancel", "", Version)).Text("processing_status"));
        simulator.Clock.Advance(TimeSpan.FromHours(24));

        var batch = await GetAsync(simulator, $"/{cancelled}");
        Assert.Equal("""{"processing":0,"succeeded":5,"errored":0,"canceled":5,"expired":0}""", batch.Raw("request_counts"));
        Assert.Equal(5, (await ResultsAsync(simulator, batch)).Count(l => Type(l) == "canceled"));
        Assert.Equal(400, (await simulator.PostAsync($"/v1/messages/batches/{cancelled}/cancel", "", Version)).Status);
        batch = await GetAsync(simulator, $"/{expired}");
        Assert.Equal("""{"processing":0,"succeeded":3,"errored":0,"canceled":0,"expired":7}""", batch.Raw("request_counts"));
        Assert.Equal(7, (await ResultsAsync(simulator, batch)).Count(l => Type(l) == "expired"));
        Assert.Equal("""{"processing":0,"succeeded":0,"errored":10,"canceled":0,"expired":0}""", (await GetAsync(simulator, $"/{failed}")).Raw("request_counts"));

        deleted = new HttpRequestMessage(HttpMethod.Delete, new Uri(simulator.Server.BaseAddress, $"/v1/messages/batches/{cancelled}"));
        deleted.Headers.Add("anthropic-version", "2023-06-01");
        Assert.Equal($$"""{"id":"{{cancelled}}","type":"message_batch_deleted"}""", (await simulator.SendAsync(deleted)).Text);
        Assert.Equal(404, (await GetAsync(simulator, $"/{cancelled}")).Status);
    }

    [Fact]
    public async Task Batches_are_listed_before_and_after_an_id()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("lost-create:4"));
        var ids = new List<string>();
        for (var i = 0; i < 3; i++) ids.Insert(0, await StartAsync(simulator, Requests(1)));
        await Assert.ThrowsAsync<HttpRequestException>(() => CreateAsync(simulator, Requests(1)));
        var page = await GetAsync(simulator, "?limit=2");
        Assert.Equal((ids[0], "true"), (page.Text("last_id"), page.Raw("has_more")));
        ids.Insert(0, page.Text("first_id")!);
        page = await GetAsync(simulator, $"?limit=2&after_id={ids[1]}");
        Assert.Equal((ids[2], ids[3], "false"), (page.Text("first_id"), page.Text("last_id"), page.Raw("has_more")));
        page = await GetAsync(simulator, $"?limit=2&before_id={ids[3]}");
        Assert.Equal((ids[1], ids[2], "true"), (page.Text("first_id"), page.Text("last_id"), page.Raw("has_more")));
        Assert.Equal(400, (await GetAsync(simulator, "?limit=1001")).Status);
        Assert.Equal(400, (await GetAsync(simulator, "?after_id=none")).Status);
    }
}
