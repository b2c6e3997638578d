using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Chat;

/// <summary>Sends what is no chat to a route's service. Address, key, limits and refusals are those of its chats.</summary>
internal sealed class ServiceConnection
{
    private readonly ChatProtocol _protocol;
    private readonly HttpChannel _channel;
    private readonly ServiceFailures _failures;
    private readonly SecretMask _mask;
    private readonly KeyValuePair<string, string>[] _headers;

    public ServiceConnection(ChatProtocol protocol, string? key, TimeProvider clock, HttpMessageInvoker http)
    {
        _protocol = protocol;
        _mask = new SecretMask(key);
        _channel = new HttpChannel(http, clock, protocol.Route.BaseUrl, protocol.Route.Timeout);
        _failures = new ServiceFailures(protocol, _mask, clock);
        _headers = [.. key is null ? Array.Empty<KeyValuePair<string, string>>() : [protocol.KeyHeader(key)], .. protocol.Headers, .. HttpChannel.CommonHeaders];
    }

    /// <summary>Sends a request that is charged for.</summary>
    /// <param name="url">Where to.</param>
    /// <param name="content">What; it is disposed.</param>
    /// <param name="sent">The buffer behind it; null when it has none.</param>
    /// <param name="read">Reads the body of a success; a flaw, or a <see cref="JsonException"/>, is a reply that is none.</param>
    /// <param name="kind">What a refusal means where it differs from a chat's; null where it does not.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<ServiceReply<T>> PostAsync<T>(
        Uri url,
        HttpContent content,
        PooledBuffer? sent,
        Func<ReadOnlyMemory<byte>, (T? Value, string? Flaw)> read,
        Func<ServiceError, FailureKind?> kind,
        CancellationToken cancellationToken)
        where T : class
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        var reply = await SendAsync(message, sent, (_, body) => read(body), kind, null, cancellationToken).ConfigureAwait(false);
        // It was worked on, whatever became of its reply.
        return reply.Failure is { HttpStatus: >= 200 and < 300 } failure ? reply with { Failure = failure with { Billed = true } } : reply;
    }

    /// <summary>Sends a request, whatever it is.</summary>
    /// <param name="message">The request; the service's own headers are added to it, where it has no other of the name.</param>
    /// <param name="sent">The buffer behind its content; null when it has none.</param>
    /// <param name="read">Reads headers and body of a success, see <see cref="PostAsync"/>.</param>
    /// <param name="kind">What a refusal means where it differs from a chat's; null where it does not.</param>
    /// <param name="transfer">A file that goes with it or comes back.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<ServiceReply<T>> SendAsync<T>(
        HttpRequestMessage message,
        PooledBuffer? sent,
        Func<HttpResponseMessage, ReadOnlyMemory<byte>, (T? Value, string? Flaw)> read,
        Func<ServiceError, FailureKind?> kind,
        FileTransfer? transfer,
        CancellationToken cancellationToken)
        where T : class
    {
        foreach (var (name, words) in _headers)
            if (!message.Headers.NonValidated.Contains(name)) message.Headers.TryAddWithoutValidation(name, words);
        using var answer = await _channel.SendAsync(message, sent, cancellationToken, transfer).ConfigureAwait(false);
        if (answer.Response is not { } response) return Failed<T>(answer.Failure!, null);
        if (answer.Failure is { } broken) return Failed<T>(broken, response);
        var body = answer.Body!.Memory;
        if (!response.IsSuccessStatusCode)
        {
            var (failure, limits) = Refused(response, body, kind);
            return Failed<T>(failure, response) with { Limits = limits };
        }

        T? value;
        string? flaw;
        try
        {
            (value, flaw) = read(response, body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            (value, flaw) = (null, "is not JSON of its kind");
        }

        if (value is null) return Failed<T>(BadReply(flaw!, response, body), response);
        return new ServiceReply<T>(value, null, RequestId(response), _protocol.Limits(response.Headers, refused: false));
    }

    /// <summary>What a refusal means, be it a response or one that stands within another (as the error of a batch).</summary>
    public (ModelFailure Failure, IReadOnlyList<LimitReading> Limits) Refused(
        HttpResponseMessage response, ReadOnlyMemory<byte> body, Func<ServiceError, FailureKind?> kind)
    {
        var error = ServiceError.Read(body);
        var (failure, limits) = _failures.Of(response, body.Span, StructuredOutput.Text, error);
        return (kind(error) is { } own ? failure with { Kind = own } : failure, limits);
    }

    private ModelFailure BadReply(string flaw, HttpResponseMessage response, ReadOnlyMemory<byte> body) =>
        new(FailureKind.BadReply, $"the reply of {_protocol.Route.BaseUrl} {flaw}") { Evidence = _mask.Hide(Evidence.Of(response, body.Span)) };

    private ServiceReply<T> Failed<T>(ModelFailure failure, HttpResponseMessage? response)
        where T : class => new(
            null,
            failure with { Message = _mask.Hide(Evidence.OneLine(failure.Message)), HttpStatus = failure.HttpStatus ?? (int?)response?.StatusCode },
            response is null || RequestId(response) is not { } id ? null : _mask.Hide(id),
            response is null ? [] : _protocol.Limits(response.Headers, refused: false));

    private string? RequestId(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues(_protocol.RequestIdHeader, out var values) ? values.ToString() : null;
}

/// <summary>What came of a request that is no chat: a value or a failure, never both.</summary>
/// <param name="Value">What it brought.</param>
/// <param name="Failure">Why it brought nothing.</param>
/// <param name="RequestId">The service's own id of the request.</param>
/// <param name="Limits">What the service said of its windows.</param>
internal sealed record ServiceReply<T>(T? Value, ModelFailure? Failure, string? RequestId, IReadOnlyList<LimitReading> Limits)
    where T : class;
