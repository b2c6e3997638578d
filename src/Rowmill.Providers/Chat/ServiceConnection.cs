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

    /// <summary>Sends a request.</summary>
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
        foreach (var (name, words) in _headers) message.Headers.TryAddWithoutValidation(name, words);
        using var answer = await _channel.SendAsync(message, sent, cancellationToken).ConfigureAwait(false);
        if (answer.Response is not { } response) return Failed<T>(answer.Failure!, null);
        if (answer.Failure is { } broken) return Failed<T>(response.IsSuccessStatusCode ? broken with { Billed = true } : broken, response);
        var body = answer.Body!.Memory;
        if (!response.IsSuccessStatusCode)
        {
            var error = ServiceError.Read(body);
            var (failure, limits) = _failures.Of(response, body, StructuredOutput.Text, error);
            return Failed<T>(kind(error) is { } own ? failure with { Kind = own } : failure, response) with { Limits = limits };
        }

        T? value;
        string? flaw;
        try
        {
            (value, flaw) = read(body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            (value, flaw) = (null, "is not JSON of its kind");
        }

        if (value is null) return Failed<T>(BadReply(flaw!, response, body), response);
        return new ServiceReply<T>(value, null, RequestId(response), _protocol.Limits(response.Headers, refused: false));
    }

    private ModelFailure BadReply(string flaw, HttpResponseMessage response, ReadOnlyMemory<byte> body) =>
        new(FailureKind.BadReply, $"the reply of {_protocol.Route.BaseUrl} {flaw}") { Billed = true, Evidence = _mask.Hide(Evidence.Of(response, body.Span)) };

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
