using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;
using Rowmill.Providers.Limits;

namespace Rowmill.Providers.OpenAi;

/// <summary>Chat completions as OpenAI defined them, for every service that speaks them.</summary>
internal sealed class OpenAiChatClient : IModelClient
{
    private const int LargestReply = 32 << 20;
    private const int LargestError = 1 << 20;

    // A timer takes no more (49.7 days).
    private static readonly TimeSpan s_longestTimeout = TimeSpan.FromMilliseconds(uint.MaxValue - 1.0);

    private readonly Route _route;
    private readonly TimeProvider _clock;
    private readonly HttpMessageInvoker _http;
    private readonly OpenAiRequestWriter _writer;
    private readonly OpenAiFailures _failures;
    private readonly HeaderMeaning _meaning;
    private readonly SecretMask _mask;
    private readonly Uri _url;
    private readonly TimeSpan _timeout;
    private readonly KeyValuePair<string, string>[] _headers;
    private volatile string _outputLimit;
    private volatile bool _limitChanged;

    public OpenAiChatClient(Route route, OpenAiDialect dialect, string? key, TimeProvider clock, HttpMessageInvoker http)
    {
        _route = route;
        _clock = clock;
        _http = http;
        _mask = new SecretMask(key);
        _writer = new OpenAiRequestWriter(route.Model);
        _meaning = dialect.Headers;
        _failures = new OpenAiFailures(route, _meaning, _mask, clock);
        _url = new Uri(dialect.ChatUrl(route.BaseUrl));
        _timeout = route.Timeout > s_longestTimeout ? s_longestTimeout : route.Timeout;
        _outputLimit = dialect.OutputLimit;
        StructuredOutput = dialect.Prefers(route.Model);
        // Without a User-Agent, Cloudflare in front of Groq answers 403 "error code: 1010".
        KeyValuePair<string, string>[] common = [new("User-Agent", "rowmill/0.1"), new("Accept", "application/json")];
        _headers = key is null ? common : [new("Authorization", "Bearer " + key), .. common];
    }

    /// <inheritdoc/>
    public StructuredOutput StructuredOutput { get; }

    /// <inheritdoc/>
    public async ValueTask<ModelResult> AskAsync(ModelRequest request, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var deadline = new CancellationTokenSource(_timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            var limit = _outputLimit;
            var (result, limitRefused) = await SendAsync(request, limit, either.Token).ConfigureAwait(false);
            if (!limitRefused) return result;
            // The service wants the other name. Every request is the caller's to count, so the next one carries it; a service that
            // refuses both names is told of as it is.
            if (limit == _outputLimit)
            {
                if (_limitChanged) return result;
                (_limitChanged, _outputLimit) = (true, OpenAiDialect.OtherLimit(limit));
            }

            return result with { Failure = result.Failure! with { Kind = FailureKind.ParameterRefused } };
        }
        catch (Exception e) when (e is OperationCanceledException || ConnectionFailures.Covers(e))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (deadline.IsCancellationRequested)
                return Failed(new ModelFailure(FailureKind.TimedOut, $"no reply from {_route.BaseUrl} within {_timeout.TotalSeconds:0.###} s"));
            return Failed(ConnectionFailures.Of(e, _route.BaseUrl));
        }
    }

    /// <inheritdoc/>
    public RequestPreview Preview(ModelRequest request)
    {
        using var body = new PooledBuffer(1024);
        _writer.Write(body, request, _outputLimit);
        using var message = Message(body);
        message.Content!.Headers.ContentLength = body.Length;
        var headers = message.Headers.NonValidated.Concat(message.Content.Headers.NonValidated).Select(header => KeyValuePair.Create(
            header.Key, header.Key == "Authorization" ? "Bearer " + _mask.Shown : _mask.Hide(header.Value.ToString())));
        return new RequestPreview(message.Method.Method, _mask.Hide(_url.AbsoluteUri), headers.ToList(), Indented(body.Memory));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> SchemaLosses(ModelRequest request) => _writer.SchemaLosses(request);

    private async ValueTask<(ModelResult Result, bool LimitRefused)> SendAsync(ModelRequest request, string limit, CancellationToken cancellation)
    {
        using var body = new PooledBuffer(4096);
        _writer.Write(body, request, limit);
        using var message = Message(body);
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(message, cancellation).ConfigureAwait(false);
        }
        catch
        {
            body.Abandon(); // a connection that is being torn down may still read it
            throw;
        }

        using (response)
        {
            using var reply = new PooledBuffer(ExpectedLength(response));
            if (response.IsSuccessStatusCode)
            {
                var whole = await ReadAsync(response, reply, LargestReply, cancellation).ConfigureAwait(false);
                return (whole ? Read(response, reply.Memory, request, body.Length) : Failed(
                    new ModelFailure(FailureKind.BadReply, $"the reply of {_route.BaseUrl} is longer than 32 MB"), response), false);
            }

            await ReadErrorAsync(response, reply, cancellation).ConfigureAwait(false);
            var error = ServiceError.Read(reply.Memory);
            var refused = (int)response.StatusCode is 400 or 422 && OpenAiFailures.RefusesLimitName(error, limit);
            return (Refused(response, reply.Memory, request, error), refused);
        }
    }

    private HttpRequestMessage Message(PooledBuffer body)
    {
        var content = new ByteArrayContent(body.Array, 0, body.Length);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        var message = new HttpRequestMessage(HttpMethod.Post, _url) { Content = content };
        foreach (var (name, value) in _headers) message.Headers.TryAddWithoutValidation(name, value);
        return message;
    }

    private ModelResult Read(HttpResponseMessage response, ReadOnlyMemory<byte> body, ModelRequest request, int sent)
    {
        OpenAiReply reply;
        try
        {
            reply = OpenAiReply.Read(body.Span);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Failed(
                JsonText.IsCutOff(body.Span)
                    ? new ModelFailure(FailureKind.ConnectionLost, $"{_route.BaseUrl} closed the connection before the reply was complete")
                    : BadReply("is not JSON", response, body, billed: false),
                response);
        }

        if (!reply.HasMessage)
        {
            return reply.HasError
                ? Refused(response, body, request, ServiceError.Read(body))
                : Failed(BadReply("holds no choice with a message", response, body, billed: reply.Usage is not null), response);
        }

        var refused = !string.IsNullOrEmpty(reply.Refusal);
        var usage = UsageBounds.Of(_route, request, sent, body.Length).Believed(reply.Usage);
        return new ModelResult
        {
            Reply = new ModelReply(reply.Text ?? [], refused ? ReplyEnding.Refused : reply.Ending, usage)
            {
                Refusal = refused ? reply.Refusal : null,
            },
            RequestId = RequestId(response) ?? reply.Id,
            Limits = LimitHeaders.Read(response.Headers, _meaning, refused: false),
        };
    }

    private ModelFailure BadReply(string what, HttpResponseMessage response, ReadOnlyMemory<byte> body, bool billed) =>
        new(FailureKind.BadReply, $"the reply of {_route.BaseUrl} {what}; does base_url lead to a chat completions service?")
        {
            HttpStatus = (int)response.StatusCode,
            Evidence = _mask.Hide(Evidence.Of(response, body.Span)),
            Billed = billed,
        };

    private ModelResult Refused(HttpResponseMessage response, ReadOnlyMemory<byte> body, ModelRequest request, ServiceError error)
    {
        var (failure, limits) = _failures.Of(response, body, request, error);
        return Failed(failure, response) with { Limits = limits };
    }

    private ModelResult Failed(ModelFailure failure, HttpResponseMessage? response = null) => new()
    {
        Failure = failure with { Message = _mask.Hide(Evidence.OneLine(failure.Message)), HttpStatus = failure.HttpStatus ?? (int?)response?.StatusCode },
        RequestId = response is null || RequestId(response) is not { } id ? null : _mask.Hide(id),
        Limits = response is null ? [] : LimitHeaders.Read(response.Headers, _meaning, refused: false),
    };

    private static string? RequestId(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("x-request-id", out var values) ? values.ToString() : null;

    private static int ExpectedLength(HttpResponseMessage response) =>
        response.Content.Headers.ContentLength is { } length and < LargestReply ? (int)length + 1 : 16384;

    /// <summary>Reads to the end; false when there is more than the reader takes.</summary>
    private static async ValueTask<bool> ReadAsync(HttpResponseMessage response, PooledBuffer into, int most, CancellationToken cancellation)
    {
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            while (true)
            {
                var read = await stream.ReadAsync(into.GetMemory(), cancellation).ConfigureAwait(false);
                if (read == 0) return true;
                into.Advance(read);
                if (into.Length > most) return false;
            }
        }
        catch (OperationCanceledException)
        {
            into.Abandon(); // as above
            throw;
        }
    }

    // The status is known; a body that breaks off does not change what it means.
    private static async ValueTask ReadErrorAsync(HttpResponseMessage response, PooledBuffer into, CancellationToken cancellation)
    {
        try
        {
            await ReadAsync(response, into, LargestError, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (ConnectionFailures.Covers(e))
        {
            cancellation.ThrowIfCancellationRequested();
        }
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
