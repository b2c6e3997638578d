using System.Text.Json.Nodes;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers.Batches;

public sealed class AnthropicBatchContractTests() : BatchClientContract("anthropic")
{
    protected override string BatchBody => """{"id":"msgbatch_1","type":"message_batch","processing_status":"in_progress","results_url":null}""";

    protected override string ResultId => "https://api.test/v1/messages/batches/msgbatch_1/results";

    protected override JsonNode? BodyOf(JsonNode line) => line["params"];

    protected override string ResultLine(string id, string text) =>
        $$$$$"""{"custom_id":"{{{{{id}}}}}","result":{"type":"succeeded","message":{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":{{{{{JsonValue.Create(text).ToJsonString()}}}}}}],"stop_reason":"end_turn","usage":{"input_tokens":12,"output_tokens":3,"service_tier":"batch"}}}}""";
}

public sealed class AnthropicBatchTests
{
    [Theory]
    [InlineData("{\"a\":1}\n{\"a\":2}\n", """{"requests":[{"a":1},{"a":2}]}""")]
    [InlineData("{\"a\":1}\n{\"a\":2}", """{"requests":[{"a":1},{"a":2}]}""")]
    [InlineData("{\"a\":\"x\\ny\"}\n", """{"requests":[{"a":"x\ny"}]}""")]
    public async Task The_lines_of_the_file_travel_with_the_batch(string text, string sent)
    {
        using var file = new RequestFile(text);
        var http = new ScriptedHttp().Reply(200, """{"id":"msgbatch_1","processing_status":"in_progress"}""");
        var client = BatchGiven.Client(http, "anthropic");

        Assert.Equal("", (await client.UploadAsync(file.Batch, null, BatchGiven.Forget)).Value);
        Assert.Equal("msgbatch_1", (await client.CreateAsync(file.Batch, "")).Value!.Id);

        Assert.Equal(["POST https://api.test/v1/messages/batches"], http.Asked);
        Assert.Equal(sent, http.Sent[0]);
        Assert.Equal(sent.Length, int.Parse(http.Headers["Content-Length"], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(("application/json", "2023-06-01"), (http.Headers["Content-Type"], http.Headers["anthropic-version"]));
    }

    [Theory]
    [InlineData("in_progress", 0, 0, BatchState.Running)]
    [InlineData("canceling", 0, 0, BatchState.Cancelling)]
    [InlineData("ended", 0, 0, BatchState.Completed)]
    [InlineData("ended", 1, 0, BatchState.Cancelled)]
    [InlineData("ended", 0, 1, BatchState.Expired)]
    [InlineData("paused", 0, 0, BatchState.Unknown)]
    public async Task Each_state_is_known(string word, int canceled, int expired, BatchState state)
    {
        var status = await BatchGiven.Status("anthropic", $$"""{"id":"b","processing_status":"{{word}}","request_counts":{"processing":1,"succeeded":2,"errored":3,"canceled":{{canceled}},"expired":{{expired}}},"created_at":"2026-08-20T20:08:31.01Z","expires_at":"2026-08-21T20:08:31Z","ended_at":null}""");
        Assert.Equal((state, word, 6 + canceled + expired), (status.State, status.Word, status.Total));
        Assert.Equal(word == "ended" ? (2, 3) : (null, null), (status.Succeeded, status.Failed));
        Assert.Equal(new DateTimeOffset(2026, 8, 20, 20, 8, 31, 10, TimeSpan.Zero), status.CreatedAt);
        Assert.Null(status.EndedAt);
        Assert.Null(status.Name);
    }

    [Theory]
    [InlineData("https://api.test/v1/messages/batches/b/results?x=1", "https://api.test/v1/messages/batches/b/results?x=1")]
    [InlineData("https://api.anthropic.com/v1/messages/batches/b/results", "https://api.test/v1/messages/batches/b/results")]
    [InlineData("http://api.test/v1/messages/batches/b/results", "https://api.test/v1/messages/batches/b/results")]
    [InlineData("https://api.test@evil.test/x", "https://api.test/v1/messages/batches/b/results")]
    [InlineData("https://api.test:444/x", "https://api.test/v1/messages/batches/b/results")]
    public async Task Results_are_fetched_from_the_host_of_base_url_alone(string told, string fetched)
    {
        var status = await BatchGiven.Status("anthropic", $$"""{"id":"b","processing_status":"ended","results_url":"{{told}}"}""");
        var http = new ScriptedHttp().Reply(200, "x");
        await BatchGiven.Client(http, "anthropic").DownloadAsync(Assert.Single(status.Results), new MemoryStream());
        Assert.Equal(["GET " + fetched], http.Asked);

        var elsewhere = new ScriptedHttp().Reply(200, "x");
        if (told == fetched) return;
        var reply = await BatchGiven.Client(elsewhere, "anthropic").DownloadAsync(new BatchResultFile(told, false), new MemoryStream());
        Assert.Equal(FailureKind.BadRequest, reply.Failure?.Kind);
        Assert.Empty(elsewhere.Asked);
    }

    [Fact]
    public async Task A_list_has_pages()
    {
        var http = new ScriptedHttp().Reply(200, """{"data":[{"id":"b1","processing_status":"ended"}],"has_more":true,"first_id":"b1","last_id":"b1"}""");
        var client = BatchGiven.Client(http, "anthropic");
        Assert.Equal("b1", (await client.ListAsync(null)).Value!.Next);
        await client.ListAsync("b1");
        await client.CancelAsync("b1");
        Assert.Equal(
            ["GET https://api.test/v1/messages/batches?limit=100", "GET https://api.test/v1/messages/batches?limit=100&after_id=b1", "POST https://api.test/v1/messages/batches/b1/cancel"],
            http.Asked);
    }

    [Theory]
    [InlineData("canceled", BatchLineEnd.Cancelled)]
    [InlineData("expired", BatchLineEnd.Expired)]
    public void A_line_that_never_had_its_turn_has_no_result(string type, BatchLineEnd end) => Assert.Equal(
        new BatchAnswer("row-3", end, null), BatchGiven.Read(BatchGiven.Files("anthropic"), $$$"""{"custom_id":"row-3","result":{"type":"{{{type}}}"}}"""));

    [Theory]
    [InlineData("""{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long"},"request_id":"req_1"}""", FailureKind.TooLarge)]
    [InlineData("""{"type":"error","error":{"type":"not_found_error","message":"model: claude-x"}}""", FailureKind.ModelRefused)]
    [InlineData("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", FailureKind.Unavailable)]
    [InlineData("""{"type":"error","error":{"type":"invalid_request_error","message":"output_config.format: not supported"}}""", FailureKind.FormRefused)]
    [InlineData("""{"type":"error","error":{"type":"invalid_request_error","message":"temperature is deprecated for this model"}}""", FailureKind.ParameterRefused)]
    [InlineData("""{"type":"invalid_request_error","message":"max_tokens: must be greater than 0"}""", FailureKind.BadRequest)]
    public void A_line_of_a_refusal_is_read_as_online(string error, FailureKind kind)
    {
        var answer = BatchGiven.Read(BatchGiven.Files("anthropic"), $$$"""{"custom_id":"a","result":{"type":"errored","error":{{{error}}}}}""")!;
        Assert.Equal((BatchLineEnd.Done, kind), (answer.End, answer.Result!.Failure!.Kind));
    }

    [Fact]
    public void A_batch_keeps_no_name_and_its_results_for_29_days()
    {
        var caps = BatchGiven.Client(new ScriptedHttp(), "anthropic").Caps;
        Assert.Equal((100_000, false, TimeSpan.FromDays(29)), (caps.Lines, caps.KeepsName, caps.ResultsKept));
        Assert.InRange(caps.Bytes, 255_000_000, 256_000_000);
    }
}
