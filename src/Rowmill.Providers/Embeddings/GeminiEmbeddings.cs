using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Gemini;

namespace Rowmill.Providers.Embeddings;

/// <summary><c>:batchEmbedContents</c> (ai.google.dev/api/embeddings): up to 100 texts, each with the model's name again; vectors have no index.</summary>
internal sealed class GeminiEmbeddings(Route route) : EmbeddingWire
{
    /// <inheritdoc/>
    public override Uri Url { get; } = GeminiProtocol.UrlOf(route, "batchEmbedContents");

    /// <inheritdoc/>
    public override EmbeddingLimits Limits { get; } = new(100, null, null);

    /// <inheritdoc/>
    public override bool TakesTaskType => true;

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter body, EmbeddingRequest request)
    {
        body.WriteStartObject();
        body.WriteStartArray("requests");
        foreach (var text in request.Texts)
        {
            body.WriteStartObject();
            body.WriteString("model", GeminiProtocol.Name(route));
            body.WriteStartObject("content");
            body.WriteStartArray("parts");
            body.WriteStartObject();
            body.WritePropertyName("text");
            Write(body, text);
            body.WriteEndObject();
            body.WriteEndArray();
            body.WriteEndObject();
            if (request.TaskType is { } task) body.WriteString("taskType", task);
            if (request.Dimensions is { } dimensions) body.WriteNumber("outputDimensionality", dimensions);
            body.WriteEndObject();
        }

        body.WriteEndArray();
        body.WriteEndObject();
    }

    /// <inheritdoc/>
    public override string? Read(JsonElement body, ReadOnlyMemory<float>[] vectors) =>
        body.TryGetProperty("embeddings", out var list) ? ReadInOrder(list, "values", vectors) : "holds no vectors";

    /// <inheritdoc/>
    public override long? Tokens(JsonElement body) => Count(body, "usageMetadata", "promptTokenCount");
}
