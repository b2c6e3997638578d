using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;
using Rowmill.Providers.OpenAi;

namespace Rowmill.Providers.Batches;

/// <summary>Files and batches as OpenAI defined them (platform.openai.com/docs/api-reference/batch), for every service that speaks them.</summary>
internal sealed class OpenAiBatches(Route route, BatchConnection connection, TimeProvider clock) : BatchWire(connection)
{
    /// <summary>The key of our name among a batch's metadata.</summary>
    private const string NameKey = "rowmill";

    /// <summary>OpenAI takes 100 batches on a page at most.</summary>
    private const int PageOfBatches = 100;

    /// <summary>OpenAI takes ten times as many files on a page.</summary>
    private const int PageOfFiles = 1000;

    private const int MostErrorsTold = 3;

    private readonly string _batches = OpenAiManners.Url(route.BaseUrl, "batches");
    private readonly string _files = OpenAiManners.Url(route.BaseUrl, "files");

    /// <inheritdoc/>
    /// <remarks>
    /// OpenAI: 50,000 requests, 200 MB, output kept for 30 days (platform.openai.com/docs/guides/batch). Groq: 100 MB (its client's words); as many
    /// requests are assumed. MB are taken for the smaller ones, of a million bytes.
    /// </remarks>
    public override BatchCaps Caps { get; } = CapsOf(route);

    /// <summary>The same, of a route that has no client.</summary>
    public static BatchCaps CapsOf(Route route) => new(50_000, route.Provider == "groq" ? 100_000_000 : 200_000_000)
    {
        ResultsKept = route.Provider == "openai" ? TimeSpan.FromDays(30) : null,
    };

    /// <inheritdoc/>
    public override string Accept => "application/binary";

    /// <inheritdoc/>
    public override string AddressOf(string id) => $"{_batches}/{Uri.EscapeDataString(id)}";

    /// <inheritdoc/>
    public override string ListAddress(string? cursor) =>
        $"{_batches}?limit={PageOfBatches}" + (cursor is null ? "" : "&after=" + Uri.EscapeDataString(cursor));

    /// <inheritdoc/>
    public override string? AddressOf(BatchResultFile file) => $"{_files}/{Uri.EscapeDataString(file.Id)}/content";

    /// <inheritdoc/>
    public override async ValueTask<BatchReply<string>> UploadAsync(
        BatchFile file, string? session, Func<string, ValueTask> remember, CancellationToken cancellationToken)
    {
        using var form = new MultipartForm();
        form.AddField("purpose", "batch");
        var content = new FileContent(file.Path);
        form.AddFile(content, FileName(file), "application/jsonl");
        if (content.FileBytes != file.Bytes) return Changed<string>(file, content.FileBytes);
        var message = new HttpRequestMessage(HttpMethod.Post, _files) { Content = form };
        return await Connection.SendAsync(message, BatchConnection.Json(Uploaded), new FileTransfer { Up = content }, cancellationToken).ConfigureAwait(false);

        (string?, string?) Uploaded(JsonElement body) =>
            body.Word("id") is not { } id ? (null, "gives the uploaded file no id")
            : body.Count("bytes") is { } bytes && bytes != file.Bytes ? (null, $"says that {bytes} bytes of {file.Bytes} arrived")
            : (id, null);
    }

    /// <inheritdoc/>
    public override ValueTask<BatchReply<string>> FindUploadAsync(BatchFile file, CancellationToken cancellationToken) => FindAsync(
        cursor => $"{_files}?purpose=batch&order=desc&limit={PageOfFiles}" + (cursor is null ? "" : "&after=" + Uri.EscapeDataString(cursor)),
        found => found.Word("filename") == FileName(file) && found.Count("bytes") == file.Bytes && found.Word("purpose") is null or "batch"
            && found.Word("status") is not "error" && !(found.Seconds("expires_at") <= clock.GetUtcNow()) ? found.Word("id") : null,
        cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<BatchReply<BatchStatus>> CreateAsync(BatchFile file, string upload, CancellationToken cancellationToken) => Connection.PostAsync(
        _batches,
        json =>
        {
            json.WriteString("input_file_id"u8, upload);
            json.WriteString("endpoint"u8, OpenAiBatchLines.Endpoint);
            json.WriteString("completion_window"u8, "24h"u8);
            json.WriteStartObject("metadata"u8);
            json.WriteString(NameKey, file.Name);
            json.WriteEndObject();
        },
        Status,
        cancellationToken);

    /// <inheritdoc/>
    public override (BatchStatus? Value, string? Flaw) Status(JsonElement batch)
    {
        if (batch.Word("id") is not { } id || batch.Word("status") is not { } word) return (null, "is no batch");
        var state = State(word);
        var counts = batch.Within("request_counts") ?? default;
        // While the file is being checked it says 0 of 0.
        var total = counts.Count("total") is > 0 and var told ? told : (long?)null;
        var (failure, limits) = state is BatchState.Failed ? Errors(batch) : default;
        return (new BatchStatus(id, state)
        {
            Word = word,
            Name = batch.Within("metadata")?.Word(NameKey),
            Total = total,
            Succeeded = total is null ? null : counts.Count("completed"),
            Failed = total is null ? null : counts.Count("failed"),
            CreatedAt = batch.Seconds("created_at"),
            ExpiresAt = batch.Seconds("expires_at"),
            EndedAt = state switch
            {
                BatchState.Completed => batch.Seconds("completed_at"),
                BatchState.Failed => batch.Seconds("failed_at"),
                BatchState.Expired => batch.Seconds("expired_at"),
                BatchState.Cancelled => batch.Seconds("cancelled_at"),
                _ => null,
            },
            Results = [.. Files(batch)],
            Failure = failure,
            Limits = limits ?? [],
        }, null);
    }

    /// <inheritdoc/>
    protected override (JsonElement? List, string? Next) Page(JsonElement page, string name)
    {
        if (!page.TryGetProperty("data", out var list) || list.ValueKind is not JsonValueKind.Array) return (null, null);
        var more = page.TryGetProperty("has_more", out var has) && has.ValueKind is JsonValueKind.True && list.GetArrayLength() > 0;
        return (list, more ? page.Word("last_id") ?? list[list.GetArrayLength() - 1].Word("id") : null);
    }

    private static string FileName(BatchFile file) => file.Name + ".jsonl";

    private static BatchState State(string word) => word switch
    {
        "validating" => BatchState.Pending,
        "in_progress" or "finalizing" => BatchState.Running,
        "cancelling" or "canceling" => BatchState.Cancelling,
        "completed" => BatchState.Completed,
        "failed" => BatchState.Failed,
        "expired" => BatchState.Expired,
        "cancelled" or "canceled" => BatchState.Cancelled,
        _ => BatchState.Unknown,
    };

    private static IEnumerable<BatchResultFile> Files(JsonElement batch)
    {
        if (batch.Word("output_file_id") is { } output) yield return new BatchResultFile(output, IsErrors: false);
        if (batch.Word("error_file_id") is { } errors) yield return new BatchResultFile(errors, IsErrors: true);
    }

    /// <summary>The first error rules; the others are told.</summary>
    private (ModelFailure? Failure, IReadOnlyList<LimitReading>? Limits) Errors(JsonElement batch)
    {
        if (batch.Within("errors") is not { } list || !list.TryGetProperty("data", out var data) || data.ValueKind is not JsonValueKind.Array) return default;
        var errors = data.EnumerateArray().Where(e => e.ValueKind is JsonValueKind.Object).ToList();
        if (errors.Count == 0) return default;
        var body = BatchConnection.Body(json =>
        {
            json.WriteStartObject("error"u8);
            json.WriteString("message"u8, string.Join("; ", errors.Take(MostErrorsTold).Select(Words)) + (errors.Count > MostErrorsTold ? $"; and {errors.Count - MostErrorsTold} more" : ""));
            if (errors[0].Word("code") is { } code) json.WriteString("code"u8, code);
            if (errors[0].Word("param") is { } param) json.WriteString("param"u8, param);
            json.WriteEndObject();
        });
        return Connection.Refused(400, body);

        static string Words(JsonElement error) =>
            (error.Count("line") is { } line ? $"line {line}: " : "") + (error.Word("message") ?? error.Word("code") ?? "no words");
    }
}
