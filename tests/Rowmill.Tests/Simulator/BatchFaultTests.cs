using System.Text;
using Rowmill.Core;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.BatchHarness;

namespace Rowmill.Tests.Simulator;

public sealed class BatchFaultTests
{
    private static readonly string[] s_all = [.. Enumerable.Range(0, 10).Select(i => $"r-{i}").Order(StringComparer.Ordinal)];

    [Fact]
    public void Every_fault_has_a_name_that_is_read_back()
    {
        Assert.Contains("lost-create", SimulatorBatchOptions.FaultNames);
        Assert.Contains("error-400", SimulatorBatchOptions.FaultNames);
        foreach (var name in SimulatorBatchOptions.FaultNames)
        {
            Assert.Equal(name, SimulatorBatchFaultRule.Parse(name).ToString());
            Assert.Equal($"{name}=0.5:3", SimulatorBatchFaultRule.Parse($"{name.Replace('-', '_')}=0.5:3").ToString());
        }
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("stuck:0")]
    [InlineData("stuck:x")]
    [InlineData("missing-lines=2")]
    [InlineData("missing-lines=-1")]
    public void A_fault_that_cannot_be_read_is_refused(string text) =>
        Assert.Equal("batch_fault", Assert.Single(Assert.Throws<ProblemException>(() => SimulatorBatchFaultRule.Parse(text)).Problems).Key);

    [Fact]
    public async Task A_lost_response_leaves_the_batch_made()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("lost-create:2"));
        var file = (await simulator.UploadAsync(Lines(1))).Id();
        Assert.Equal(200, (await simulator.CreateAsync(file)).Status);
        await Assert.ThrowsAsync<HttpRequestException>(() => simulator.CreateAsync(file, ""","metadata":{"rowmill":"lost"}"""));
        var list = (await simulator.GetAsync("/v1/batches")).Json.GetProperty("data");
        Assert.Equal((2, "lost"), (list.GetArrayLength(), list[0].GetProperty("metadata").GetProperty("rowmill").GetString()));
        Assert.Equal(200, (await simulator.CreateAsync(file)).Status);
    }

    [Fact]
    public async Task A_lost_upload_leaves_the_file_and_a_broken_one_does_not()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("lost-upload:1", "broken-upload:2"));
        await Assert.ThrowsAsync<HttpRequestException>(() => simulator.UploadAsync(Lines(3), "lost.jsonl"));
        await Assert.ThrowsAsync<HttpRequestException>(() => simulator.UploadAsync(Lines(3000), "broken.jsonl"));
        var file = Assert.Single((await simulator.GetAsync("/v1/files")).Json.GetProperty("data").EnumerateArray());
        Assert.Equal("lost.jsonl", file.GetProperty("filename").GetString());
        Assert.Equal(200, (await simulator.UploadAsync(Lines(3000))).Status);
    }

    [Fact]
    public async Task A_list_that_lags_tells_of_a_batch_later()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("list-lag=20"));
        var id = await simulator.StartAsync(Lines(1));
        simulator.Clock.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(0, (await simulator.GetAsync("/v1/batches")).Json.GetProperty("data").GetArrayLength());
        Assert.Equal(200, (await simulator.BatchAsync(id)).Status);
        simulator.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, (await simulator.GetAsync("/v1/batches")).Json.GetProperty("data").GetArrayLength());
    }

    [Theory]
    [InlineData("failed", "failed", 0, 0, 0)]
    [InlineData("expired=0.3", "expired", 3, 7, 3)]
    [InlineData("expired-empty", "expired", 0, 0, 0)]
    [InlineData("cancelled=0.4", "cancelled", 4, 0, 4)]
    [InlineData("stuck=0.5", "in_progress", 0, 0, 5)]
    [InlineData("no-output", "completed", 0, 0, 10)]
    [InlineData("missing-lines=0.2", "completed", 8, 0, 10)]
    [InlineData("duplicate-lines=0.2", "completed", 12, 0, 10)]
    [InlineData("error-400=0.2", "completed", 8, 2, 8)]
    [InlineData("error-500=0.01", "completed", 9, 1, 9)]
    [InlineData("error-500=1", "completed", 0, 10, 0)]
    public async Task A_batch_ends_as_it_is_told_to(string fault, string state, int good, int bad, int billed)
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options(fault));
        var id = await simulator.StartAsync(Lines(10));
        simulator.Clock.Advance(TimeSpan.FromHours(48));
        var batch = await simulator.BatchAsync(id);
        Assert.Equal(state, batch.Text("status"));
        Assert.Equal((good > 0, bad > 0), (batch.Text("output_file_id") is not null, batch.Text("error_file_id") is not null));
        Assert.Equal((good, bad), ((await simulator.ResultsAsync(batch)).Length, (await simulator.ResultsAsync(batch, "error_file_id")).Length));
        Assert.Equal(billed, simulator.Server.Stats.BatchLinesBilled);
    }

    [Fact]
    public async Task A_stuck_batch_can_be_cancelled()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("stuck=0.5"));
        var id = await simulator.StartAsync(Lines(10));
        simulator.Clock.Advance(TimeSpan.FromHours(48));
        await simulator.PostAsync($"/v1/batches/{id}/cancel", "");
        simulator.Clock.Advance(Takes);
        var batch = await simulator.BatchAsync(id);
        Assert.Equal("cancelled", batch.Text("status"));
        Assert.Equal(5, (await simulator.ResultsAsync(batch)).Length);
    }

    [Fact]
    public async Task Foreign_lines_stand_in_the_place_of_their_own()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("foreign-lines=0.2"));
        var id = await simulator.StartAsync(Lines(10));
        simulator.Clock.Advance(Takes);
        var ids = Ids(await simulator.ResultsAsync(await simulator.BatchAsync(id)));
        Assert.Equal((10, 8, 2), (ids.Length, ids.Intersect(s_all).Count(), ids.Count(i => i.StartsWith("foreign-", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task A_download_breaks_off_in_the_middle_and_the_next_one_does_not()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("broken-download:1"));
        var id = await simulator.StartAsync(Lines(10));
        simulator.Clock.Advance(Takes);
        var batch = await simulator.BatchAsync(id);
        await Assert.ThrowsAsync<HttpRequestException>(() => simulator.ResultsAsync(batch));
        Assert.Equal(10, (await simulator.ResultsAsync(batch)).Length);
        Assert.Equal(10, simulator.Server.Stats.BatchLinesBilled);
    }

    [Fact]
    public async Task A_batch_may_keep_its_counts_and_its_state_to_itself()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("no-counters", "unknown-state"));
        var id = await simulator.StartAsync(Lines(10));
        var batch = await simulator.BatchAsync(id);
        Assert.Equal(("rescheduling", "null", "null"), (batch.Text("status"), batch.Raw("request_counts"), batch.Raw("usage")));
        simulator.Clock.Advance(Takes);
        Assert.Equal("completed", (await simulator.BatchAsync(id)).Text("status"));
    }

    [Fact]
    public async Task A_look_at_a_batch_may_fail()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options("poll-429:1", "poll-500:1"));
        var id = await simulator.StartAsync(Lines(1));
        var refused = await simulator.BatchAsync(id);
        Assert.Equal((429, "1"), (refused.Status, refused.Header("retry-after")));
        Assert.Equal(500, (await simulator.BatchAsync(id)).Status);
        Assert.Equal(200, (await simulator.BatchAsync(id)).Status);
    }

    [Fact]
    public async Task A_batch_beyond_the_enqueued_tokens_fails_and_room_comes_back()
    {
        var options = Options() with { Batches = new SimulatorBatchOptions { Takes = Takes, EnqueuedTokens = 2000 } };
        await using var simulator = await SimulatorHarness.StartAsync(options);
        var first = await simulator.StartAsync(Lines(10));
        var second = await simulator.StartAsync(Lines(10));
        var mine = simulator.Server.Stats.Batches[0].EnqueuedTokens;
        Assert.InRange(mine, 1001, 2000);
        Assert.Equal("validating", (await simulator.BatchAsync(second)).Text("status"));
        var other = await simulator.StartAsync(Lines(10), key: "another");

        simulator.Clock.Advance(Takes);
        var batch = await simulator.BatchAsync(second);
        var flaw = batch.Json.GetProperty("errors").GetProperty("data")[0];
        Assert.Equal(("failed", "token_limit_exceeded"), (batch.Text("status"), flaw.GetProperty("code").GetString()));
        Assert.Equal(
            "Enqueued token limit reached for m in organization org-simulated. Limit: 2,000 enqueued tokens. Please try again once some in_progress batches have been completed.",
            flaw.GetProperty("message").GetString());
        Assert.Equal("completed", (await simulator.BatchAsync(first)).Text("status"));
        Assert.Equal("completed", (await simulator.GetAsync($"/v1/batches/{other}", "Authorization: Bearer another")).Text("status"));
        var third = await simulator.StartAsync(Lines(10));
        simulator.Clock.Advance(Takes);
        Assert.Equal("completed", (await simulator.BatchAsync(third)).Text("status"));
    }

    [Fact]
    public async Task A_batch_beyond_the_enqueued_tokens_may_be_refused_at_once()
    {
        var options = Options() with { Batches = new SimulatorBatchOptions { Takes = Takes, EnqueuedTokens = 2000, RefusesEnqueued = true } };
        await using var simulator = await SimulatorHarness.StartAsync(options);
        var file = (await simulator.UploadAsync(Lines(10))).Id();
        Assert.Equal(200, (await simulator.CreateAsync(file)).Status);
        var refused = await simulator.CreateAsync(file);
        Assert.Equal((429, "token_limit_exceeded"), (refused.Status, refused.ErrorField("code")));
        Assert.Single(simulator.Server.Stats.Batches);
    }

    [Fact]
    public async Task Faults_and_the_clock_are_set_from_outside()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        Assert.Equal("""{"faults":[]}""", (await simulator.GetAsync("/batch-faults")).Text);
        var set = await simulator.PostAsync("/batch-faults", """{"faults":["failed:2","no-counters"]}""");
        Assert.Equal("""{"faults":["failed:2","no-counters"]}""", set.Text);
        Assert.Equal(400, (await simulator.PostAsync("/batch-faults", """{"faults":["nonsense"]}""")).Status);
        Assert.Equal(400, (await simulator.PostAsync("/batch-faults", """{"fault":"failed"}""")).Status);
        var first = await simulator.StartAsync(Lines(1));
        var second = await simulator.StartAsync(Lines(1));

        Assert.Equal(400, (await simulator.PostAsync("/clock", """{"advance_seconds":-1}""")).Status);
        Assert.Equal(400, (await simulator.PostAsync("/clock", "{}")).Status);
        Assert.Equal("""{"now":"2026-03-01T13:00:00+00:00","advanced_seconds":3600}""", (await simulator.PostAsync("/clock", """{"advance_seconds":3600}""")).Text);
        Assert.Equal("""{"now":"2026-03-01T13:00:00+00:00","advanced_seconds":3600}""", (await simulator.GetAsync("/clock")).Text);
        Assert.Equal("completed", (await simulator.BatchAsync(first)).Text("status"));
        Assert.Equal("failed", (await simulator.BatchAsync(second)).Text("status"));
    }

    [Fact]
    public async Task Statistics_tell_of_every_batch()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Options());
        var id = await simulator.StartAsync(Lines(2), ""","metadata":{"rowmill":"songs-1"}""");
        simulator.Clock.Advance(Takes);
        var stats = (await simulator.GetAsync("/stats")).Json;
        Assert.Equal((2, 0, 0), (stats.GetProperty("batch_lines_billed").GetInt32(), stats.GetProperty("batch_lines_billed_twice").GetInt32(), stats.GetProperty("batch_rows_billed_twice").GetInt32()));
        var batch = Assert.Single(stats.GetProperty("batches").EnumerateArray());
        var tokens = simulator.Server.Stats.Batches[0];
        Assert.Equal(
            $$"""{"id":"{{id}}","name":"songs-1","metadata":{"rowmill":"songs-1"},"key":"","model":"m","state":"completed","requests":2,"succeeded":2,"failed":0,"expired":0,"cancelled":0,"billed":2,"rows_billed":2,"tokens":{{tokens.Tokens}},"enqueued_tokens":{{tokens.EnqueuedTokens}},"input_sha256":"{{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(Lines(2))))}}","first_line":"r-0","created_at":"2026-03-01T12:00:00+00:00"}""",
            batch.GetRawText());
        Assert.Equal(200, (await simulator.PostAsync("/reset", "")).Status);
        Assert.Empty(simulator.Server.Stats.Batches);
        Assert.Equal(404, (await simulator.BatchAsync(id)).Status);
    }

    [Fact]
    public async Task Limits_refill_when_the_clock_is_pushed()
    {
        await using var simulator = await SimulatorHarness.StartAsync(new SimulatorOptions { RequestsPerDay = 1 });
        Assert.Equal(200, (await simulator.AskAsync(SimulatorHarness.Body(["Song 1"]))).Status);
        Assert.Equal(429, (await simulator.AskAsync(SimulatorHarness.Body(["Song 1"]))).Status);
        simulator.Server.Advance(TimeSpan.FromDays(1));
        Assert.Equal(200, (await simulator.AskAsync(SimulatorHarness.Body(["Song 1"]))).Status);
    }
}
