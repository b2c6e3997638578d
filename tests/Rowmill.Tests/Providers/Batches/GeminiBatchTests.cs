using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Providers.Batches;

public sealed class GeminiBatchContractTests() : BatchClientContract("gemini")
{
    protected override string BatchBody => """{"name":"batches/xyz","metadata":{"displayName":"run-17","state":"BATCH_STATE_RUNNING"}}""";

    protected override string ResultId => "files/batch-xyz";

    protected override JsonNode? BodyOf(JsonNode line) => line["request"];

    protected override string ResultLine(string id, string text) =>
        $$$"""{"response":{"candidates":[{"index":0,"finishReason":"STOP","content":{"role":"model","parts":[{"text":{{{JsonValue.Create(text).ToJsonString()}}}}]}}],"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":3}},"key":"{{{id}}}"}""";
}

public sealed class GeminiBatchTests
{
    private const string Base = "https://g.test";

    private readonly VirtualClock _clock = new();

    private IBatchClient Client(ScriptedHttp http, string baseUrl = Base) => BatchGiven.Client(http, Given.Route("gemini", "gemini-x", baseUrl), _clock);

    [Theory]
    [InlineData(Base, "https://g.test/upload/s?upload_id=1", "https://g.test/upload/s?upload_id=1")]
    [InlineData(Base, "https://other.test/upload/s?upload_id=1", "https://g.test/upload/s?upload_id=1")]
    [InlineData("http://gw.test:81/google/v1beta", "https://other.test/upload/s?upload_id=1", "http://gw.test:81/google/upload/s?upload_id=1")]
    public async Task A_file_goes_up_in_a_session_that_is_remembered_before_the_first_byte(string baseUrl, string told, string sentTo)
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Reply(200, "", ("x-goog-upload-url", told)).Reply(200, File(file, hash: null));
        var remembered = "";

        var reply = await Client(http, baseUrl).UploadAsync(file.Batch, null, session =>
        {
            Assert.Single(http.Asked);
            Assert.Equal("16", http.Headers["X-Goog-Upload-Header-Content-Length"]);
            Assert.Equal(("start", "resumable"), (http.Headers["X-Goog-Upload-Command"], http.Headers["X-Goog-Upload-Protocol"]));
            remembered = session;
            return ValueTask.CompletedTask;
        });

        Assert.Equal("files/abc", reply.Value);
        Assert.Equal(sentTo, remembered);
        Assert.Equal(["POST " + baseUrl.Replace("/v1beta", "", StringComparison.Ordinal) + "/upload/v1beta/files", "POST " + sentTo], http.Asked);
        ScriptedHttp.AssertJson("""{"file":{"displayName":"rm-1a2b","mimeType":"application/jsonl"}}""", http.Sent[0]);
        Assert.Equal("{\"a\":1}\n{\"a\":2}\n", http.Sent[1]);
        Assert.Equal(("upload, finalize", "0"), (http.Headers["X-Goog-Upload-Command"], http.Headers["X-Goog-Upload-Offset"]));
    }

    [Fact]
    public async Task An_upload_goes_on_where_it_broke_off()
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Reply(200, "", ("x-goog-upload-status", "active"), ("x-goog-upload-size-received", "9")).Reply(200, File(file, hash: null));

        var reply = await Client(http).UploadAsync(file.Batch, "https://g.test/upload/s", _ => throw new InvalidOperationException("there is nothing new to remember"));

        Assert.Equal("files/abc", reply.Value);
        Assert.Equal(["", "{\"a\":2}\n"], [http.Sent[0], "{" + http.Sent[1].TrimStart('{')]);
        Assert.Equal("9", http.Headers["X-Goog-Upload-Offset"]);
        Assert.Equal(2, http.Asked.Count);
    }

    [Fact]
    public async Task An_upload_that_had_arrived_is_found_and_not_sent_again()
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Reply(200, "", ("x-goog-upload-status", "final")).Reply(200, $$"""{"files":[{{JsonNode.Parse(File(file, hash: null))!["file"]!.ToJsonString()}}]}""");
        Assert.Equal("files/abc", (await Client(http).UploadAsync(file.Batch, "https://g.test/upload/s", BatchGiven.Forget)).Value);
        Assert.Equal("GET https://g.test/v1beta/files?pageSize=100", http.Asked[1]);
    }

    [Theory]
    [InlineData(404, "")]
    [InlineData(410, "")]
    [InlineData(200, "cancelled")]
    public async Task An_upload_that_is_gone_begins_anew(int status, string word)
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Reply(status, "", ("x-goog-upload-status", word)).Reply(200, "", ("x-goog-upload-url", "https://g.test/s2")).Reply(200, File(file, hash: null));
        var remembered = new List<string>();
        var reply = await Client(http).UploadAsync(file.Batch, "https://g.test/s1", session =>
        {
            remembered.Add(session);
            return ValueTask.CompletedTask;
        });
        Assert.Equal("files/abc", reply.Value);
        Assert.Equal(["https://g.test/s2"], remembered);
    }

    [Fact]
    public async Task An_upload_that_cannot_be_asked_for_is_a_failure_and_no_second_upload()
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Reply(503, "{}");
        Assert.Equal(FailureKind.Unavailable, (await Client(http).UploadAsync(file.Batch, "https://g.test/s1", BatchGiven.Forget)).Failure?.Kind);
        Assert.Single(http.Asked);
    }

    [Fact]
    public async Task A_lost_upload_is_found_by_name_size_and_checksum_while_it_can_be_used()
    {
        using var file = new RequestFile();
        var sum = Convert.FromHexString(file.Batch.Sha256);
        var future = _clock.GetUtcNow().AddHours(1).ToString("O");
        var past = _clock.GetUtcNow().AddHours(-1).ToString("O");
        string[] good = [null!, Convert.ToBase64String(sum), Convert.ToBase64String(Encoding.ASCII.GetBytes(file.Batch.Sha256)), file.Batch.Sha256];
        foreach (var hash in good) Assert.Equal("files/abc", await Find(Entry(hash, "ACTIVE", future, "16")));
        Assert.Equal("", await Find(Entry(Convert.ToBase64String(SHA256.HashData([1])), "ACTIVE", future, "16")));
        Assert.Equal("", await Find(Entry(null, "PROCESSING", future, "16")));
        Assert.Equal("", await Find(Entry(null, "ACTIVE", past, "16")));
        Assert.Equal("", await Find(Entry(null, "ACTIVE", future, "17")));
        Assert.Equal("", await Find("{}"));

        async Task<string?> Find(string page) => (await Client(new ScriptedHttp().Reply(200, page)).FindUploadAsync(file.Batch)).Value;

        static string Entry(string? hash, string state, string until, string size) =>
            $$"""{"files":[{"name":"files/abc","displayName":"rm-1a2b","sizeBytes":"{{size}}","state":"{{state}}","expirationTime":"{{until}}"{{(hash is null ? "" : $",\"sha256Hash\":\"{hash}\"")}}}]}""";
    }

    [Fact]
    public async Task An_upload_whose_checksum_is_another_is_none()
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Reply(200, "", ("x-goog-upload-url", "https://g.test/s")).Reply(200, File(file, Convert.ToBase64String(SHA256.HashData([1]))));
        Assert.Equal(FailureKind.BadReply, (await Client(http).UploadAsync(file.Batch, null, BatchGiven.Forget)).Failure?.Kind);
    }

    [Fact]
    public async Task A_batch_is_created_under_our_name_and_read_as_an_operation()
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Reply(200, """
            {"name":"batches/xyz",
             "metadata":{"@type":"type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
               "model":"models/gemini-x","displayName":"rm-1a2b","inputConfig":{"fileName":"files/abc"},
               "output":{"responsesFile":"files/batch-xyz"},
               "createTime":"2026-08-20T20:08:31.015405218Z","endTime":"2026-08-20T21:08:31Z","updateTime":"2026-08-20T21:08:31Z",
               "batchStats":{"requestCount":"9","successfulRequestCount":"9"},
               "state":"BATCH_STATE_SUCCEEDED","name":"batches/xyz"},
             "done":true,
             "response":{"@type":"type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatchOutput","responsesFile":"files/batch-xyz"}}
            """);

        var status = (await Client(http).CreateAsync(file.Batch, "files/abc")).Value!;

        Assert.Equal(["POST https://g.test/v1beta/models/gemini-x:batchGenerateContent"], http.Asked);
        ScriptedHttp.AssertJson("""{"batch":{"displayName":"rm-1a2b","inputConfig":{"fileName":"files/abc"}}}""", http.Sent[0]);
        Assert.Equal(("batches/xyz", BatchState.Completed, "BATCH_STATE_SUCCEEDED", "rm-1a2b"), (status.Id, status.State, status.Word, status.Name));
        Assert.Equal((9, 9, null), (status.Total, status.Succeeded, status.Failed));
        Assert.Equal(new DateTimeOffset(2026, 8, 20, 20, 8, 31, TimeSpan.Zero).AddTicks(154052), status.CreatedAt);
        Assert.Equal(new DateTimeOffset(2026, 8, 20, 21, 8, 31, TimeSpan.Zero), status.EndedAt);
        Assert.Equal([new BatchResultFile("files/batch-xyz", false)], status.Results);
    }

    [Theory]
    [InlineData("BATCH_STATE_PENDING", "", BatchState.Pending)]
    [InlineData("BATCH_STATE_UNSPECIFIED", "", BatchState.Pending)]
    [InlineData("BATCH_STATE_RUNNING", "", BatchState.Running)]
    [InlineData("BATCH_STATE_SUCCEEDED", "", BatchState.Completed)]
    [InlineData("BATCH_STATE_FAILED", "", BatchState.Failed)]
    [InlineData("BATCH_STATE_CANCELLED", "", BatchState.Cancelled)]
    [InlineData("BATCH_STATE_EXPIRED", "", BatchState.Expired)]
    [InlineData("JOB_STATE_PENDING", "", BatchState.Pending)]
    [InlineData("JOB_STATE_QUEUED", "", BatchState.Pending)]
    [InlineData("JOB_STATE_RUNNING", "", BatchState.Running)]
    [InlineData("JOB_STATE_SUCCEEDED", "", BatchState.Completed)]
    [InlineData("JOB_STATE_PARTIALLY_SUCCEEDED", "", BatchState.Completed)]
    [InlineData("JOB_STATE_FAILED", "", BatchState.Failed)]
    [InlineData("JOB_STATE_CANCELLING", "", BatchState.Cancelling)]
    [InlineData("JOB_STATE_CANCELLED", "", BatchState.Cancelled)]
    [InlineData("JOB_STATE_EXPIRED", "", BatchState.Expired)]
    [InlineData("BATCH_STATE_PAUSED_FOR_TEA", "", BatchState.Unknown)]
    [InlineData("BATCH_STATE_PAUSED_FOR_TEA", ""","done":true""", BatchState.Unknown)]
    [InlineData("BATCH_STATE_RUNNING", ""","done":true,"error":{"code":1,"message":"cancelled"}""", BatchState.Cancelled)]
    [InlineData("BATCH_STATE_RUNNING", ""","done":true,"error":{"code":13,"message":"x"}""", BatchState.Failed)]
    [InlineData("BATCH_STATE_PENDING", ""","done":true,"response":{}""", BatchState.Completed)]
    public async Task Each_state_is_known(string word, string more, BatchState state)
    {
        foreach (var body in new[] { $$$"""{"name":"batches/b","metadata":{"state":"{{{word}}}"}{{{more}}}}""", $$"""{"name":"batches/b","state":"{{word}}"{{more}}}""" })
        {
            var status = await BatchGiven.Status("gemini", body);
            Assert.Equal((state, word), (status.State, status.Word));
            Assert.Equal((null, null, null), (status.Total, status.Succeeded, status.Failed));
        }
    }

    [Fact]
    public async Task The_error_of_an_operation_is_read_as_online()
    {
        var failed = await BatchGiven.Status("gemini", """{"name":"batches/b","done":true,"metadata":{"state":"BATCH_STATE_FAILED"},"error":{"code":8,"message":"Too many enqueued tokens","details":[{"violations":[{"quotaMetric":"generativelanguage.googleapis.com/batch_enqueued_tokens","quotaId":"BatchEnqueuedTokensPerModel","quotaValue":"3000000"}]}]}}""");
        Assert.Equal((FailureKind.RateLimited, LimitNames.EnqueuedTokens), (failed.Failure!.Kind, failed.Failure.Window));
        Assert.Equal(3_000_000, Assert.Single(failed.Limits).Limit);
        var bad = await BatchGiven.Status("gemini", """{"name":"batches/b","done":true,"metadata":{"state":"BATCH_STATE_FAILED"},"error":{"code":3,"message":"no such file"}}""");
        Assert.Equal((FailureKind.BadRequest, "no such file"), (bad.Failure!.Kind, bad.Failure.Message));
        Assert.Equal("JOB_STATE_EXPIRED", (await BatchGiven.Status("gemini", """{"name":"batches/b","metadata":{"state":"JOB_STATE_EXPIRED"}}""")).Word);
    }

    [Theory]
    [InlineData("""{"name":"b","response":{"responsesFile":"files/r"}}""")]
    [InlineData("""{"name":"b","metadata":{"output":{"responsesFile":"files/r"}}}""")]
    [InlineData("""{"name":"b","state":"JOB_STATE_SUCCEEDED","dest":{"fileName":"files/r"}}""")]
    [InlineData("""{"name":"b","metadata":{"dest":{"fileName":"files/r"}},"dest":{"fileName":"files/r"}}""")]
    public async Task The_results_are_found_wherever_they_are_told(string body) =>
        Assert.Equal([new BatchResultFile("files/r", false)], (await BatchGiven.Status("gemini", body)).Results);

    [Fact]
    public async Task A_file_that_is_not_ready_passes()
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Reply(400, """{"error":{"code":400,"message":"The File abc is not in an ACTIVE state and usage is not allowed.","status":"FAILED_PRECONDITION"}}""");
        Assert.Equal(FailureKind.Unavailable, (await Client(http).CreateAsync(file.Batch, "files/abc")).Failure?.Kind);
    }

    [Fact]
    public async Task A_batch_is_listed_cancelled_and_fetched_at_its_place()
    {
        var http = new ScriptedHttp().Reply(200, """{"operations":[{"name":"batches/1","metadata":{"createTime":"2026-08-20T20:00:00Z"}},{"name":"batches/2","metadata":{"createTime":"2026-08-21T20:00:00Z"}}],"nextPageToken":"t=1"}""").Reply(200, "{}");
        var client = Client(http);
        var page = (await client.ListAsync(null)).Value!;
        Assert.Equal(["batches/2", "batches/1"], page.Batches.Select(b => b.Id));
        Assert.Equal([], (await client.ListAsync(page.Next)).Value!.Batches);
        Assert.Equal((BatchState.Cancelling, "batches/1"), ((await client.CancelAsync("batches/1")).Value!.State, "batches/1"));
        await client.DownloadAsync(new BatchResultFile("files/batch-xyz", false), new MemoryStream());
        Assert.Equal(
            ["GET https://g.test/v1beta/batches?pageSize=100", "GET https://g.test/v1beta/batches?pageSize=100&pageToken=t%3D1",
             "POST https://g.test/v1beta/batches/1:cancel", "GET https://g.test/download/v1beta/files/batch-xyz:download?alt=media"],
            http.Asked);
    }

    [Theory]
    [InlineData("""{"key":"row-1","error":{"code":1,"message":"The operation was cancelled."}}""", BatchLineEnd.Cancelled, null)]
    [InlineData("""{"key":"row-1","error":{"code":13,"message":"internal"}}""", BatchLineEnd.Done, FailureKind.Unavailable)]
    [InlineData("""{"error":{"code":3,"message":"Request contains an invalid argument."},"metadata":{"key":"row-1"}}""", BatchLineEnd.Done, FailureKind.BadRequest)]
    [InlineData("""{"key":"row-1","error":{"code":8,"message":"quota"}}""", BatchLineEnd.Done, FailureKind.RateLimited)]
    [InlineData("""{"key":"row-1","error":{"code":400,"message":"Thinking level MEDIUM is not supported for this model."}}""", BatchLineEnd.Done, FailureKind.ParameterRefused)]
    [InlineData("""{"key":"row-1","error":{"code":3,"message":"responseJsonSchema is wrong"}}""", BatchLineEnd.Done, FailureKind.FormRefused)]
    [InlineData("""{"key":"row-1","error":{"code":5,"message":"models/x is not found","details":[{"reason":"x"}]}}""", BatchLineEnd.Done, FailureKind.ModelRefused)]
    [InlineData("""{"key":"row-1","error":"oops"}""", BatchLineEnd.Done, FailureKind.Unavailable)]
    [InlineData("""{"key":"row-1","response":{"promptFeedback":{"blockReason":"SAFETY"}}}""", BatchLineEnd.Done, FailureKind.Filtered)]
    public void A_line_of_an_error_is_read_as_online(string line, BatchLineEnd end, FailureKind? kind)
    {
        var answer = BatchGiven.Read(BatchGiven.Files("gemini"), line)!;
        Assert.Equal(("row-1", end, kind), (answer.Id, answer.End, answer.Result?.Failure?.Kind));
    }

    [Fact]
    public void Its_caps_are_the_cautious_ones()
    {
        var caps = Client(new ScriptedHttp()).Caps;
        Assert.Equal((2_000_000_000, 100, TimeSpan.FromHours(48), true), (caps.Bytes, caps.Concurrent, caps.ResultsKept, caps.KeepsName));
    }

    private static string File(RequestFile file, string? hash) =>
        $$$"""{"file":{"name":"files/abc","displayName":"{{{file.Batch.Name}}}","sizeBytes":"{{{file.Batch.Bytes}}}","state":"ACTIVE"{{{(hash is null ? "" : $",\"sha256Hash\":\"{hash}\"")}}}}}""";
}
