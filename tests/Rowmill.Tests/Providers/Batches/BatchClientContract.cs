using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Providers.Batches;

/// <summary>What every <see cref="IBatchClient"/> holds to, whatever its wire.</summary>
public abstract class BatchClientContract(string provider)
{
    private static readonly StructuredOutput[] s_forms = Enum.GetValues<StructuredOutput>();
    private readonly VirtualClock _clock = new();

    /// <summary>The body of a request within its line.</summary>
    protected abstract JsonNode? BodyOf(JsonNode line);

    /// <summary>A line of a result file whose reply is given.</summary>
    protected abstract string ResultLine(string id, string text);

    /// <summary>The service's answer with a batch.</summary>
    protected abstract string BatchBody { get; }

    /// <summary>Where results are, as the service's own batch tells.</summary>
    protected abstract string ResultId { get; }

    private IBatchClient Create(HttpMessageHandler http) => BatchGiven.Client(http, Given.Route(provider), _clock);

    [Fact]
    public async Task A_line_is_one_line_and_holds_what_a_chat_would_send()
    {
        var pretty = Encoding.UTF8.GetBytes(JsonNode.Parse(Given.Schema)!.ToJsonString(new() { WriteIndented = true }));
        foreach (var form in s_forms)
        {
            var request = Given.Request(form, "{\"rows\":[{\"id\":1,\"t\":\"é \\\\ \\\" 😀 \\n <b>\"}]}\n") with { ReplySchema = pretty, System = "Answer\nin JSON." };
            var http = new ScriptedHttp().Reply(200, "{}");
            await Given.Client(http, Given.Route(provider)).AskAsync(request);

            foreach (var client in new[] { Create(new ScriptedHttp()), BatchGiven.Files(provider) })
            {
                var line = BatchGiven.Line(client, "rm-1a2b-000001", request);
                Assert.DoesNotContain('\n', line);
                Assert.DoesNotContain('\r', line);
                ScriptedHttp.AssertJson(http.Sent[0], BodyOf(JsonNode.Parse(line)!)!.ToJsonString());
                Assert.Contains("rm-1a2b-000001", line, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\"b")]
    [InlineData("a b")]
    [InlineData("é")]
    public void An_id_that_could_break_a_line_is_a_bug(string id) =>
        Assert.Throws<ArgumentException>(() => BatchGiven.Line(BatchGiven.Files(provider), id, Given.Request()));

    [Fact]
    public void A_result_line_is_read_as_a_reply_is()
    {
        var answer = BatchGiven.Read(Create(new ScriptedHttp()), ResultLine("row-1", "{\"rows\":[\"é😀\"]}"));
        Assert.Equal(("row-1", BatchLineEnd.Done), (answer!.Id, answer.End));
        Assert.Equal("{\"rows\":[\"é😀\"]}", Given.Utf8(answer.Result!.Reply!.Text));
        Assert.Equal(12, answer.Result.Reply.Usage!.Value.Input);
        Assert.Equal(3, answer.Result.Reply.Usage.Value.Output);
    }

    [Fact]
    public void Whatever_a_line_is_nothing_is_thrown()
    {
        var client = Create(new ScriptedHttp());
        var whole = Encoding.UTF8.GetBytes(ResultLine("row-1", "{\"rows\":[{\"id\":1}]}"));
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Null(client.ReadLine(whole.AsSpan(0, length)));
            for (var bit = 0; bit < 8; bit++)
            {
                var mutated = whole.ToArray();
                mutated[length] ^= (byte)(1 << bit);
                client.ReadLine(mutated);
            }
        }

        foreach (var line in new[] { "", "null", "[]", "7", "{}", "\0", "<html>", "{\"custom_id\":\"a\"}", "{\"key\":\"a\"}", ResultLine("", "x"), ResultLine("a", "x") + "{}" })
            Assert.Null(BatchGiven.Read(client, line));
        foreach (var value in new[] { "null", "7", "[]", "\"x\"", "{}", "{\"type\":7}", "{\"status_code\":\"x\"}", "{\"status_code\":-1,\"body\":{}}", "{\"code\":{}}", "[{}]" })
        {
            foreach (var name in new[] { "response", "error", "result", "metadata" })
            {
                BatchGiven.Read(client, $"{{\"custom_id\":\"a\",\"key\":\"a\",\"{name}\":{value}}}");
                BatchGiven.Read(client, $"{{\"custom_id\":\"a\",\"result\":{{\"type\":\"errored\",\"error\":{value}}},\"response\":{{\"status_code\":400,\"body\":{value}}}}}");
            }
        }
    }

    [Fact]
    public void A_request_line_is_no_result() =>
        Assert.Null(BatchGiven.Read(BatchGiven.Files(provider), BatchGiven.Line(BatchGiven.Files(provider), "row-1", Given.Request())));

    [Fact]
    public async Task The_key_travels_in_a_header_and_nowhere_else()
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Reply(200, BatchBody);
        var client = Create(http);
        await client.UploadAsync(file.Batch, null, BatchGiven.Forget);
        await client.CreateAsync(file.Batch, "files/1");
        await client.FindUploadAsync(file.Batch);
        await client.GetAsync("b-1");
        await client.ListAsync("x");
        await client.CancelAsync("b-1");
        Assert.Contains(http.Headers, header => header.Value.Contains(Given.Key, StringComparison.Ordinal));
        Assert.Equal("rowmill/0.1", http.Headers["User-Agent"]);
        Assert.All(http.Asked, asked => Assert.Contains(" https://api.test/", asked, StringComparison.Ordinal));
        Assert.All(http.Asked.Concat(http.Sent), sent => Assert.DoesNotContain(Given.Key, sent, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(401, FailureKind.KeyRefused)]
    [InlineData(402, FailureKind.QuotaExhausted)]
    [InlineData(413, FailureKind.TooLarge)]
    [InlineData(429, FailureKind.RateLimited)]
    [InlineData(503, FailureKind.Unavailable)]
    [InlineData(302, FailureKind.BadRequest)]
    public async Task A_refusal_is_told_for_what_it_is_without_the_key(int status, FailureKind kind)
    {
        using var file = new RequestFile();
        ScriptedHttp http() => new ScriptedHttp().Reply(status, $$$"""{"error":{"message":"bad {{{Given.Key}}}"}}""", ("Location", "https://elsewhere.test/"), ("retry-after", "7"));
        using var to = new MemoryStream();
        ModelFailure?[] failures =
        [
            (await Create(http()).CreateAsync(file.Batch, "files/1")).Failure, (await Create(http()).GetAsync("b-1")).Failure,
            (await Create(http()).ListAsync(null)).Failure, (await Create(http()).CancelAsync("b-1")).Failure,
            (await Create(http()).DownloadAsync(new BatchResultFile(ResultId, false), to)).Failure,
        ];
        foreach (var failure in failures)
        {
            Assert.Equal(kind, failure!.Kind);
            Assert.Equal(status, failure.HttpStatus);
            if (status is 429 or 503) Assert.Equal(TimeSpan.FromSeconds(7), failure.RetryAfter);
            Assert.DoesNotContain(Given.Key, failure.ToString(), StringComparison.Ordinal);
        }

        Assert.Equal(0, to.Length);
    }

    [Fact]
    public async Task A_batch_that_is_over_cannot_be_cancelled_and_that_does_not_pass() => Assert.Equal(
        FailureKind.BadRequest,
        (await Create(new ScriptedHttp().Reply(409, """{"error":{"message":"Cannot cancel a batch with status 'completed'."}}""")).CancelAsync("b-1")).Failure?.Kind);

    [Fact]
    public async Task Whatever_comes_back_is_a_value()
    {
        using var file = new RequestFile();
        var whole = Encoding.UTF8.GetBytes(BatchBody);
        for (var length = 0; length < whole.Length; length++)
        {
            var cut = await Create(new ScriptedHttp().Reply(200, whole[..length])).GetAsync("b-1");
            Assert.Equal(FailureKind.BadReply, cut.Failure?.Kind);
            var mutated = whole.ToArray();
            mutated[length] ^= 0x55;
            await Create(new ScriptedHttp().Reply(200, mutated)).ListAsync(null);
            await Create(new ScriptedHttp().Reply(200, mutated)).CreateAsync(file.Batch, "f");
        }

        foreach (var body in new[] { "", "null", "[]", "7", "{\"data\":7}", "{\"operations\":7}", "{\"data\":[7,{}]}", "{\"files\":[7,{}]}", "{\"id\":7,\"status\":[]}", "{\"name\":{}}" })
        {
            foreach (var status in new[] { 200, 204, 302, 400, 404, 429, 500 })
            {
                Assert.NotNull((await Create(new ScriptedHttp().Reply(status, body)).GetAsync("b-1")).Failure);
                await Create(new ScriptedHttp().Reply(status, body)).ListAsync(null);
                await Create(new ScriptedHttp().Reply(status, body)).FindUploadAsync(file.Batch);
                await Create(new ScriptedHttp().Reply(status, body)).UploadAsync(file.Batch, null, BatchGiven.Forget);
            }
        }
    }

    [Fact]
    public async Task A_cancelled_caller_sends_nothing()
    {
        using var file = new RequestFile();
        var http = new ScriptedHttp().Hang();
        var gone = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Create(http).CreateAsync(file.Batch, "f", gone));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Create(http).DownloadAsync(new BatchResultFile(ResultId, false), Stream.Null, gone));
        Assert.Empty(http.Sent);
    }

    [Fact]
    public async Task Results_of_any_size_are_streamed_and_may_take_any_time()
    {
        const long Size = 40L << 20;
        var http = new ScriptedHttp().Then((_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StreamContent(new SlowStream(Size, 1 << 20, () => _clock.Advance(TimeSpan.FromSeconds(50)))),
        }));
        var to = new CountingStream();

        var reply = await Create(http).DownloadAsync(new BatchResultFile(ResultId, false), to);

        Assert.Null(reply.Failure);
        Assert.Equal((Size, Size), (reply.Value!.Bytes, to.Bytes));
        Assert.Equal(0, _clock.Waiting);
    }

    [Fact]
    public async Task Results_that_stop_on_their_way_are_a_value()
    {
        var stuck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var http = new ScriptedHttp().Then((_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new StuckStream(stuck)) }));
        var to = new CountingStream();
        var asked = Create(http).DownloadAsync(new BatchResultFile(ResultId, false), to).AsTask();
        await stuck.Task.WaitAsync(TimeSpan.FromSeconds(30));
        _clock.Advance(TimeSpan.FromSeconds(60));
        var reply = await asked.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(FailureKind.TimedOut, reply.Failure?.Kind);
        Assert.Equal(3, to.Bytes);
    }

    [Fact]
    public async Task Results_that_break_off_are_a_value_and_a_full_disk_is_not()
    {
        var broken = new ScriptedHttp().Then((_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StreamContent(new SlowStream(3, 1, () => throw new HttpIOException(HttpRequestError.ResponseEnded, "ended"))),
        }));
        Assert.Equal(FailureKind.ConnectionLost, (await Create(broken).DownloadAsync(new BatchResultFile(ResultId, false), new CountingStream())).Failure?.Kind);

        var thrown = await Assert.ThrowsAsync<IOException>(
            async () => await Create(new ScriptedHttp().Reply(200, "abc")).DownloadAsync(new BatchResultFile(ResultId, false), new FullStream()));
        Assert.Equal("disk full", thrown.Message);
    }
}
