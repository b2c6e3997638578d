using System.Net;
using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Providers;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Providers.Batches;

/// <summary>The contract over OpenAI's batches.</summary>
public abstract class OpenAiBatchContract(string provider) : BatchClientContract(provider)
{
    protected override string BatchBody => """{"id":"batch_1","object":"batch","status":"in_progress","input_file_id":"file-1"}""";

    protected override string ResultId => "file-9";

    protected override JsonNode? BodyOf(JsonNode line)
    {
        Assert.Equal(("POST", "/v1/chat/completions"), (line["method"]!.GetValue<string>(), line["url"]!.GetValue<string>()));
        return line["body"];
    }

    protected override string ResultLine(string id, string text) =>
        $$$$"""{"id":"batch_req_1","custom_id":"{{{{id}}}}","response":{"status_code":200,"request_id":"req_1","body":{"id":"chatcmpl-1","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":{{{{JsonValue.Create(text).ToJsonString()}}}}}}],"usage":{"prompt_tokens":12,"completion_tokens":3}}},"error":null}""";
}

public sealed class OpenAiBatchContractTests() : OpenAiBatchContract("openai");

public sealed class GroqBatchContractTests() : OpenAiBatchContract("groq");

public sealed class SimulatorBatchContractTests() : OpenAiBatchContract("simulator");

public sealed class OpenAiCompatibleBatchContractTests() : OpenAiBatchContract("openai-compatible");

public sealed class OpenAiBatchTests
{
    private readonly VirtualClock _clock = new();

    [Fact]
    public async Task A_file_goes_up_as_a_form_under_our_name()
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Reply(200, $$"""{"id":"file-1","object":"file","bytes":{{file.Batch.Bytes}},"created_at":1,"filename":"x.jsonl","purpose":"batch","status":"processed"}""");
        var told = new List<string>();

        var reply = await BatchGiven.Client(http, "openai").UploadAsync(file.Batch, null, session =>
        {
            told.Add(session);
            return ValueTask.CompletedTask;
        });

        Assert.Equal("file-1", reply.Value);
        Assert.Empty(told);
        Assert.Equal(["POST https://api.test/v1/files"], http.Asked);
        Assert.Contains("name=\"purpose\"\r\n\r\nbatch\r\n", http.Sent[0], StringComparison.Ordinal);
        Assert.Contains("name=\"file\"; filename=\"rm-1a2b.jsonl\"", http.Sent[0], StringComparison.Ordinal);
        Assert.Contains("\r\n\r\n{\"a\":1}\n{\"a\":2}\n\r\n--", http.Sent[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upload_of_which_a_part_arrived_is_none()
    {
        using var file = new RequestFile();
        var reply = await BatchGiven.Client(new ScriptedHttp().Reply(200, """{"id":"file-1","bytes":3}"""), "openai").UploadAsync(file.Batch, null, BatchGiven.Forget);
        Assert.Equal(FailureKind.BadReply, reply.Failure?.Kind);
        Assert.Contains("3 bytes of 16", reply.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_changed_since_it_was_prepared_is_not_sent()
    {
        using var file = new RequestFile();
        foreach (var provider in new[] { "openai", "anthropic" })
        {
            var http = new ScriptedHttp().Reply(200, "{}");
            var client = BatchGiven.Client(http, provider);
            var changed = file.Batch with { Bytes = 99 };
            var failure = provider == "openai" ? (await client.UploadAsync(changed, null, BatchGiven.Forget)).Failure : (await client.CreateAsync(changed, "")).Failure;
            Assert.Equal(FailureKind.BadRequest, failure?.Kind);
            Assert.Empty(http.Sent);
        }
    }

    [Fact]
    public async Task An_upload_may_take_any_time_while_it_moves()
    {
        using var file = new RequestFile(new string('x', 1 << 20) + "\n");
        var to = new CountingStream(bytes =>
        {
            if (bytes > 1 << 16) _clock.Advance(TimeSpan.FromSeconds(50)); // a block of the file, and no head of a part
        });
        var http = new Handler(async (request, cancellation) =>
        {
            await request.Content!.CopyToAsync(to, cancellation);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("{\"id\":\"file-1\"}") };
        });

        var reply = await BatchGiven.Client(http, "openai", _clock).UploadAsync(file.Batch, null, BatchGiven.Forget);

        Assert.Equal("file-1", reply.Value);
        Assert.True(to.Largest <= 128 << 10, "it is never whole in memory");
        Assert.True(to.Bytes > file.Batch.Bytes);
        Assert.Equal(0, _clock.Waiting);
    }

    [Fact]
    public async Task An_upload_that_stands_still_is_given_up()
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Hang();
        var asked = BatchGiven.Client(http, "openai", _clock).UploadAsync(file.Batch, null, BatchGiven.Forget).AsTask();
        await http.Reached;
        _clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(FailureKind.TimedOut, (await asked.WaitAsync(TimeSpan.FromSeconds(30))).Failure?.Kind);
    }

    [Fact]
    public async Task A_lost_upload_is_found_by_its_name_and_size_on_any_page()
    {
        using var file = new RequestFile();
        _clock.Advance(TimeSpan.FromSeconds(1000));
        var past = _clock.GetUtcNow().ToUnixTimeSeconds() - 1;
        var http = new ScriptedHttp()
            .Reply(200, $$"""{"data":[{"id":"f1","filename":"rm-1a2b.jsonl","bytes":3},{"id":"f2","filename":"other.jsonl","bytes":16},{"id":"f3","filename":"rm-1a2b.jsonl","bytes":16,"expires_at":{{past}}}],"has_more":true,"last_id":"f3"}""")
            .Reply(200, """{"data":[{"id":"f4","filename":"rm-1a2b.jsonl","bytes":16,"purpose":"batch"}],"has_more":false}""");
        Assert.Equal("f4", (await BatchGiven.Client(http, "openai", _clock).FindUploadAsync(file.Batch)).Value);
        Assert.Equal("GET https://api.test/v1/files?purpose=batch&order=desc&limit=1000&after=f3", http.Asked[1]);
        Assert.Equal("", (await BatchGiven.Client(new ScriptedHttp().Reply(200, """{"data":[]}"""), "openai").FindUploadAsync(file.Batch)).Value);
    }

    [Fact]
    public async Task A_batch_is_created_under_our_name()
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Reply(200, """{"id":"batch_1","status":"validating","request_counts":{"total":0,"completed":0,"failed":0},"metadata":{"rowmill":"rm-1a2b"}}""");

        var made = (await BatchGiven.Client(http, "openai").CreateAsync(file.Batch, "file-1")).Value!;

        Assert.Equal(["POST https://api.test/v1/batches"], http.Asked);
        ScriptedHttp.AssertJson("""{"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"rowmill":"rm-1a2b"}}""", http.Sent[0]);
        Assert.Equal(("batch_1", BatchState.Pending, "rm-1a2b"), (made.Id, made.State, made.Name));
        Assert.Null(made.Total);
        Assert.Null(made.Succeeded);
    }

    [Theory]
    [InlineData("validating", BatchState.Pending, false)]
    [InlineData("in_progress", BatchState.Running, false)]
    [InlineData("finalizing", BatchState.Running, false)]
    [InlineData("cancelling", BatchState.Cancelling, false)]
    [InlineData("completed", BatchState.Completed, true)]
    [InlineData("failed", BatchState.Failed, true)]
    [InlineData("expired", BatchState.Expired, true)]
    [InlineData("cancelled", BatchState.Cancelled, true)]
    [InlineData("rescheduling", BatchState.Unknown, false)]
    public async Task Each_state_is_known(string word, BatchState state, bool isOver)
    {
        var status = await BatchGiven.Status("openai", $$"""{"id":"b","status":"{{word}}","errors":null,"request_counts":null,"metadata":null,"output_file_id":null,"error_file_id":null}""");
        Assert.Equal((state, word, isOver), (status.State, status.Word, status.IsOver));
        Assert.Empty(status.Results);
        Assert.Null(status.Failure);
        Assert.Null(status.Name);
    }

    [Fact]
    public async Task Counts_times_and_both_files_are_read()
    {
        var status = await BatchGiven.Status("openai", """
            {"id":"b","status":"expired","output_file_id":"file-o","error_file_id":"file-e","created_at":1760000000,"expires_at":1760086400,
             "expired_at":1760086401,"completed_at":null,"request_counts":{"total":9,"completed":7,"failed":2}}
            """);
        Assert.Equal((9, 7, 2), (status.Total, status.Succeeded, status.Failed));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1760000000), status.CreatedAt);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1760086400), status.ExpiresAt);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1760086401), status.EndedAt);
        Assert.Equal([new BatchResultFile("file-o", false), new BatchResultFile("file-e", true)], status.Results);
        Assert.Equal([new BatchResultFile("file-e", true)], (await BatchGiven.Status("openai", """{"id":"b","status":"completed","output_file_id":null,"error_file_id":"file-e"}""")).Results);
    }

    [Fact]
    public async Task A_batch_that_failed_on_a_full_queue_names_the_window_and_its_limit()
    {
        const string Words = "Enqueued token limit reached for gpt-x in organization org-1. Limit: 900,000 enqueued tokens. Please try again once some in_progress batches have been completed.";
        var failed = await BatchGiven.Status("openai", $$$"""{"id":"b","status":"failed","errors":{"object":"list","data":[{"code":"token_limit_exceeded","message":"{{{Words}}}","param":null,"line":null}]}}""");
        AssertQueue(failed.Failure, failed.Limits);
        Assert.Null(failed.Failure!.HttpStatus);
        using var file = new RequestFile();
        foreach (var status in new[] { 400, 429 })
        {
            var http = new ScriptedHttp().Reply(status, $$$"""{"error":{"message":"{{{Words}}}","type":"invalid_request_error","param":null,"code":"token_limit_exceeded"}}""");
            var refused = await BatchGiven.Client(http, "openai").CreateAsync(file.Batch, "f");
            AssertQueue(refused.Failure, refused.Limits);
        }

        static void AssertQueue(ModelFailure? failure, IReadOnlyList<LimitReading> limits)
        {
            Assert.Equal((FailureKind.RateLimited, LimitNames.EnqueuedTokens), (failure!.Kind, failure.Window));
            Assert.Equal(new LimitReading(LimitNames.EnqueuedTokens) { Limit = 900_000, Refused = true }, Assert.Single(limits));
        }
    }

    [Fact]
    public async Task A_batch_that_failed_tells_its_lines()
    {
        var failed = await BatchGiven.Status("openai", """
            {"id":"b","status":"failed","errors":{"data":[{"code":"duplicate_custom_id","message":"twice","line":3},{"code":"x","message":"bad","line":4},{"message":"a"},{"message":"b"}]}}
            """);
        Assert.Equal((FailureKind.BadRequest, "line 3: twice; line 4: bad; a; and 1 more"), (failed.Failure!.Kind, failed.Failure.Message));
    }

    [Fact]
    public async Task Limits_of_other_windows_are_not_passed_on()
    {
        var http = new ScriptedHttp().Reply(200, """{"id":"b","status":"in_progress"}""", ("x-ratelimit-limit-requests", "60"), ("x-ratelimit-remaining-requests", "1"), ("x-ratelimit-reset-requests", "59s"));
        Assert.Empty((await BatchGiven.Client(http, "openai").GetAsync("b")).Limits);
    }

    [Fact]
    public async Task A_list_has_pages()
    {
        var http = new ScriptedHttp()
            .Reply(200, """{"object":"list","data":[{"id":"b1","status":"completed","created_at":1},{"id":"b2","status":"failed","created_at":2},7,{}],"has_more":true,"last_id":"b1/x"}""")
            .Reply(200, """{"object":"list","data":[]}""");
        var client = BatchGiven.Client(http, "groq");
        var page = (await client.ListAsync(null)).Value!;
        Assert.Equal(["b2", "b1"], page.Batches.Select(b => b.Id));
        Assert.Equal("b1/x", page.Next);
        Assert.Null((await client.ListAsync(page.Next)).Value!.Next);
        Assert.Equal(["GET https://api.test/v1/batches?limit=100", "GET https://api.test/v1/batches?limit=100&after=b1%2Fx"], http.Asked);
    }

    [Fact]
    public async Task A_batch_is_asked_for_cancelled_and_fetched_at_its_place()
    {
        var http = new ScriptedHttp().Reply(200, """{"id":"b","status":"cancelling"}""");
        var client = BatchGiven.Client(http, "openai");
        await client.GetAsync("batch_1");
        Assert.Equal(BatchState.Cancelling, (await client.CancelAsync("batch_1")).Value!.State);
        using var to = new MemoryStream();
        Assert.Equal(32, (await client.DownloadAsync(new BatchResultFile("file-9", true), to)).Value!.Bytes);
        Assert.Equal("""{"id":"b","status":"cancelling"}""", Given.Utf8(to.ToArray()));
        Assert.Equal(
            ["GET https://api.test/v1/batches/batch_1", "POST https://api.test/v1/batches/batch_1/cancel", "GET https://api.test/v1/files/file-9/content"], http.Asked);
    }

    [Theory]
    [InlineData("""{"id":"r","custom_id":"row-3","response":null,"error":{"code":"batch_expired","message":"This request could not be executed before the completion window expired."}}""", BatchLineEnd.Expired)]
    [InlineData("""{"id":"r","custom_id":"row-3","response":null,"error":{"code":"batch_cancelled","message":"x"}}""", BatchLineEnd.Cancelled)]
    [InlineData("""{"id":"r","custom_id":"row-3","response":null,"error":{"code":"batch_canceled"}}""", BatchLineEnd.Cancelled)]
    public void A_line_that_never_had_its_turn_has_no_result(string line, BatchLineEnd end)
    {
        var answer = BatchGiven.Read(BatchGiven.Files("openai"), line);
        Assert.Equal(new BatchAnswer("row-3", end, null), answer);
    }

    [Theory]
    [InlineData("""{"custom_id":"a","response":{"status_code":400,"request_id":"req_2","body":{"error":{"message":"This model's maximum context length is 8 tokens.","code":"context_length_exceeded"}}},"error":null}""", FailureKind.TooLarge, 400)]
    [InlineData("""{"custom_id":"a","response":{"status_code":429,"body":{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}}}""", FailureKind.QuotaExhausted, 429)]
    [InlineData("""{"custom_id":"a","response":{"status_code":400,"body":{"error":{"message":"This model does not support response format `json_schema`."}}}}""", FailureKind.FormRefused, 400)]
    [InlineData("""{"custom_id":"a","response":{"status_code":400,"body":{"error":{"message":"x","code":"json_validate_failed","failed_generation":"{"}}}}""", FailureKind.BadGeneration, 400)]
    [InlineData("""{"custom_id":"a","response":{"status_code":404,"request_id":"vllm-1","body":null},"error":{"error":{"message":"The model `x` does not exist.","type":"NotFoundError","code":404}}}""", FailureKind.ModelRefused, 404)]
    [InlineData("""{"custom_id":"a","response":{"status_code":400},"error":{"object":"error","message":"The prompt is longer than the model's context window","code":400}}""", FailureKind.TooLarge, 400)]
    [InlineData("""{"custom_id":"a","response":null,"error":{"code":"server_error","message":"oops"}}""", FailureKind.Unavailable, null)]
    [InlineData("""{"custom_id":"a","response":null,"error":"oops"}""", FailureKind.Unavailable, null)]
    [InlineData("""{"custom_id":"a","response":null,"error":{"code":"rate_limit_exceeded","message":"slow"}}""", FailureKind.RateLimited, null)]
    [InlineData("""{"custom_id":"a","response":null,"error":null}""", FailureKind.BadReply, null)]
    [InlineData("""{"custom_id":"a","response":{"status_code":200,"body":{"x":1}}}""", FailureKind.BadReply, 200)]
    public void A_line_of_a_refusal_is_read_as_online(string line, FailureKind kind, int? status)
    {
        var answer = BatchGiven.Read(BatchGiven.Files("openai"), line)!;
        Assert.Equal((BatchLineEnd.Done, kind, status), (answer.End, answer.Result!.Failure!.Kind, answer.Result.Failure.HttpStatus));
    }

    [Fact]
    public void A_refused_parameter_is_written_otherwise_from_then_on_and_every_line_of_it_is_told_so()
    {
        const string Line = """{"custom_id":"a","response":{"status_code":400,"body":{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","param":"max_tokens","code":"unsupported_parameter"}}}}""";
        var client = BatchGiven.Files("openai-compatible");
        Assert.Contains("\"max_tokens\":800", BatchGiven.Line(client, "a", Given.Request()), StringComparison.Ordinal);
        for (var i = 0; i < 3; i++) Assert.Equal(FailureKind.ParameterRefused, BatchGiven.Read(client, Line)!.Result!.Failure!.Kind);
        Assert.Contains("\"max_completion_tokens\":800", BatchGiven.Line(client, "a", Given.Request()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_service_tells_its_id_of_a_request() => Assert.Equal(
        "req_1", BatchGiven.Read(BatchGiven.Files("openai"), """{"custom_id":"a","response":{"status_code":200,"request_id":"req_1","body":{"id":"c","choices":[{"message":{"content":"x"}}]}}}""")!.Result!.RequestId);

    [Fact]
    public void Services_have_their_caps_and_some_no_batches_at_all()
    {
        var openAi = BatchGiven.Client(new ScriptedHttp(), "openai").Caps;
        Assert.Equal((50_000, 200_000_000, TimeSpan.FromDays(30), true), (openAi.Lines, openAi.Bytes, openAi.ResultsKept, openAi.KeepsName));
        Assert.Equal(100_000_000, BatchGiven.Client(new ScriptedHttp(), "groq").Caps.Bytes);
        Assert.Null(ModelClients.CreateBatch(Given.Route("ollama"), new ApiKeys(_ => Given.Key), TimeProvider.System));
        var azure = Given.Route("openai-compatible", baseUrl: "https://r.openai.azure.com/openai/deployments/d");
        Assert.Null(ModelClients.CreateBatch(azure, new ApiKeys(_ => Given.Key), TimeProvider.System));
    }

    [Fact]
    public void Files_for_another_machine_need_no_key_and_are_OpenAIs_for_ollama_too()
    {
        var client = ModelClients.CreateBatchFiles(Given.Route("ollama"));
        Assert.StartsWith("""{"custom_id":"a-1","method":"POST","url":"/v1/chat/completions","body":{"model":"m-1","messages":[""", BatchGiven.Line(client, "a-1", Given.Request()), StringComparison.Ordinal);
    }

    private sealed class Handler(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => send(request, cancellationToken);
    }
}
