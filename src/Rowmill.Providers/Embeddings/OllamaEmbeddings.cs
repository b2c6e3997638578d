using System.Text.Json;
using Rowmill.Core.Models;

namespace Rowmill.Providers.Embeddings;

/// <summary><c>POST /api/embed</c> (Ollama's docs/api.md). A text too long for the model is refused: by itself the server would cut it in silence.</summary>
internal sealed class OllamaEmbeddings(Route route) : EmbeddingWire
{
    /// <inheritdoc/>
    public override Uri Url { get; } = new(route.BaseUrl.TrimEnd('/') + "/api/embed");

    /// <inheritdoc/>
    public override EmbeddingLimits Limits { get; } = new(null, null, null);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter body, EmbeddingRequest request)
    {
        body.WriteStartObject();
        body.WriteString("model", route.Model);
        body.WriteStartArray("input");
        foreach (var text in request.Texts) Write(body, text);
        body.WriteEndArray();
        body.WriteBoolean("truncate", false);
        if (request.Dimensions is { } dimensions) body.WriteNumber("dimensions", dimensions);
        body.WriteEndObject();
    }

    /// <inheritdoc/>
    public override string? Read(JsonElement body, ReadOnlyMemory<float>[] vectors) =>
        body.TryGetProperty("embeddings", out var list) ? ReadInOrder(list, null, vectors) : "holds no vectors";

    /// <inheritdoc/>
    /// <remarks>A count of zero is left out.</remarks>
    public override long? Tokens(JsonElement body) =>
        body.TryGetProperty("prompt_eval_count", out var count) && count.TryGetInt64(out var tokens) && tokens > 0 ? tokens : null;
}
