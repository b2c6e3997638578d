using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.BatchHarness;

namespace Rowmill.Tests.Simulator;

public sealed class BatchTests
{
    [Fact]
    public async Task A_file_is_uploaded_told_listed_read_and_deleted()
    {
        await using var simulator = await SimulatorHarness.StartAsync();
        var file = await simulator.UploadAsync("one\n");
        Assert.Equal("""{"id":"file-00000001","object":"file","bytes":4,"created_at":1772366400,"expires_at":1774958400,"filename":"rows.jsonl","purpose":"batch","status":"processed"}""", file.Text);
        var other = (await simulator.UploadAsync("two\n", "b.jsonl")).Id();
        Assert.Equal(file.Text, (await simulator.GetAsync($"/v1/files/{file.Id()}")).Text);
        Assert.Equal("one\n", (await simulator.GetAsync($"/v1/files/{file.Id()}/content")).Text);

        var list = await simulator.GetAsync("/v1/files?purpose=batch");
        Assert.Equal([other, file.Id()], Ids(list.Json.GetProperty("data").EnumerateArray(), "id"));
        var page = await simulator.GetAsync("/v1/files?limit=1&order=asc");
        Assert.Equal((file.Id(), "true"), (page.Text("last_id"), page.Raw("has_more")));
        Assert.Equal(other, (await simulator.GetAsync($"/v1/files?limit=1&order=asc&after={file.Id()}")).Text("first_id"));
        Assert.Equal(0, (await simulator.GetAsync("/v1/files?purpose=batch_output")).Json.GetProperty("data").GetArrayLength());
        Assert.Equal(404, (await simulator.GetAsync($"/v1/files/{file.Id()}", "Authorization: Bearer somebody")).Status);

        using var delete = new HttpRequestMessage(HttpMethod.Delete, $"{simulator.Server.BaseAddress}/files/{file.Id()}");
        Assert.Equal($$"""{"id":"{{file.Id()}}","object":"file","deleted":true}""", (await simulator.SendAsync(delete)).Text);
        Assert.Equal(404, (await simulator.GetAsync($"/v1/files/{file.Id()}")).Status);
        simulator.Server.Advance(TimeSpan.FromDays(30));
        Assert.Equal(404, (await simulator.GetAsync($"/v1/files/{other}")).Status);
    }

    [Theory]
    [InlineData("rows.jsonl", "fine", 400, "purpose")]
    [InlineData("rows.jsonl", "vision", 400, "purpose")]
    [InlineData("rows.csv", "batch", 400, "file")]
    public async Task A_file_that_no_batch_can_have_is_refused(string name, string purpose, int status, string param)
    {
        await using var simulator = await SimulatorHarness.StartAsync();
        var reply = await simulator.UploadAsync("x", name, purpose);
        Assert.Equal((status, param), (reply.Status, reply.ErrorField("param")));
    }

    [Fact]
    public async Task A_file_larger_than_the_limit_is_refused()
    {
        await using var simulator = await SimulatorHarness.StartAsync(new SimulatorOptions { Batches = new SimulatorBatchOptions { MaxBytes = 10 } });
        Assert.Equal(200, (await simulator.UploadAsync(new string('x', 10))).Status);
        Assert.Equal(413, (await simulator.UploadAsync(new string('x', 11))).Status);
    }

    [Theory]
    [InlineData("""{"endpoint":"/v1/chat/completions","completion_window":"24h"}""", "input_file_id")]
    [InlineData("""{"input_file_id":"FILE","endpoint":"/v1/chats","completion_window":"24h"}""", "endpoint")]
    [InlineData("""{"input_file_id":"FILE","endpoint":"/v1/embeddings","completion_window":"24h"}""", "endpoint")]
    [InlineData("""{"input_file_id":"FILE","endpoint":"/v1/chat/completions","completion_window":"48h"}""", "completion_window")]
    [InlineData("""{"input_file_id":"FILE","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"a":1}}""", "metadata.a")]
    [InlineData("""{"input_file_id":"FILE","endpoint":"/v1/chat/completions","completion_window":"24h","name":"x"}""", null)]
    [InlineData("""{"input_file_id":"file-9","endpoint":"/v1/chat/completions","completion_window":"24h"}""", "input_file_id")]
    [InlineData("""{"input_file_id":"FILE","endpoint":"/v1/chat/completions","completion_window":"24h","output_expires_after":{"anchor":"created_at","seconds":1}}""", "output_expires_after.seconds")]
    public async Task A_wrong_request_for_a_batch_is_refused(string body, string? param)
    {
        await using var simulator = await SimulatorHarness.StartAsync();
        var file = (await simulator.UploadAsync(Lines(1))).Id();
        var reply = await simulator.PostAsync("/v1/batches", body.Replace("FILE", file, StringComparison.Ordinal));
        Assert.Equal((400, param), (reply.Status, reply.ErrorField("param")));
        Assert.Empty(simulator.Server.Stats.Batches);
        var many = string.Join(",", Enumerable.Range(0, 17).Select(i => $"\"k{i}\":\"v\""));
        Assert.Equal("metadata", (await simulator.CreateAsync(file, $$""","metadata":{{{many}}}""")).ErrorField("param"));
    }

    [Fact]
    public async Task A_batch_goes_its_way_by_the_clock_and_its_results_join_by_id()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var id = await simulator.StartAsync(Lines(20), ""","metadata":{"rowmill":"songs-1"}""");
        var batch = await simulator.BatchAsync(id);
        Assert.Equal(("validating", "null", "null"), (batch.Text("status"), batch.Raw("in_progress_at"), batch.Raw("output_file_id")));
        Assert.Equal("""{"total":0,"completed":0,"failed":0}""", batch.Raw("request_counts"));
        Assert.Equal("""{"rowmill":"songs-1"}""", batch.Raw("metadata"));
        Assert.Equal(86400, batch.Json.GetProperty("expires_at").GetInt64() - batch.Json.GetProperty("created_at").GetInt64());

        simulator.Clock.Advance(TimeSpan.FromSeconds(50));
        batch = await simulator.BatchAsync(id);
        Assert.Equal(("in_progress", """{"total":20,"completed":10,"failed":0}"""), (batch.Text("status"), batch.Raw("request_counts")));
        simulator.Clock.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal("finalizing", (await simulator.BatchAsync(id)).Text("status"));
        simulator.Clock.Advance(TimeSpan.FromSeconds(10));
        batch = await simulator.BatchAsync(id);
        Assert.Equal(("completed", "m", "null", "null"), (batch.Text("status"), batch.Text("model"), batch.Raw("error_file_id"), batch.Raw("errors")));

        var lines = await simulator.ResultsAsync(batch);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"r-{i}").Order(StringComparer.Ordinal), Ids(lines).Order(StringComparer.Ordinal));
        Assert.NotEqual(Enumerable.Range(0, 20).Select(i => $"r-{i}"), Ids(lines));
        Assert.All(lines, line => Assert.Equal(200, line.GetProperty("response").GetProperty("status_code").GetInt32()));

        // The answer is that of an online request.
        var online = await simulator.AskAsync(SimulatorHarness.Body(["Song 7"]));
        var seventh = lines.Single(l => l.GetProperty("custom_id").GetString() == "r-7").GetProperty("response").GetProperty("body");
        Assert.Equal(online.Content, seventh.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(lines.Sum(l => l.GetProperty("response").GetProperty("body").GetProperty("usage").GetProperty("total_tokens").GetInt32()),
            batch.Json.GetProperty("usage").GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public async Task Lines_are_billed_once_however_often_they_are_looked_at()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var id = await simulator.StartAsync(Lines(5));
        simulator.Clock.Advance(Takes);
        var batch = await simulator.BatchAsync(id);
        for (var i = 0; i < 3; i++) await simulator.ResultsAsync(await simulator.BatchAsync(id));
        var stats = simulator.Server.Stats;
        Assert.Equal((5L, 0L, 0L), (stats.BatchLinesBilled, stats.BatchLinesBilledTwice, stats.BatchRowsBilledTwice));
        Assert.Equal((5L, 5L, 5L), (stats.Billed, stats.RowsBilled, stats.DistinctRows));
        Assert.Equal(1, simulator.Server.TimesLineBilled("r-3"));
        Assert.Equal(batch.Json.GetProperty("usage").GetProperty("total_tokens").GetInt64(), Assert.Single(stats.Batches).Tokens);
    }

    [Fact]
    public async Task A_row_paid_for_twice_is_seen()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("missing-lines=0.2:1"));
        var first = await simulator.StartAsync(Lines(5), ""","metadata":{"rowmill":"a"}""");
        simulator.Clock.Advance(Takes);
        Assert.Equal(4, (await simulator.ResultsAsync(await simulator.BatchAsync(first))).Length);
        await simulator.StartAsync(Lines(5), ""","metadata":{"rowmill":"a"}""");
        simulator.Clock.Advance(Takes);

        // The line that was missing may be paid again; the four others may not.
        var stats = simulator.Server.Stats;
        Assert.Equal((10L, 4L, 4L), (stats.BatchLinesBilled, stats.BatchLinesBilledTwice, stats.BatchRowsBilledTwice));
        Assert.Equal(["a", "a"], stats.Batches.Select(b => b.Name));
        Assert.Equal(stats.Batches[0].InputSha256, stats.Batches[1].InputSha256);
        await simulator.AskAsync(SimulatorHarness.Body(["Song 0"]));
        Assert.Equal((4L, 5L), (simulator.Server.Stats.BatchLinesBilledTwice, simulator.Server.Stats.BatchRowsBilledTwice));
    }

    [Theory]
    [InlineData("", "empty_file", null)]
    [InlineData("{\n", "invalid_json_line", 1)]
    [InlineData("GOOD{}\n", "missing_required_parameter", 2)]
    [InlineData("GOODGOOD", "duplicate_custom_id", 2)]
    [InlineData("GOOD{\"custom_id\":\"b\",\"method\":\"GET\",\"url\":\"/v1/chat/completions\",\"body\":{}}\n", "invalid_method", 2)]
    [InlineData("GOOD{\"custom_id\":\"b\",\"method\":\"POST\",\"url\":\"/v1/embeddings\",\"body\":{}}\n", "invalid_url", 2)]
    [InlineData("GOOD{\"custom_id\":\"b\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"other\"}}\n", "mismatched_model", 2)]
    [InlineData("GOOD{\"custom_id\":\"b\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"m\",\"stream\":true}}\n", "unsupported_parameter", 2)]
    public async Task A_file_that_is_wrong_fails_the_batch(string text, string code, int? line)
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var id = await simulator.StartAsync(text.Replace("GOOD", Line("a", "Song") + "\n", StringComparison.Ordinal));
        Assert.Equal("validating", (await simulator.BatchAsync(id)).Text("status"));
        simulator.Clock.Advance(Takes);
        var batch = await simulator.BatchAsync(id);
        var flaw = batch.Json.GetProperty("errors").GetProperty("data")[0];
        Assert.Equal(("failed", code), (batch.Text("status"), flaw.GetProperty("code").GetString()));
        Assert.Equal(line?.ToString() ?? "null", flaw.GetProperty("line").GetRawText());
        Assert.Equal(0, simulator.Server.Stats.BatchLinesBilled);
    }

    [Fact]
    public async Task A_file_of_too_many_lines_fails_the_batch()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options() with { Batches = new SimulatorBatchOptions { Takes = Takes, MaxLines = 3 } });
        var id = await simulator.StartAsync(Lines(4));
        simulator.Clock.Advance(Takes);
        Assert.Equal("failed", (await simulator.BatchAsync(id)).Text("status"));
    }

    [Fact]
    public async Task Requests_that_are_wrong_stand_in_the_error_file()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var id = await simulator.StartAsync(Line("a", "Song 1") + "\n" + Line("b", "Song 2", ""","nonsense":1""") + "\n");
        simulator.Clock.Advance(Takes);
        var batch = await simulator.BatchAsync(id);
        Assert.Equal("""{"total":2,"completed":1,"failed":1}""", batch.Raw("request_counts"));
        Assert.Equal(["a"], Ids(await simulator.ResultsAsync(batch)));
        var error = Assert.Single(await simulator.ResultsAsync(batch, "error_file_id"));
        Assert.Equal(("b", 400), (error.GetProperty("custom_id").GetString(), error.GetProperty("response").GetProperty("status_code").GetInt32()));
        Assert.Equal("null", error.GetProperty("error").GetRawText());

        var all = await simulator.StartAsync(Line("b", "Song 2", ""","nonsense":1""") + "\n");
        simulator.Clock.Advance(Takes);
        batch = await simulator.BatchAsync(all);
        Assert.Equal(("completed", "null"), (batch.Text("status"), batch.Raw("output_file_id")));
    }

    [Fact]
    public async Task Faults_of_replies_hit_lines_too()
    {
        var options = Options() with { Script = [SimulatorFault.Empty, SimulatorFault.Http500] };
        await using var simulator = await SimulatorHarness.StartAsync(options);
        var id = await simulator.StartAsync(Lines(3));
        simulator.Clock.Advance(Takes);
        var batch = await simulator.BatchAsync(id);
        var contents = (await simulator.ResultsAsync(batch)).Select(l => l.GetProperty("response").GetProperty("body").GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Single(contents, "");
        Assert.Equal(500, Assert.Single(await simulator.ResultsAsync(batch, "error_file_id")).GetProperty("response").GetProperty("status_code").GetInt32());
        Assert.Equal(2, simulator.Server.Stats.BatchLinesBilled);
    }

    [Fact]
    public async Task A_batch_that_takes_too_long_expires_with_what_was_done()
    {
        var options = Options() with { Batches = new SimulatorBatchOptions { Takes = Takes, ExpireAfter = TimeSpan.FromSeconds(50) } };
        await using var simulator = await SimulatorHarness.StartAsync(options);
        var id = await simulator.StartAsync(Lines(10));
        simulator.Clock.Advance(Takes);
        var batch = await simulator.BatchAsync(id);
        Assert.Equal("expired", batch.Text("status"));
        Assert.Equal(5, (await simulator.ResultsAsync(batch)).Length);
        var rest = await simulator.ResultsAsync(batch, "error_file_id");
        Assert.Equal(5, rest.Length);
        Assert.All(rest, l => Assert.Equal(("null", "batch_expired"), (l.GetProperty("response").GetRawText(), l.GetProperty("error").GetProperty("code").GetString())));
        Assert.Equal((5L, 5), (simulator.Server.Stats.BatchLinesBilled, simulator.Server.Stats.Batches[0].Expired));
    }

    [Fact]
    public async Task A_batch_needs_its_file_no_longer_once_it_was_made()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var file = (await simulator.UploadAsync(Lines(3))).Id();
        var id = (await simulator.CreateAsync(file)).Id();
        using var delete = new HttpRequestMessage(HttpMethod.Delete, $"{simulator.Server.BaseAddress}/files/{file}");
        Assert.Equal(200, (await simulator.SendAsync(delete)).Status);
        simulator.Clock.Advance(Takes);
        Assert.Equal(3, (await simulator.ResultsAsync(await simulator.BatchAsync(id))).Length);
        Assert.Equal(400, (await simulator.CreateAsync(file)).Status);
    }

    [Fact]
    public async Task Lines_longer_than_any_buffer_are_read_whole()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var id = await simulator.StartAsync(string.Join('\n', Line("a", "Short"), Line("b", new string('x', 3_000_000)), Line("c", "Last")));
        simulator.Clock.Advance(Takes);
        var lines = await simulator.ResultsAsync(await simulator.BatchAsync(id));
        Assert.Equal(["a", "b", "c"], Ids(lines).Order(StringComparer.Ordinal));
        Assert.Equal(3, simulator.Server.Stats.DistinctRows);
    }

    [Fact]
    public async Task Nothing_is_left_on_disk_when_it_ends()
    {
        string? folder;
        await using (var simulator = await SimulatorHarness.StartAsync(Options()))
        {
            var id = await simulator.StartAsync(Lines(3));
            await simulator.StartAsync(Lines(3));
            simulator.Clock.Advance(Takes);
            await simulator.BatchAsync(id);
            folder = simulator.Server.Scratch;
            Assert.True(Directory.Exists(folder));
        }

        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_cancelled_batch_keeps_what_was_done()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var id = await simulator.StartAsync(Lines(10));
        simulator.Clock.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal("cancelling", (await simulator.PostAsync($"/v1/batches/{id}/cancel", "")).Text("status"));
        simulator.Clock.Advance(Takes);
        var batch = await simulator.BatchAsync(id);
        Assert.Equal(("cancelled", "null"), (batch.Text("status"), batch.Raw("error_file_id")));
        Assert.Equal(5, (await simulator.ResultsAsync(batch)).Length);
        var again = await simulator.PostAsync($"/v1/batches/{id}/cancel", "");
        Assert.Equal((409, "Cannot cancel a batch with status 'cancelled'."), (again.Status, again.Message));
    }

    [Fact]
    public async Task Batches_are_listed_by_pages_newest_first_and_to_their_owner_alone()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var ids = new List<string>();
        for (var i = 0; i < 3; i++) ids.Insert(0, await simulator.StartAsync(Lines(1)));
        var page = await simulator.GetAsync("/v1/batches?limit=2");
        Assert.Equal(ids[..2], Ids(page.Json.GetProperty("data").EnumerateArray(), "id"));
        Assert.Equal((ids[1], "true"), (page.Text("last_id"), page.Raw("has_more")));
        page = await simulator.GetAsync($"/v1/batches?limit=2&after={ids[1]}");
        Assert.Equal((ids[2], "false"), (page.Text("first_id"), page.Raw("has_more")));
        Assert.Equal(0, (await simulator.GetAsync("/v1/batches", "Authorization: Bearer somebody")).Json.GetProperty("data").GetArrayLength());
        Assert.Equal(404, (await simulator.GetAsync($"/v1/batches/{ids[0]}", "Authorization: Bearer somebody")).Status);
        Assert.Equal(400, (await simulator.GetAsync("/v1/batches?limit=101")).Status);
        Assert.Equal("No batch found with id 'batch_x'.", (await simulator.GetAsync("/v1/batches/batch_x")).Message);
    }
}
