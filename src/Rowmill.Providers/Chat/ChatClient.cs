using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Chat;

/// <summary>Asks one route over whichever wire its provider speaks.</summary>
internal sealed class ChatClient : IModelClient
{
    private readonly ChatProtocol _protocol;
    private readonly HttpChannel _channel;
    private readonly RequestTemplates _templates;
    private readonly ChatReplies _replies;
    private readonly SecretMask _mask;
    private readonly Route _route;
    private readonly string? _keyHeader;
    private readonly KeyValuePair<string, string>[] _headers;
    private WireHabits _habits;

    public ChatClient(ChatProtocol protocol, string? key, TimeProvider clock, HttpMessageInvoker http)
    {
        _protocol = protocol;
        _route = protocol.Route;
        _mask = new SecretMask(key);
        _channel = new HttpChannel(http, clock, _route.BaseUrl, _route.Timeout);
        _templates = new RequestTemplates(protocol);
        _replies = new ChatReplies(protocol, _mask, clock);
        _habits = protocol.Habits;
        KeyValuePair<string, string>[] common = [.. protocol.Headers, .. HttpChannel.CommonHeaders];
        if (key is null)
        {
            _headers = common;
            return;
        }

        var auth = protocol.KeyHeader(key);
        _keyHeader = auth.Key;
        _headers = [auth, .. common];
    }

    /// <inheritdoc/>
    public StructuredOutput StructuredOutput => _protocol.Best;

    /// <inheritdoc/>
    public async ValueTask<ModelResult> AskAsync(ModelRequest request, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var habits = Volatile.Read(ref _habits);
        request = Sized(request, habits);
        var result = await AskAsync(request, habits, cancellationToken).ConfigureAwait(false);
        return request.ContextTokens == 0 ? result : result with { ContextTokens = request.ContextTokens };
    }

    /// <inheritdoc/>
    public RequestPreview Preview(ModelRequest request)
    {
        using var body = new PooledBuffer(1024);
        var habits = Volatile.Read(ref _habits);
        _templates.For(request, habits).Write(body, Sized(request, habits));
        using var message = Message(body);
        message.Content!.Headers.ContentLength = body.Length;
        var headers = message.Headers.NonValidated.Concat(message.Content.Headers.NonValidated).Select(header => KeyValuePair.Create(
            header.Key, header.Key == _keyHeader ? _protocol.KeyHeader(_mask.Shown).Value : _mask.Hide(header.Value.ToString())));
        return new RequestPreview(message.Method.Method, _mask.Hide(_protocol.Url.AbsoluteUri), headers.ToList(), Indented(body.Memory));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Losses(ModelRequest request) => _templates.For(request, Volatile.Read(ref _habits)).Losses;

    private async ValueTask<ModelResult> AskAsync(ModelRequest request, WireHabits habits, CancellationToken cancellationToken)
    {
        using var body = new PooledBuffer(4096);
        _templates.For(request, habits).Write(body, request);
        using var message = Message(body);
        using var answer = await _channel.SendAsync(message, body, cancellationToken).ConfigureAwait(false);
        if (answer.Response is not { } response) return _replies.Failed(answer.Failure!);
        var received = answer.Body!.Span;
        if (answer.Failure is { } broken)
            return _replies.Failed(response.IsSuccessStatusCode ? _replies.Salvaged(broken, received) : broken, response);
        if (response.IsSuccessStatusCode) return _replies.Read(response, received, request, UsageBounds.Of(_route, request, body.Length, received.Length), body.Length);

        var error = ServiceError.Read(answer.Body.Memory);
        var refused = _replies.Refused(response, received, request.Form, error);
        // Every request is the caller's to count, so the next one is written the other way.
        if (_replies.Taught(response, error, request, habits) is not { } taught) return refused;
        Interlocked.CompareExchange(ref _habits, taught, habits);
        return ChatReplies.AsParameterRefused(refused);
    }

    private ModelRequest Sized(ModelRequest request, WireHabits habits)
    {
        var context = _protocol.Context(request, habits);
        return context == 0 ? request : request with { ContextTokens = context };
    }

    private HttpRequestMessage Message(PooledBuffer body)
    {
        var content = new ByteArrayContent(body.Array, 0, body.Length);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        var message = new HttpRequestMessage(HttpMethod.Post, _protocol.Url) { Content = content };
        foreach (var (name, value) in _headers) message.Headers.TryAddWithoutValidation(name, value);
        return message;
    }

    private static string Indented(ReadOnlyMemory<byte> body)
    {
        using var json = JsonDocument.Parse(body);
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(
            text, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }
}
