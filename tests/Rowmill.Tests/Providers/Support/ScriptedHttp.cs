using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Rowmill.Tests.Providers;

/// <summary>Answers each request with the next canned reply, and keeps what was sent.</summary>
internal sealed class ScriptedHttp : HttpMessageHandler
{
    private readonly Queue<Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>> _script = new();
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The bodies sent, in order.</summary>
    public List<string> Sent { get; } = [];

    /// <summary>The headers of the last request.</summary>
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    public Uri? Url { get; private set; }

    /// <summary>Every request as "METHOD address", in order.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>Completes when the first request has arrived.</summary>
    public Task Reached => _reached.Task.WaitAsync(TimeSpan.FromSeconds(30));

    public ScriptedHttp Reply(int status, string body, params (string Name, string Value)[] headers) =>
        Reply(status, Encoding.UTF8.GetBytes(body), headers);

    public ScriptedHttp Reply(int status, byte[] body, params (string Name, string Value)[] headers) => Then((_, _) =>
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(body) };
        foreach (var (name, value) in headers)
            if (!response.Headers.TryAddWithoutValidation(name, value)) response.Content.Headers.TryAddWithoutValidation(name, value);
        return Task.FromResult(response);
    });

    public ScriptedHttp Throw(Exception exception) => Then((_, _) => throw exception);

    public ScriptedHttp Hang() => Then(async (_, cancellation) =>
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
        throw new InvalidOperationException("unreachable");
    });

    public ScriptedHttp Then(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> reply)
    {
        _script.Enqueue(reply);
        return this;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> reply;
        lock (_script)
        {
            Sent.Add(body);
            Url = request.RequestUri;
            Asked.Add($"{request.Method} {request.RequestUri!.AbsoluteUri}");
            Headers.Clear();
            foreach (var (name, values) in request.Headers.Concat(request.Content?.Headers ?? Enumerable.Empty<KeyValuePair<string, IEnumerable<string>>>())) Headers[name] = string.Join(" ", values);
            reply = _script.Count > 1 ? _script.Dequeue() : _script.Peek(); // the last one is repeated
        }

        _reached.TrySetResult();
        return await reply(request, cancellationToken);
    }

    public static void AssertJson(string expected, string actual) => Assert.True(
        JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"expected {expected}{Environment.NewLine}actual   {actual}");
}
