using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Providers;

/// <summary>What every <see cref="IModelClient"/> holds to, whatever its wire.</summary>
public abstract class ModelClientContract
{
    private readonly VirtualClock _clock = new();

    /// <summary>The client under test, with <see cref="Given.Key"/> as its key and a timeout of a minute.</summary>
    protected abstract IModelClient Create(HttpMessageHandler http, TimeProvider clock);

    /// <summary>A reply of the service whose text is given.</summary>
    protected abstract string ReplyBody(string text);

    [Fact]
    public async Task A_reply_is_the_models_text()
    {
        var result = await Create(new ScriptedHttp().Reply(200, ReplyBody("{\"rows\":[\"é😀\"]}")), _clock).AskAsync(Given.Request());
        Assert.True(result.Succeeded);
        Assert.Equal("{\"rows\":[\"é😀\"]}", Given.Utf8(result.Reply.Text));
        Assert.Equal(ReplyEnding.Complete, result.Reply.Ending);
    }

    [Fact]
    public async Task The_callers_cancellation_propagates()
    {
        using var caller = new CancellationTokenSource();
        var http = new ScriptedHttp().Hang();
        var asked = Create(http, _clock).AskAsync(Given.Request(), caller.Token).AsTask();
        await http.Reached;
        await caller.CancelAsync();
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        Assert.Equal(caller.Token, thrown.CancellationToken);
    }

    [Fact]
    public async Task A_cancelled_caller_sends_nothing()
    {
        var http = new ScriptedHttp().Hang();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Create(http, _clock).AskAsync(Given.Request(), new CancellationToken(canceled: true)));
        Assert.Empty(http.Sent);
    }

    [Fact]
    public async Task A_timeout_is_a_value_and_leaves_no_timer()
    {
        var http = new ScriptedHttp().Hang();
        var asked = Create(http, _clock).AskAsync(Given.Request()).AsTask();
        await http.Reached;
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(asked.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var result = await asked.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(FailureKind.TimedOut, result.Failure?.Kind);
        Assert.Contains("60 s", result.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(0, _clock.Waiting);
    }

    [Fact]
    public async Task A_broken_connection_is_a_value()
    {
        var refused = new HttpRequestException(
            HttpRequestError.ConnectionError, "no", new SocketException((int)SocketError.ConnectionRefused));
        var result = await Create(new ScriptedHttp().Throw(refused), _clock).AskAsync(Given.Request());
        Assert.Equal(FailureKind.ConnectionLost, result.Failure?.Kind);
        Assert.Contains("connection refused; is the server running?", result.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bug_in_the_stack_is_not_swallowed() =>
        await Assert.ThrowsAsync<NotSupportedException>(
            async () => await Create(new ScriptedHttp().Throw(new NotSupportedException()), _clock).AskAsync(Given.Request()));

    [Fact]
    public async Task The_key_travels_in_a_header_and_nowhere_else()
    {
        var http = new ScriptedHttp().Reply(200, ReplyBody("{}"));
        await Create(http, _clock).AskAsync(Given.Request(StructuredOutput.StrictSchema));
        Assert.Contains(http.Headers, header => header.Value.Contains(Given.Key, StringComparison.Ordinal));
        Assert.DoesNotContain(Given.Key, http.Url!.AbsoluteUri, StringComparison.Ordinal);
        Assert.DoesNotContain(Given.Key, http.Sent[0], StringComparison.Ordinal);
        Assert.Equal("rowmill/0.1", http.Headers["User-Agent"]);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(413)]
    [InlineData(429)]
    [InlineData(503)]
    public async Task The_key_appears_in_no_failure_however_the_service_echoes_it(int status)
    {
        string[] echoes =
        [
            Given.Key, Given.Key.ToUpperInvariant(), Given.Key[..20], Given.Key[10..], Given.Key[..4] + "**********" + Given.Key[^4..],
            Given.Key[..6] + "..." + Given.Key[^4..], Uri.EscapeDataString(Given.Key),
        ];
        foreach (var echo in echoes)
        {
            string[] bodies =
            [
                $$$"""{"error":{"message":"bad key {{{echo}}}, sorry","type":"x","code":"{{{echo}}}"}}""",
                $$$"""{"error":{"message":{{{JsonValue.Create("bad key " + echo).ToJsonString()}}}}}""",
                $$"""{"error":"bad key '{{echo.Replace("/", "\\/", StringComparison.Ordinal)}}'"}""",
                $"<html><title>bad key={echo}</title></html>",
                $"Bearer {echo}",
            ];
            foreach (var body in bodies)
            {
                var http = new ScriptedHttp().Reply(status, body, ("x-request-id", echo), ("x-ratelimit-key", echo), ("retry-after", echo));
                var result = await Create(http, _clock).AskAsync(Given.Request());
                Assert.False(result.Succeeded);
                var told = $"{result} {result.Failure.Message} {result.Failure.Evidence} {result.RequestId}";
                AssertSecret(told);
                Assert.DoesNotContain("**********", told, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_preview_shows_exactly_what_is_sent_without_the_key()
    {
        var http = new ScriptedHttp().Reply(200, ReplyBody("{}"));
        var client = Create(http, _clock);
        var request = Given.Request(StructuredOutput.StrictSchema, """{"rows":[{"id":1,"t":"é \\ \" 😀 <b>"}]}""");
        var preview = client.Preview(request);
        await client.AskAsync(request);
        AssertSecret(preview + string.Join('\n', preview.Headers));
        Assert.Equal("POST", preview.Method);
        Assert.Equal(http.Url!.AbsoluteUri, preview.Url);
        ScriptedHttp.AssertJson(http.Sent[0], preview.Body);
        Assert.Contains('\n', preview.Body);
        Assert.Equal(http.Headers.Keys.Order(StringComparer.Ordinal), preview.Headers.Select(h => h.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Whatever_comes_back_nothing_is_thrown()
    {
        var whole = Encoding.UTF8.GetBytes(ReplyBody("{\"rows\":[{\"id\":1}]}"));
        for (var length = 0; length < whole.Length; length++)
        {
            var cut = await Create(new ScriptedHttp().Reply(200, whole[..length]), _clock).AskAsync(Given.Request());
            Assert.Contains(cut.Failure!.Kind, new[] { FailureKind.ConnectionLost, FailureKind.BadReply });
            var mutated = whole.ToArray();
            mutated[length] ^= 0x55;
            await Create(new ScriptedHttp().Reply(length % 2 == 0 ? 200 : 429, mutated), _clock).AskAsync(Given.Request());
        }

        foreach (var body in new[] { "", "null", "[]", "42", "\"x\"", "{}", "{\"error\":null}", "{\"error\":7}", "[[]]", "\0", "<html>" })
            foreach (var status in new[] { 200, 204, 302, 400, 404, 429, 500 })
                Assert.False((await Create(new ScriptedHttp().Reply(status, body), _clock).AskAsync(Given.Request())).Succeeded);
    }

    [Fact]
    public async Task A_reply_that_breaks_off_keeps_what_came_of_its_text_and_counts_as_paid()
    {
        const string Text = """{"rows":[{"id":1,"mood":"High"},{"id":2,"mood":"Low"}]}""";
        var whole = ReplyBody(Text);
        var cut = whole[..(whole.IndexOf("Low", StringComparison.Ordinal) + 1)];
        var result = await Create(new ScriptedHttp().Reply(200, cut), _clock).AskAsync(Given.Request());
        Assert.Equal(FailureKind.ConnectionLost, result.Failure?.Kind);
        Assert.True(result.Failure!.Billed);
        Assert.Equal(Text[..(Text.IndexOf("Low", StringComparison.Ordinal) + 1)], Given.Utf8(result.Failure.PartialText));
    }

    [Fact]
    public async Task A_client_serves_many_callers_at_once_and_mixes_nothing_up()
    {
        var http = new ScriptedHttp().Then(async (request, cancellation) =>
        {
            var sent = await request.Content!.ReadAsStringAsync(cancellation);
            await Task.Yield();
            var row = System.Text.RegularExpressions.Regex.Match(sent, "row-\\d+", default, TimeSpan.FromSeconds(5)).Value;
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(ReplyBody(row)) };
        });
        var client = Create(http, _clock);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async n =>
        {
            var result = await client.AskAsync(Given.Request(StructuredOutput.StrictSchema, $"row-{n} {new string('x', n * 50)}"));
            Assert.Equal($"row-{n}", Given.Utf8(result.Reply!.Text));
        }));
    }

    private static void AssertSecret(string told)
    {
        foreach (var form in new[] { told, told.Replace("\\/", "/", StringComparison.Ordinal), Uri.UnescapeDataString(told) })
            for (var i = 0; i + 12 <= Given.Key.Length; i++)
                Assert.DoesNotContain(Given.Key.Substring(i, 12), form, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(JavaScriptEncoder.Default.Encode(Given.Key), told, StringComparison.OrdinalIgnoreCase);
    }
}
