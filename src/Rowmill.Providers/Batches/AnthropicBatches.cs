using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Anthropic;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Batches;

/// <summary>Anthropic's message batches (docs.anthropic.com/en/api/creating-message-batches): no files, no names.</summary>
internal sealed class AnthropicBatches(Route route, BatchConnection connection) : BatchWire(connection)
{
    /// <summary>The list takes 1,000 at most; this is enough to find what was created last.</summary>
    private const int PageOfBatches = 100;

    private static readonly ListFrame s_frame = new("{\"requests\":["u8.ToArray(), "]}"u8.ToArray());

    private readonly string _batches = AnthropicProtocol.Root(route.BaseUrl) + "/messages/batches";

    /// <inheritdoc/>
    /// <remarks>100,000 requests or 256 MB, results for 29 days after the batch was created. MB are taken for the smaller ones, of a million bytes.</remarks>
    public override BatchCaps Caps => Taken;

    /// <summary>The same, without a client.</summary>
    public static BatchCaps Taken { get; } = new(100_000, 256_000_000 - s_frame.Before.Length - s_frame.After.Length)
    {
        KeepsName = false,
        ResultsKept = TimeSpan.FromDays(29),
    };

    /// <inheritdoc/>
    public override string Accept => "application/binary";

    /// <inheritdoc/>
    public override string AddressOf(string id) => $"{_batches}/{Uri.EscapeDataString(id)}";

    /// <inheritdoc/>
    public override string ListAddress(string? cursor) =>
        $"{_batches}?limit={PageOfBatches}" + (cursor is null ? "" : "&after_id=" + Uri.EscapeDataString(cursor));

    /// <inheritdoc/>
    public override string? AddressOf(BatchResultFile file) => Uri.TryCreate(file.Id, UriKind.Absolute, out var url) && Connection.IsOurs(url) ? file.Id : null;

    /// <inheritdoc/>
    public override ValueTask<BatchReply<string>> UploadAsync(
        BatchFile file, string? session, Func<string, ValueTask> remember, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new BatchReply<string> { Value = "" });

    /// <inheritdoc/>
    public override ValueTask<BatchReply<string>> FindUploadAsync(BatchFile file, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new BatchReply<string> { Value = "" });

    /// <inheritdoc/>
    public override async ValueTask<BatchReply<BatchStatus>> CreateAsync(BatchFile file, string upload, CancellationToken cancellationToken)
    {
        using var content = new FileContent(file.Path, frame: s_frame);
        if (content.FileBytes != file.Bytes) return Changed<BatchStatus>(file, content.FileBytes);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        var message = new HttpRequestMessage(HttpMethod.Post, _batches) { Content = content };
        return await Connection.SendAsync(message, BatchConnection.Json(Status), new FileTransfer { Up = content }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override (BatchStatus? Value, string? Flaw) Status(JsonElement batch)
    {
        if (batch.Word("id") is not { } id || batch.Word("processing_status") is not { } word) return (null, "is no batch");
        var counts = batch.Within("request_counts") ?? default;
        long?[] parts = [counts.Count("processing"), counts.Count("succeeded"), counts.Count("errored"), counts.Count("canceled"), counts.Count("expired")];
        var state = word switch
        {
            "in_progress" => BatchState.Running,
            "canceling" => BatchState.Cancelling,
            // It ends in one way only; the counts tell how.
            "ended" => counts.Count("canceled") is > 0 ? BatchState.Cancelled : counts.Count("expired") is > 0 ? BatchState.Expired : BatchState.Completed,
            _ => BatchState.Unknown,
        };
        var isOver = word == "ended";
        return (new BatchStatus(id, state)
        {
            Word = word,
            Total = parts.Sum() is > 0 and var total ? total : null,
            // All count as under way until the whole batch has ended.
            Succeeded = isOver ? counts.Count("succeeded") : null,
            Failed = isOver ? counts.Count("errored") : null,
            CreatedAt = batch.Time("created_at"),
            ExpiresAt = batch.Time("expires_at"),
            EndedAt = batch.Time("ended_at"),
            Results = batch.Word("results_url") is { } results ? [new BatchResultFile(Results(id, results), IsErrors: false)] : [],
        }, null);
    }

    /// <inheritdoc/>
    protected override (JsonElement? List, string? Next) Page(JsonElement page, string name)
    {
        if (!page.TryGetProperty("data", out var list)) return (null, null);
        return (list, page.TryGetProperty("has_more", out var more) && more.ValueKind is JsonValueKind.True ? page.Word("last_id") : null);
    }

    /// <summary>Behind a gateway the service may tell its own host, where the key must not go: the results are at our address too.</summary>
    private string Results(string id, string told) =>
        Uri.TryCreate(told, UriKind.Absolute, out var url) && Connection.IsOurs(url) ? url.AbsoluteUri : AddressOf(id) + "/results";
}
