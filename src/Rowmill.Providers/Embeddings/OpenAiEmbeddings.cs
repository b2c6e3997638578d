using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;
using Rowmill.Providers.OpenAi;

namespace Rowmill.Providers.Embeddings;

/// <summary>
/// <c>POST /v1/embeddings</c> (platform.openai.com/docs/api-reference/embeddings): at most 2048 texts of 8192 tokens, 300,000 tokens together.
/// </summary>
internal sealed class OpenAiEmbeddings(Route route) : EmbeddingWire
{
    // Imitators that do not know base64 refuse the field.
    private readonly bool _base64 = route.Provider is "openai" or "simulator";

    /// <inheritdoc/>
    public override Uri Url { get; } = new(OpenAiManners.Url(route.BaseUrl, "embeddings"));

    /// <inheritdoc/>
    public override EmbeddingLimits Limits { get; } = new(2048, 8192, 300_000);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter body, EmbeddingRequest request)
    {
        body.WriteStartObject();
        body.WriteString("model", route.Model);
        body.WriteStartArray("input");
        foreach (var text in request.Texts) Write(body, text);
        body.WriteEndArray();
        if (_base64) body.WriteString("encoding_format", "base64");
        if (request.Dimensions is { } dimensions) body.WriteNumber("dimensions", dimensions);
        body.WriteEndObject();
    }

    /// <inheritdoc/>
    public override string? Read(JsonElement body, ReadOnlyMemory<float>[] vectors)
    {
        if (!body.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array) return "holds no vectors";
        var count = data.GetArrayLength();
        if (count != vectors.Length) return $"holds {count} vectors for {vectors.Length} texts";
        var seen = new bool[count];
        foreach (var item in data.EnumerateArray())
        {
            if (!item.TryGetProperty("index", out var number) || !number.TryGetInt32(out var index)) return "holds a vector without its index";
            if (index < 0 || index >= count) return $"holds a vector of index {index} for {count} texts";
            if (seen[index]) return $"holds two vectors of index {index}";
            if (!item.TryGetProperty("embedding", out var vector)) return $"holds no vector for text {index}";
            seen[index] = true;
            vectors[index] = VectorReader.Read(vector);
        }

        return null;
    }

    /// <inheritdoc/>
    public override long? Tokens(JsonElement body) => Count(body, "usage", "prompt_tokens");

    /// <inheritdoc/>
    public override FailureKind? Kind(ServiceError error) =>
        error.Code is "max_tokens_per_request" or "array_above_max_length" ? FailureKind.TooLarge : null;
}
