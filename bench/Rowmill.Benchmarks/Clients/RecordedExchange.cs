using System.Net;
using System.Net.Http.Headers;

namespace Rowmill.Benchmarks.Clients;

/// <summary>Passes the first request on and keeps it with its reply; every later one is read to its end and gets that reply again.</summary>
internal sealed class RecordedExchange(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private KeyValuePair<string, IEnumerable<string>>[] _headers = [];
    private KeyValuePair<string, IEnumerable<string>>[] _replyHeaders = [];
    private Uri? _url;

    /// <summary>The request's body.</summary>
    public byte[] Sent { get; private set; } = [];

    /// <summary>The reply's body.</summary>
    public byte[] Reply { get; private set; } = [];

    /// <summary>Sends the same request without a client around it, and reads the reply.</summary>
    public async ValueTask SendAsync(HttpMessageInvoker http, byte[] buffer)
    {
        var content = new ByteArrayContent(Sent);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = content };
        foreach (var (name, values) in _headers) request.Headers.TryAddWithoutValidation(name, values);
        using var response = await http.SendAsync(request, CancellationToken.None);
        await using var stream = await response.Content.ReadAsStreamAsync();
        while (await stream.ReadAsync(buffer) > 0)
        {
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (_url is null) await RecordAsync(request, cancellationToken);
        else await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
        var content = new ByteArrayContent(Reply);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.ContentLength = Reply.Length;
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
        foreach (var (name, values) in _replyHeaders) response.Headers.TryAddWithoutValidation(name, values);
        return response;
    }

    private async Task RecordAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Sent = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
        _headers = [.. request.Headers];
        using var response = await base.SendAsync(request, cancellationToken);
        Reply = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (!response.IsSuccessStatusCode) throw new InvalidOperationException($"{request.RequestUri}: {response.StatusCode}");
        _replyHeaders = [.. response.Headers];
        _url = request.RequestUri;
    }
}
