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
    private readonly ServiceFailures _failures;
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
        _failures = new ServiceFailures(protocol, _mask, clock);
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
        if (answer.Response is not { } response) return Failed(answer.Failure!);
        if (answer.Failure is { } broken)
            return Failed(response.IsSuccessStatusCode ? Salvaged(broken, answer.Body!.Memory) : broken, response);
        if (response.IsSuccessStatusCode) return Read(response, answer.Body!.Memory, request, body.Length);

        var error = ServiceError.Read(answer.Body!.Memory);
        var refused = Refused(response, answer.Body.Memory, request, error);
        // Every request is the caller's to count, so the next one is written the other way.
        if ((int)response.StatusCode is not (400 or 422) || _protocol.Heed(error, request, habits) is not { } taught) return refused;
        Interlocked.CompareExchange(ref _habits, taught, habits);
        return refused with { Failure = refused.Failure! with { Kind = FailureKind.ParameterRefused } };
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

    private ModelResult Read(HttpResponseMessage response, ReadOnlyMemory<byte> body, ModelRequest request, int sent)
    {
        WireReply reply;
        try
        {
            reply = _protocol.Read(body.Span);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Failed(
                JsonText.IsCutOff(body.Span)
                    ? Salvaged(new ModelFailure(FailureKind.ConnectionLost, $"{_route.BaseUrl} closed the connection before the reply was complete"), body)
                    : BadReply("is not JSON of its kind", response, body, billed: false),
                response);
        }

        if (reply.HasError && !reply.HasMessage) return Refused(response, body, request, ServiceError.Read(body));
        if (reply.Blocked is { } why)
        {
            var blocked = new ModelFailure(FailureKind.Filtered, $"the service blocked the prompt: {why}") { Usage = reply.Usage, Billed = reply.Usage is { Output: > 0 } };
            return Failed(blocked, response);
        }


        if (reply.BrokeOff is { } broke) return Failed(Broken(broke, reply.Text), response);
        if (!reply.HasMessage) return Failed(BadReply("holds no message of a model", response, body, billed: reply.Usage is not null), response);
        if (_protocol.Doubt(reply, request, sent) is { } doubt) return Failed(doubt, response);

        var refused = !string.IsNullOrEmpty(reply.Refusal);
        var usage = UsageBounds.Of(_route, request, sent, body.Length).Believed(_protocol.Counted(reply, request));
        return new ModelResult
        {
            Reply = new ModelReply(reply.Text ?? [], refused ? ReplyEnding.Refused : reply.Ending, usage)
            {
                Refusal = refused ? reply.Refusal : null,
            },
            RequestId = RequestId(response) ?? reply.Id,
            Limits = _protocol.Limits(response.Headers, refused: false),
        };
    }

    /// <summary>A reply that broke off on its way was written, and is charged for: what came of it is kept.</summary>
    private ModelFailure Salvaged(ModelFailure broken, ReadOnlyMemory<byte> body)
    {
        broken = broken with { Billed = true };
        if (JsonText.Closed(body.Span) is not { } closed) return broken;
        try
        {
            return broken with { PartialText = _protocol.Read(closed).Text };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return broken; // it broke off before anything of use
        }
    }

    /// <summary>A stream whose end never came: its text counts as that of a connection that broke; without any it was an outage.</summary>
    private static ModelFailure Broken(string why, byte[]? text) => text is { Length: > 0 }
        ? new ModelFailure(FailureKind.ConnectionLost, $"the reply broke off: {why}") { Billed = true, PartialText = text }
        : new ModelFailure(FailureKind.Unavailable, why);

    private ModelFailure BadReply(string what, HttpResponseMessage response, ReadOnlyMemory<byte> body, bool billed) =>
        new(FailureKind.BadReply, $"the reply of {_route.BaseUrl} {what}; does base_url lead to a service of the kind '{_route.Provider}'?")
        {
            HttpStatus = (int)response.StatusCode,
            Evidence = _mask.Hide(Evidence.Of(response, body.Span)),
            Billed = billed,
        };

    private ModelResult Refused(HttpResponseMessage response, ReadOnlyMemory<byte> body, ModelRequest request, ServiceError error)
    {
        var (failure, limits) = _failures.Of(response, body, request.Form, error);
        return Failed(failure, response) with { Limits = limits };
    }

    private ModelResult Failed(ModelFailure failure, HttpResponseMessage? response = null) => new()
    {
        Failure = failure with { Message = _mask.Hide(Evidence.OneLine(failure.Message)), HttpStatus = failure.HttpStatus ?? (int?)response?.StatusCode },
        RequestId = response is null || RequestId(response) is not { } id ? null : _mask.Hide(id),
        Limits = response is null ? [] : _protocol.Limits(response.Headers, refused: false),
    };

    private string? RequestId(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues(_protocol.RequestIdHeader, out var values) ? values.ToString() : null;

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
