using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Embeddings;

/// <summary>Asks one route for vectors over whichever wire its provider speaks.</summary>
internal sealed class EmbeddingClient(EmbeddingWire wire, ServiceConnection connection) : IEmbeddingClient
{
    /// <inheritdoc/>
    public EmbeddingLimits Limits => wire.Limits;

    /// <inheritdoc/>
    public async ValueTask<EmbeddingResult> EmbedAsync(EmbeddingRequest request, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Flaw(request) is { } flaw) return new EmbeddingResult { Failure = flaw };
        using var buffer = new PooledBuffer(4096);
        using (var body = new Utf8JsonWriter(buffer)) wire.Write(body, request);
        var content = new ByteArrayContent(buffer.Array, 0, buffer.Length);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        var reply = await connection.PostAsync(wire.Url, content, buffer, body => Read(body, request), wire.Kind, cancellationToken).ConfigureAwait(false);
        return new EmbeddingResult
        {
            Vectors = reply.Value?.Vectors,
            Usage = reply.Value?.Usage,
            Failure = reply.Failure,
            RequestId = reply.RequestId,
            Limits = reply.Limits,
        };
    }

    private ModelFailure? Flaw(EmbeddingRequest request)
    {
        if (request.Texts.Count == 0) return Bad("there is no text to embed");
        if (request.Texts.Any(string.IsNullOrEmpty)) return Bad("a text is empty");
        if (request.TaskType is not null && !wire.TakesTaskType) return Bad($"{wire.Url.Host} takes no task type");
        return request.Texts.Count > wire.Limits.Texts
            ? new ModelFailure(FailureKind.TooLarge, $"a request holds at most {wire.Limits.Texts} texts; this one has {request.Texts.Count}") : null;

        static ModelFailure Bad(string words) => new(FailureKind.BadRequest, words);
    }

    private (Embedded? Value, string? Flaw) Read(ReadOnlyMemory<byte> body, EmbeddingRequest request)
    {
        using var json = JsonDocument.Parse(body);
        var vectors = new ReadOnlyMemory<float>[request.Texts.Count];
        if (wire.Read(json.RootElement, vectors) is { } flaw) return (null, flaw);
        var length = request.Dimensions ?? vectors[0].Length;
        if (length == 0) return (null, "holds a vector without numbers");
        if (Array.FindIndex(vectors, v => v.Length != length) is >= 0 and var odd)
            return (null, $"holds a vector of {vectors[odd].Length} numbers where {length} belong");
        return (new Embedded(vectors, wire.Tokens(json.RootElement) is { } tokens ? new TokenUsage(tokens, 0, 0) : null), null);
    }

    private sealed record Embedded(ReadOnlyMemory<float>[] Vectors, TokenUsage? Usage);
}
