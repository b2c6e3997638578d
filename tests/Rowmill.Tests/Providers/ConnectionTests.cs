using System.Net;
using System.Net.Sockets;
using Rowmill.Core.Models;
using Rowmill.Providers;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Providers;

/// <summary>What real sockets do, below any scripted handler.</summary>
public sealed class ConnectionTests
{
    private const string Body = """{"choices":[{"message":{"content":"{}"}}]}""";
    private readonly VirtualClock _clock = new();

    [Fact]
    public async Task A_whole_reply_arrives_over_one_connection_for_many_requests()
    {
        string? seen = null;
        await using var server = new LoopbackServer((socket, request, _) =>
        {
            seen = request;
            return LoopbackServer.SendAsync(socket, $"HTTP/1.1 200 OK\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");
        });
        var client = Client(server.BaseUrl);
        for (var i = 0; i < 5; i++) Assert.True((await client.AskAsync(Given.Request())).Succeeded);
        Assert.Equal(1, server.Connections);
        Assert.StartsWith("POST /v1/chat/completions HTTP/1.1\r\n", seen, StringComparison.Ordinal);
        Assert.Contains("\r\nUser-Agent: rowmill/0.1\r\n", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("traceparent", seen, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Cookie", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reply_in_pieces_is_put_together()
    {
        await using var server = new LoopbackServer(async (socket, _, _) =>
        {
            await LoopbackServer.SendAsync(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            foreach (var c in Body) await LoopbackServer.SendAsync(socket, $"1\r\n{c}\r\n");
            await LoopbackServer.SendAsync(socket, "0\r\n\r\n");
        });
        Assert.True((await Client(server.BaseUrl).AskAsync(Given.Request())).Succeeded);
    }

    [Fact]
    public async Task Nobody_listening_says_so()
    {
        using var unused = new TcpListener(IPAddress.Loopback, 0);
        unused.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)unused.LocalEndpoint).Port}/v1";
        unused.Stop();
        var failure = (await Client(url).AskAsync(Given.Request())).Failure!;
        Assert.Equal(FailureKind.ConnectionLost, failure.Kind);
        Assert.Equal($"cannot connect to {url}: connection refused; is the server running?", failure.Message);
        Assert.Null(failure.HttpStatus);
    }

    [Fact]
    public async Task A_connection_reset_is_lost()
    {
        await using var server = new LoopbackServer((socket, _, _) =>
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
            return Task.CompletedTask;
        });
        var failure = (await Client(server.BaseUrl).AskAsync(Given.Request())).Failure!;
        Assert.Equal(FailureKind.ConnectionLost, failure.Kind);
        Assert.Contains(server.BaseUrl, failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, server.Connections); // a request that may have been billed is not sent again in silence
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"choices\":[{\"mess")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"cho\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"choices\":[{\"message\":{\"content\":\"{}")]
    public async Task Half_a_reply_is_lost(string half)
    {
        await using var server = new LoopbackServer(async (socket, _, _) =>
        {
            await LoopbackServer.SendAsync(socket, half);
            socket.Shutdown(SocketShutdown.Both);
        });
        var failure = (await Client(server.BaseUrl).AskAsync(Given.Request())).Failure!;
        Assert.Equal(FailureKind.ConnectionLost, failure.Kind);
        Assert.Contains("before the reply was complete", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task A_refusal_whose_body_breaks_off_keeps_its_meaning()
    {
        await using var server = new LoopbackServer(async (socket, _, _) =>
        {
            await LoopbackServer.SendAsync(socket, "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\n{\"err");
            socket.Shutdown(SocketShutdown.Both);
        });
        var failure = (await Client(server.BaseUrl).AskAsync(Given.Request())).Failure!;
        Assert.Equal(FailureKind.RateLimited, failure.Kind);
        Assert.Equal(TimeSpan.FromSeconds(7), failure.RetryAfter);
    }

    [Fact]
    public async Task What_is_not_HTTP_is_a_bad_reply()
    {
        await using var server = new LoopbackServer((socket, _, _) => LoopbackServer.SendAsync(socket, "SSH-2.0-OpenSSH_9.6\r\n\r\n"));
        Assert.Equal(FailureKind.BadReply, (await Client(server.BaseUrl).AskAsync(Given.Request())).Failure!.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"cho")]
    [InlineData("HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\n{\"err")]
    public async Task A_server_that_stops_talking_runs_into_the_timeout(string said)
    {
        var silent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new LoopbackServer(async (socket, _, stop) =>
        {
            await LoopbackServer.SendAsync(socket, said);
            silent.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        });
        var asked = Client(server.BaseUrl).AskAsync(Given.Request()).AsTask();
        await silent.Task.WaitAsync(TimeSpan.FromSeconds(30));
        _clock.Advance(TimeSpan.FromSeconds(60));
        var result = await asked.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(FailureKind.TimedOut, result.Failure?.Kind);
    }

    [Fact]
    public async Task The_callers_cancellation_ends_a_slow_reply()
    {
        using var caller = new CancellationTokenSource();
        await using var server = new LoopbackServer(async (socket, _, stop) =>
        {
            await LoopbackServer.SendAsync(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"cho");
            await caller.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Client(server.BaseUrl).AskAsync(Given.Request(), caller.Token));
    }

    private IModelClient Client(string baseUrl) =>
        ModelClients.Create(Given.Route("openai-compatible", baseUrl: baseUrl), new ApiKeys(_ => Given.Key), _clock);
}
