using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Gemini;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Batches;

/// <summary>Google's batches (ai.google.dev/api/batch-api) and the files they are made of (ai.google.dev/api/files).</summary>
internal sealed class GeminiBatches(Route route, BatchConnection connection, TimeProvider clock) : BatchWire(connection)
{
    /// <summary>As many as the lists' examples ask for.</summary>
    private const int PageSize = 100;

    private const string Resumable = "resumable";
    private const string FileType = "application/jsonl";

    private readonly string _root = GeminiProtocol.Root(route.BaseUrl);
    private readonly string _upload = GeminiProtocol.RootOf(route.BaseUrl, "upload") + "/files";
    private readonly string _download = GeminiProtocol.RootOf(route.BaseUrl, "download");

    /// <inheritdoc/>
    /// <remarks>
    /// 2 GB and 100 batches at once (ai.google.dev/gemini-api/docs/batch-api). No number of requests is published; a batch that expires brings nothing at
    /// all, so one is kept to twice what the largest of the others takes. How long results stay is told as six weeks and as 48 hours: the shorter counts.
    /// </remarks>
    public override BatchCaps Caps => Taken;

    /// <summary>The same, without a client.</summary>
    public static BatchCaps Taken { get; } = new(200_000, 2_000_000_000) { Concurrent = 100, ResultsKept = TimeSpan.FromHours(48) };

    /// <summary>What a refusal means where it differs from a chat's: a file that was uploaded a moment ago may not be ready.</summary>
    public static FailureKind? Kind(ServiceError error) =>
        error.Status is "FAILED_PRECONDITION" && ServiceFailures.SaysAny(error.Message ?? "", "not in an active state") ? FailureKind.Unavailable : null;

    /// <inheritdoc/>
    public override string AddressOf(string id) => $"{_root}/{Escaped(id)}";

    /// <inheritdoc/>
    public override string ListAddress(string? cursor) => $"{_root}/batches?pageSize={PageSize}" + Token(cursor);

    /// <inheritdoc/>
    public override string? AddressOf(BatchResultFile file) => $"{_download}/{Escaped(file.Id)}:download?alt=media";

    /// <inheritdoc/>
    public override async ValueTask<BatchReply<string>> UploadAsync(
        BatchFile file, string? session, Func<string, ValueTask> remember, CancellationToken cancellationToken)
    {
        if (session is not null && Ours(session) is { } old)
        {
            var (at, failure) = await QueryAsync(old, cancellationToken).ConfigureAwait(false);
            if (failure is not null) return new BatchReply<string> { Failure = failure };
            if (at is { IsFinal: true })
            {
                var found = await FindUploadAsync(file, cancellationToken).ConfigureAwait(false);
                if (found.Value is not "") return found;
            }
            else if (at is { Received: var received } && received < file.Bytes)
            {
                return await SendAsync(old, file, received, cancellationToken).ConfigureAwait(false);
            }
        }

        var started = await StartAsync(file, cancellationToken).ConfigureAwait(false);
        if (started.Value is not { } url) return started;
        await remember(url).ConfigureAwait(false);
        return await SendAsync(url, file, 0, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override ValueTask<BatchReply<string>> FindUploadAsync(BatchFile file, CancellationToken cancellationToken) => FindAsync(
        cursor => $"{_root}/files?pageSize={PageSize}" + Token(cursor),
        found => found.Word("displayName") == file.Name && found.Count("sizeBytes") == file.Bytes && found.Word("state") is "ACTIVE"
            && !(found.Time("expirationTime") <= clock.GetUtcNow()) && IsSame(found, file) ? found.Word("name") : null,
        cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<BatchReply<BatchStatus>> CreateAsync(BatchFile file, string upload, CancellationToken cancellationToken) => Connection.PostAsync(
        GeminiProtocol.UrlOf(route, "batchGenerateContent").AbsoluteUri,
        json =>
        {
            json.WriteStartObject("batch"u8);
            json.WriteString("displayName"u8, file.Name);
            json.WriteStartObject("inputConfig"u8);
            json.WriteString("fileName"u8, upload);
            json.WriteEndObject();
            json.WriteEndObject();
        },
        Status,
        cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<BatchReply<BatchStatus>> CancelAsync(string id, CancellationToken cancellationToken) => Connection.PostAsync(
        AddressOf(id) + ":cancel",
        null,
        // It answers {}: where the batch stands is to be asked.
        body => Status(body).Value is { } told ? (told, null) : (new BatchStatus(id, BatchState.Cancelling) { Word = "asked to cancel" }, (string?)null),
        cancellationToken);

    /// <inheritdoc/>
    public override (BatchStatus? Value, string? Flaw) Status(JsonElement batch)
    {
        if (batch.Word("name") is not { } id) return (null, "is no batch");
        // Some of what Google shows has the fields of metadata at the top.
        var fields = batch.Within("metadata") ?? batch;
        var word = fields.Word("state") ?? batch.Word("state");
        var error = batch.Within("error");
        var state = State(word, batch.TryGetProperty("done", out var done) && done.ValueKind is JsonValueKind.True, error);
        var (failure, limits) = state is BatchState.Failed && error is { } why ? Error(why) : default;
        var stats = fields.Within("batchStats") ?? default;
        return (new BatchStatus(id, state)
        {
            Word = word ?? "no state",
            Name = fields.Word("displayName"),
            Total = stats.Count("requestCount"),
            Succeeded = stats.Count("successfulRequestCount"),
            Failed = stats.Count("failedRequestCount"),
            CreatedAt = fields.Time("createTime"),
            EndedAt = fields.Time("endTime"),
            Results = [.. Files(batch, fields).OfType<string>().Distinct(StringComparer.Ordinal).Select(f => new BatchResultFile(f, IsErrors: false))],
            Failure = failure,
            Limits = limits ?? [],
        }, null);
    }

    /// <inheritdoc/>
    protected override (JsonElement? List, string? Next) Page(JsonElement page, string name)
    {
        if (page.TryGetProperty(name, out var list)) return (list, page.Word("nextPageToken"));
        // An empty list is left out.
        using var empty = JsonDocument.Parse("[]");
        return page.EnumerateObject().All(p => p.NameEquals("nextPageToken")) ? (empty.RootElement.Clone(), page.Word("nextPageToken")) : (null, null);
    }

    private static BatchState State(string? word, bool isDone, JsonElement? error)
    {
        var end = word is null ? "" : word[(word.IndexOf("_STATE_", StringComparison.Ordinal) is >= 0 and var at ? at + "_STATE_".Length : 0)..];
        var told = end switch
        {
            "" or "UNSPECIFIED" or "PENDING" or "QUEUED" => BatchState.Pending,
            "RUNNING" => BatchState.Running,
            "CANCELLING" => BatchState.Cancelling,
            "SUCCEEDED" or "PARTIALLY_SUCCEEDED" => BatchState.Completed,
            "FAILED" => BatchState.Failed,
            "CANCELLED" => BatchState.Cancelled,
            "EXPIRED" => BatchState.Expired,
            _ => BatchState.Unknown,
        };
        // The operation may know of the end before the state does, which may be absent.
        if (told is not (BatchState.Pending or BatchState.Running or BatchState.Cancelling) || !isDone) return told;
        return error is null ? BatchState.Completed : error.Value.Count("code") == 1 ? BatchState.Cancelled : BatchState.Failed;
    }

    private static string?[] Files(JsonElement batch, JsonElement fields) =>
    [
        batch.Within("response")?.Word("responsesFile"), fields.Within("output")?.Word("responsesFile"), fields.Within("dest")?.Word("fileName"),
        batch.Within("dest")?.Word("fileName"),
    ];

    private (ModelFailure? Failure, IReadOnlyList<LimitReading>? Limits) Error(JsonElement error)
    {
        var (_, status, body) = GeminiBatchLines.Error(JsonMarshal.GetRawUtf8Value(error));
        return Connection.Refused(status, body);
    }

    private ValueTask<BatchReply<string>> StartAsync(BatchFile file, CancellationToken cancellationToken)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, _upload)
        {
            Content = BatchConnection.Content(json =>
            {
                json.WriteStartObject("file"u8);
                json.WriteString("displayName"u8, file.Name);
                json.WriteString("mimeType"u8, FileType);
                json.WriteEndObject();
            }),
        };
        message.Headers.TryAddWithoutValidation("X-Goog-Upload-Protocol", Resumable);
        message.Headers.TryAddWithoutValidation("X-Goog-Upload-Command", "start");
        message.Headers.TryAddWithoutValidation("X-Goog-Upload-Header-Content-Length", file.Bytes.ToString(CultureInfo.InvariantCulture));
        message.Headers.TryAddWithoutValidation("X-Goog-Upload-Header-Content-Type", FileType);
        return Connection.SendAsync<string>(
            message,
            (response, _) => Header(response, "x-goog-upload-url") is { } url && Ours(url) is { } ours ? (ours, null) : (null, "names no address to upload to"),
            null,
            cancellationToken);
    }

    /// <summary>How much of an upload arrived.</summary>
    /// <returns>Neither when the service knows nothing of it any more.</returns>
    private async ValueTask<(Progress? At, ModelFailure? Failure)> QueryAsync(string url, CancellationToken cancellationToken)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, url) { Content = BatchConnection.Content(null) };
        message.Headers.TryAddWithoutValidation("X-Goog-Upload-Command", "query");
        var reply = await Connection.SendAsync<Progress>(
            message,
            (response, _) =>
            {
                var received = long.TryParse(Header(response, "x-goog-upload-size-received"), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : 0;
                // Any other word (cancelled) is no upload to go on with.
                return Header(response, "x-goog-upload-status") switch
                {
                    "final" => (new Progress(true, received), null),
                    "active" => (new Progress(false, received), null),
                    _ => (new Progress(false, long.MaxValue), null),
                };
            },
            null,
            cancellationToken).ConfigureAwait(false);
        var isGone = reply.Failure is { HttpStatus: >= 400 and < 500 and not (401 or 403 or 408 or 429) };
        return (reply.Value, isGone ? null : reply.Failure);
    }

    private async ValueTask<BatchReply<string>> SendAsync(string url, BatchFile file, long from, CancellationToken cancellationToken)
    {
        using var content = new FileContent(file.Path, from);
        if (content.FileBytes != file.Bytes) return Changed<string>(file, content.FileBytes);
        content.Headers.TryAddWithoutValidation("Content-Type", FileType);
        var message = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        message.Headers.TryAddWithoutValidation("X-Goog-Upload-Offset", from.ToString(CultureInfo.InvariantCulture));
        message.Headers.TryAddWithoutValidation("X-Goog-Upload-Command", "upload, finalize");
        return await Connection.SendAsync(message, BatchConnection.Json(Uploaded), new FileTransfer { Up = content }, cancellationToken).ConfigureAwait(false);

        (string?, string?) Uploaded(JsonElement body)
        {
            if ((body.Within("file") ?? body) is var made && made.Word("name") is not { } name) return (null, "gives the uploaded file no name");
            if (made.Count("sizeBytes") is { } bytes && bytes != file.Bytes) return (null, $"says that {bytes} bytes of {file.Bytes} arrived");
            if (!IsSame(made, file)) return (null, "names another checksum than the uploaded file has");
            return made.Word("state") is "FAILED" ? (null, "says that the uploaded file cannot be used") : (name, null);
        }
    }

    /// <summary>
    /// The address of an upload below our base address: behind a gateway the service names its own host, where the key must not go.
    /// </summary>
    private string? Ours(string told)
    {
        if (!Uri.TryCreate(told, UriKind.Absolute, out var url)) return null;
        return Connection.IsOurs(url) ? url.AbsoluteUri : GeminiProtocol.Host(route.BaseUrl) + url.PathAndQuery;
    }

    /// <summary>False when the service tells a checksum and it is another. It is told as base64, of the bytes or of their hexadecimal digits.</summary>
    private static bool IsSame(JsonElement told, BatchFile file)
    {
        if (told.Word("sha256Hash") is not { } hash || hash.Equals(file.Sha256, StringComparison.OrdinalIgnoreCase)) return true;
        var bytes = new byte[hash.Length];
        if (!Convert.TryFromBase64String(hash, bytes, out var length)) return false;
        var sum = length == 32 ? Convert.ToHexString(bytes, 0, length) : Encoding.ASCII.GetString(bytes, 0, length);
        return sum.Equals(file.Sha256, StringComparison.OrdinalIgnoreCase);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    private static string Escaped(string name) => string.Join('/', name.Split('/').Select(Uri.EscapeDataString));

    private static string Token(string? cursor) => cursor is null ? "" : "&pageToken=" + Uri.EscapeDataString(cursor);

    /// <param name="IsFinal">True when all has arrived.</param>
    /// <param name="Received">Bytes that have.</param>
    private sealed record Progress(bool IsFinal, long Received);
}
