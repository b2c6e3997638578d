using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator;

namespace Rowmill.Tests.Simulator;

public sealed class GeminiBatchTests
{
    private const string Model = "/v1beta/models/g:batchGenerateContent";

    private static SimulatorOptions Options(params string[] faults) => BatchHarness.Options(faults) with { Dialect = SimulatorDialect.Gemini };

    private static string Request(string title) =>
        $$"""{"contents":[{"role":"user","parts":[{"text":{{SimulatorHarness.Ask(title)}} }]}],"systemInstruction":{"parts":[{"text":"Answer as JSON."}]} }""";

    private static string Lines(int count) =>
        string.Concat(Enumerable.Range(0, count).Select(i => $$"""{"key":"r-{{i}}","request":{{Request($"Song {i}")}}}""" + "\n"));

    private static async Task<(HttpStatusCode Status, string Text, HttpResponseMessage Response)> UploadAsync(
        SimulatorHarness simulator, string address, string command, string? bytes = null, long? offset = null, params (string, string)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(simulator.Server.BaseAddress, address));
        if (bytes is not null) request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(bytes));
        request.Headers.Add("X-Goog-Upload-Command", command);
        if (offset is { } at) request.Headers.Add("X-Goog-Upload-Offset", $"{at}");
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        var response = await simulator.Http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    private static async Task<string> BeginAsync(SimulatorHarness simulator, int length, string type = "application/jsonl")
    {
        var (status, _, response) = await UploadAsync(
            simulator, "/upload/v1beta/files", "start", """{"file":{"displayName":"rows"}}""", null,
            ("X-Goog-Upload-Protocol", "resumable"), ("X-Goog-Upload-Header-Content-Length", $"{length}"), ("X-Goog-Upload-Header-Content-Type", type));
        Assert.Equal((HttpStatusCode.OK, "active"), (status, Assert.Single(response.Headers.GetValues("x-goog-upload-status"))));
        return Assert.Single(response.Headers.GetValues("x-goog-upload-url"));
    }

    private static async Task<string> FileAsync(SimulatorHarness simulator, string text, string type = "application/jsonl")
    {
        var address = await BeginAsync(simulator, text.Length, type);
        var (_, made, _) = await UploadAsync(simulator, address, "upload, finalize", text, 0);
        return JsonElement.Parse(made).GetProperty("file").GetProperty("name").GetString()!;
    }

    private static Task<Reply> CreateAsync(SimulatorHarness simulator, string file, string name = "run-1") =>
        simulator.PostAsync(Model, $$$"""{"batch":{"displayName":"{{{name}}}","inputConfig":{"fileName":"{{{file}}}"},"priority":"0"}}""");

    private static async Task<string> StartAsync(SimulatorHarness simulator, string text)
    {
        var made = await CreateAsync(simulator, await FileAsync(simulator, text));
        Assert.Equal(200, made.Status);
        return made.Text("name")!;
    }

    private static string State(Reply reply) => reply.Json.GetProperty("metadata").GetProperty("state").GetString()!;

    private static string Stats(Reply reply) => reply.Json.GetProperty("metadata").GetProperty("batchStats").GetRawText();

    private static async Task<JsonElement[]> ResultsAsync(SimulatorHarness simulator, Reply batch)
    {
        var file = batch.Json.GetProperty("response").GetProperty("responsesFile").GetString();
        return [.. BatchHarness.JsonLines((await simulator.GetAsync($"/download/v1beta/{file}:download?alt=media")).Text)];
    }

    [Fact]
    public async Task A_file_comes_in_parts_and_is_gone_after_two_days()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var address = await BeginAsync(simulator, 8);
        Assert.StartsWith(simulator.Server.BaseAddress.ToString(), address, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await UploadAsync(simulator, address, "upload", "abcd", 0)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await UploadAsync(simulator, address, "upload", "abcd", 0)).Status);
        var query = await UploadAsync(simulator, address, "query");
        Assert.Equal(("4", "active"), (Assert.Single(query.Response.Headers.GetValues("x-goog-upload-size-received")), Assert.Single(query.Response.Headers.GetValues("x-goog-upload-status"))));
        Assert.Equal(HttpStatusCode.BadRequest, (await UploadAsync(simulator, address, "finalize")).Status);
        var last = await UploadAsync(simulator, address, "upload, finalize", "efgh", 4);
        Assert.Equal("final", Assert.Single(last.Response.Headers.GetValues("x-goog-upload-status")));

        var file = JsonElement.Parse(last.Text).GetProperty("file");
        var hash = Convert.ToBase64String(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData("abcdefgh"u8))));
        Assert.Equal(("8", "rows", "ACTIVE", "UPLOADED", hash), (file.GetProperty("sizeBytes").GetString(), file.GetProperty("displayName").GetString(),
            file.GetProperty("state").GetString(), file.GetProperty("source").GetString(), file.GetProperty("sha256Hash").GetString()));
        var name = file.GetProperty("name").GetString();
        Assert.Equal(file.GetRawText(), (await simulator.GetAsync($"/v1beta/{name}")).Text);
        Assert.Equal(1, (await simulator.GetAsync("/v1beta/files?pageSize=1")).Json.GetProperty("files").GetArrayLength());
        Assert.Equal(400, (await simulator.GetAsync($"/download/v1beta/{name}:download?alt=media")).Status);
        simulator.Clock.Advance(TimeSpan.FromHours(48));
        Assert.Equal(403, (await simulator.GetAsync($"/v1beta/{name}")).Status);
        Assert.Equal("{}", (await simulator.GetAsync("/v1beta/files")).Text);
    }

    [Fact]
    public async Task An_upload_that_broke_off_goes_on_where_it_did()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("broken-upload:1", "lost-upload:1"));
        var text = Lines(3000);
        var address = await BeginAsync(simulator, text.Length);
        await Assert.ThrowsAsync<HttpRequestException>(() => UploadAsync(simulator, address, "upload, finalize", text, 0));
        var query = await UploadAsync(simulator, address, "query");
        var received = int.Parse(Assert.Single(query.Response.Headers.GetValues("x-goog-upload-size-received")));
        Assert.Equal(text.Length / 2, received);
        await Assert.ThrowsAsync<HttpRequestException>(() => UploadAsync(simulator, address, "upload, finalize", text[received..], received));
        query = await UploadAsync(simulator, address, "query");
        Assert.Equal("final", Assert.Single(query.Response.Headers.GetValues("x-goog-upload-status")));
        var file = (await simulator.GetAsync("/v1beta/files")).Json.GetProperty("files")[0];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), Encoding.ASCII.GetString(file.GetProperty("sha256Hash").GetBytesFromBase64()));
    }

    [Fact]
    public async Task An_upload_may_be_sent_to_another_name_of_the_server()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("other-host"));
        Assert.Equal("localhost", new Uri(await BeginAsync(simulator, 1)).Host);
    }

    [Fact]
    public async Task The_address_of_an_upload_needs_no_key()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options() with { ApiKey = "k" });
        Assert.Equal(403, (await simulator.PostAsync("/upload/v1beta/files", "{}")).Status);
        simulator.Http.DefaultRequestHeaders.Add("x-goog-api-key", "k");
        var address = await BeginAsync(simulator, 1);
        simulator.Http.DefaultRequestHeaders.Remove("x-goog-api-key");
        Assert.Equal(HttpStatusCode.OK, (await UploadAsync(simulator, address, "upload, finalize", "x", 0)).Status);
        Assert.Equal(1, (await simulator.GetAsync("/v1beta/files", "x-goog-api-key: k")).Json.GetProperty("files").GetArrayLength());
    }

    [Fact]
    public async Task A_batch_is_an_operation_whose_zeros_are_absent()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var id = await StartAsync(simulator, Lines(10));
        var batch = await simulator.GetAsync($"/v1beta/{id}");
        Assert.Equal(("BATCH_STATE_PENDING", """{"requestCount":"10","pendingRequestCount":"10"}""", false), (State(batch), Stats(batch), batch.Json.TryGetProperty("done", out _)));
        simulator.Clock.Advance(BatchHarness.Takes / 2);
        batch = await simulator.GetAsync($"/v1beta/{id}");
        Assert.Equal(("BATCH_STATE_RUNNING", """{"requestCount":"10","successfulRequestCount":"5","pendingRequestCount":"5"}"""), (State(batch), Stats(batch)));
        simulator.Clock.Advance(BatchHarness.Takes / 2);
        batch = await simulator.GetAsync($"/v1beta/{id}");
        Assert.Equal(("BATCH_STATE_SUCCEEDED", """{"requestCount":"10","successfulRequestCount":"10"}""", "true"), (State(batch), Stats(batch), batch.Raw("done")));
        Assert.Equal(("models/g", "run-1", "2026-03-01T12:01:40.000000000Z"), (batch.Json.GetProperty("metadata").GetProperty("model").GetString(),
            batch.Json.GetProperty("metadata").GetProperty("displayName").GetString(), batch.Json.GetProperty("metadata").GetProperty("endTime").GetString()));

        var lines = await ResultsAsync(simulator, batch);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"r-{i}"), BatchHarness.Ids(lines, "key").Order(StringComparer.Ordinal));
        Assert.NotEqual(Enumerable.Range(0, 10).Select(i => $"r-{i}"), BatchHarness.Ids(lines, "key"));
        Assert.All(lines, l => Assert.Equal("STOP", l.GetProperty("response").GetProperty("candidates")[0].GetProperty("finishReason").GetString()));
        Assert.Equal((10L, "run-1"), (simulator.Server.Stats.BatchLinesBilled, simulator.Server.Stats.Batches[0].Name));
    }

    [Fact]
    public async Task Requests_may_come_with_the_batch_and_their_answers_in_their_order()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var requests = string.Join(",", Enumerable.Range(0, 5).Select(i => $$"""{"request":{{Request($"Song {i}")}},"metadata":{"key":"r-{{i}}"} }"""));
        var made = await simulator.PostAsync(Model, $$"""{"batch":{"display_name":"inline","input_config":{"requests":{"requests":[{{requests}},{"request":{"contents":[]},"metadata":{"key":"bad"} }]} } } }""");
        simulator.Clock.Advance(TimeSpan.FromHours(72));
        var batch = await simulator.GetAsync($"/v1beta/{made.Text("name")}");
        var lines = batch.Json.GetProperty("response").GetProperty("inlinedResponses").GetProperty("inlinedResponses").EnumerateArray().ToArray();
        Assert.Equal(["r-0", "r-1", "r-2", "r-3", "r-4", "bad"], lines.Select(l => l.GetProperty("metadata").GetProperty("key").GetString()));
        Assert.Equal((3, """{"requestCount":"6","successfulRequestCount":"5","failedRequestCount":"1"}"""), (lines[5].GetProperty("error").GetProperty("code").GetInt32(), Stats(batch)));
        Assert.Equal("{}", (await simulator.GetAsync("/v1beta/files")).Text);
    }

    [Theory]
    [InlineData("""{"batch":{"inputConfig":{"fileName":"FILE"}}}""", 400)]
    [InlineData("""{"batch":{"displayName":"x"}}""", 400)]
    [InlineData("""{"batch":{"displayName":"x","inputConfig":{"fileName":"FILE","requests":{}}}}""", 400)]
    [InlineData("""{"batch":{"displayName":"x","inputConfig":{"fileName":"FILE"},"config":{}}}""", 400)]
    [InlineData("""{"batch":{"displayName":"x","inputConfig":{"fileName":"files/none"}}}""", 403)]
    [InlineData("""{"batch":{"displayName":"x","inputConfig":{"fileName":"FILE"}}}""", 400, "application/x-ndjson")]
    public async Task A_wrong_request_for_a_batch_is_refused(string body, int status, string type = "application/jsonl")
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var file = await FileAsync(simulator, Lines(1), type);
        Assert.Equal(status, (await simulator.PostAsync(Model, body.Replace("FILE", file, StringComparison.Ordinal))).Status);
        Assert.Empty(simulator.Server.Stats.Batches);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\n")]
    [InlineData("""{"key":"a"}""")]
    [InlineData("""{"key":"a","request":{},"config":{}}""")]
    public async Task A_file_that_is_wrong_fails_the_batch(string text)
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var id = await StartAsync(simulator, text);
        simulator.Clock.Advance(BatchHarness.Takes);
        var batch = await simulator.GetAsync($"/v1beta/{id}");
        Assert.Equal(("BATCH_STATE_FAILED", 3, "true"), (State(batch), batch.Json.GetProperty("error").GetProperty("code").GetInt32(), batch.Raw("done")));
    }

    [Theory]
    [InlineData("expired=0.5", "BATCH_STATE_EXPIRED", 4)]
    [InlineData("expired-empty", "BATCH_STATE_EXPIRED", 4)]
    [InlineData("failed", "BATCH_STATE_FAILED", 13)]
    public async Task What_expires_or_fails_has_no_results_and_costs_nothing(string fault, string state, int code)
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options(fault));
        var id = await StartAsync(simulator, Lines(10));
        simulator.Clock.Advance(BatchHarness.Takes);
        await simulator.GetAsync($"/v1beta/{id}");
        simulator.Clock.Advance(TimeSpan.FromHours(48));
        var batch = await simulator.GetAsync($"/v1beta/{id}");
        Assert.Equal((state, code), (State(batch), batch.Json.GetProperty("error").GetProperty("code").GetInt32()));
        Assert.False(batch.Json.TryGetProperty("response", out _) || batch.Json.GetProperty("metadata").TryGetProperty("output", out _));
        Assert.Equal(0, simulator.Server.Stats.BatchLinesBilled);
    }

    [Fact]
    public async Task A_cancelled_batch_tells_what_was_done_in_its_metadata()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var id = await StartAsync(simulator, Lines(10));
        simulator.Clock.Advance(BatchHarness.Takes / 2);
        Assert.Equal("{}", (await simulator.PostAsync($"/v1beta/{id}:cancel", "")).Text.Trim());
        simulator.Clock.Advance(BatchHarness.Takes);
        var batch = await simulator.GetAsync($"/v1beta/{id}");
        Assert.Equal(("BATCH_STATE_CANCELLED", 1, false), (State(batch), batch.Json.GetProperty("error").GetProperty("code").GetInt32(), batch.Json.TryGetProperty("response", out _)));
        var file = batch.Json.GetProperty("metadata").GetProperty("output").GetProperty("responsesFile").GetString();
        var lines = BatchHarness.JsonLines((await simulator.GetAsync($"/download/v1beta/{file}:download?alt=media")).Text).ToArray();
        Assert.Equal((5, 5), (lines.Count(l => l.TryGetProperty("response", out _)), lines.Count(l => l.TryGetProperty("error", out var e) && e.GetProperty("code").GetInt32() == 1)));
    }

    [Fact]
    public async Task States_and_counts_may_be_told_otherwise()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("job-state", "no-counters", "no-output", "unknown-state:2"));
        var id = await StartAsync(simulator, Lines(2));
        var batch = await simulator.GetAsync($"/v1beta/{id}");
        Assert.Equal(("JOB_STATE_PENDING", false), (State(batch), batch.Json.GetProperty("metadata").TryGetProperty("batchStats", out _)));
        Assert.Equal("JOB_STATE_RESCHEDULING", State(await simulator.GetAsync($"/v1beta/{await StartAsync(simulator, Lines(2))}")));
        simulator.Clock.Advance(BatchHarness.Takes);
        batch = await simulator.GetAsync($"/v1beta/{id}");
        Assert.Equal(("JOB_STATE_SUCCEEDED", false), (State(batch), batch.Json.GetProperty("response").TryGetProperty("responsesFile", out _)));
    }

    [Fact]
    public async Task Batches_are_listed_by_pages_and_deleted()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var file = await FileAsync(simulator, Lines(1));
        var ids = new List<string>();
        for (var i = 0; i < 3; i++) ids.Insert(0, (await CreateAsync(simulator, file, $"run-{i}")).Text("name")!);
        var page = await simulator.GetAsync("/v1beta/batches?pageSize=2");
        Assert.Equal(ids[..2], BatchHarness.Ids(page.Json.GetProperty("operations").EnumerateArray(), "name"));
        page = await simulator.GetAsync($"/v1beta/batches?pageSize=2&pageToken={page.Text("nextPageToken")}");
        Assert.Equal((1, false), (page.Json.GetProperty("operations").GetArrayLength(), page.Json.TryGetProperty("nextPageToken", out _)));
        using var delete = new HttpRequestMessage(HttpMethod.Delete, new Uri(simulator.Server.BaseAddress, $"/v1beta/{ids[0]}"));
        Assert.Equal("{}", (await simulator.SendAsync(delete)).Text.Trim());
        Assert.Equal(404, (await simulator.GetAsync($"/v1beta/{ids[0]}")).Status);
        Assert.Equal(2, (await simulator.GetAsync("/v1beta/batches")).Json.GetProperty("operations").GetArrayLength());
        Assert.Equal(3, simulator.Server.Stats.Batches.Count);
    }

    [Fact]
    public async Task Too_many_tokens_in_the_queue_are_refused_at_once()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("enqueued:2"));
        var file = await FileAsync(simulator, Lines(1));
        Assert.Equal(200, (await CreateAsync(simulator, file)).Status);
        var refused = await CreateAsync(simulator, file);
        Assert.Equal((429, "RESOURCE_EXHAUSTED"), (refused.Status, refused.ErrorField("status")));
        Assert.Equal(200, (await CreateAsync(simulator, file)).Status);
    }
}
