using System.Net;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Batches;

/// <summary>The exchanges of a service's batch API. They count in windows of their own, so of what is said of limits only the queue's is passed on.</summary>
/// <param name="connection">Sends.</param>
/// <param name="baseUrl">The only host that is sent to.</param>
/// <param name="kind">What a refusal means where it differs from a chat's; null where it does not.</param>
internal sealed class BatchConnection(ServiceConnection connection, string baseUrl, Func<ServiceError, FailureKind?> kind)
{
    private readonly Uri _base = new(baseUrl);

    /// <summary>Asks for something.</summary>
    public ValueTask<BatchReply<T>> GetAsync<T>(string url, Func<JsonElement, (T? Value, string? Flaw)> read, CancellationToken cancellationToken)
        where T : class => SendAsync(new HttpRequestMessage(HttpMethod.Get, url), Json(read), null, cancellationToken);

    /// <summary>Sends something that is JSON, or nothing.</summary>
    public ValueTask<BatchReply<T>> PostAsync<T>(
        string url, Action<Utf8JsonWriter>? write, Func<JsonElement, (T? Value, string? Flaw)> read, CancellationToken cancellationToken)
        where T : class => SendAsync(new HttpRequestMessage(HttpMethod.Post, url) { Content = Content(write) }, Json(read), null, cancellationToken);

    /// <summary>Sends a request; it is disposed.</summary>
    public async ValueTask<BatchReply<T>> SendAsync<T>(
        HttpRequestMessage message,
        Func<HttpResponseMessage, ReadOnlyMemory<byte>, (T? Value, string? Flaw)> read,
        FileTransfer? transfer,
        CancellationToken cancellationToken)
        where T : class
    {
        using (message)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // The last guard: whatever address a service told, its key goes nowhere else.
            if (!IsOurs(message.RequestUri!)) throw new InvalidOperationException($"{message.RequestUri!.Host} is not the host of {baseUrl}");
            var reply = await connection.SendAsync(message, null, read, kind, transfer, cancellationToken).ConfigureAwait(false);
            return new BatchReply<T> { Value = reply.Value, Failure = Own(reply.Failure), Limits = OfQueue(reply.Limits) };
        }
    }

    /// <summary>True for an address of the very service that the base address leads to.</summary>
    public bool IsOurs(Uri url) =>
        url.IsAbsoluteUri && url.UserInfo.Length == 0 && Uri.Compare(url, _base, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    /// <summary>What the error of a batch as a whole means.</summary>
    /// <param name="status">The HTTP status it would have online.</param>
    /// <param name="body">It, as the body of a refusal.</param>
    public (ModelFailure Failure, IReadOnlyList<LimitReading> Limits) Refused(int status, ReadOnlyMemory<byte> body)
    {
        using var response = new HttpResponseMessage((HttpStatusCode)status);
        var (failure, limits) = connection.Refused(response, body, kind);
        return (Own(failure with { HttpStatus = null })!, OfQueue(limits));
    }

    /// <summary>A JSON object.</summary>
    public static byte[] Body(Action<Utf8JsonWriter> write)
    {
        using var buffer = new PooledBuffer(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.Span.ToArray();
    }

    /// <summary>A JSON object as the content of a request; empty content for none.</summary>
    public static ByteArrayContent Content(Action<Utf8JsonWriter>? write)
    {
        if (write is null) return new ByteArrayContent([]);
        var content = new ByteArrayContent(Body(write));
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        return content;
    }

    /// <summary>A reader of JSON as one of bytes.</summary>
    public static Func<HttpResponseMessage, ReadOnlyMemory<byte>, (T? Value, string? Flaw)> Json<T>(Func<JsonElement, (T? Value, string? Flaw)> read)
        where T : class => (_, body) =>
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind is JsonValueKind.Object ? read(json.RootElement) : (null, "is not an object");
        };

    private static ModelFailure? Own(ModelFailure? failure) =>
        failure?.Window is null or LimitNames.EnqueuedTokens ? failure : failure with { Window = null };

    private static IReadOnlyList<LimitReading> OfQueue(IReadOnlyList<LimitReading> limits) => [.. limits.Where(l => l.Window == LimitNames.EnqueuedTokens)];
}
