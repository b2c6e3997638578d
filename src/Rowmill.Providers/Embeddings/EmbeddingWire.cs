using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Embeddings;

/// <summary>One service's form of vectors. It holds no state of requests.</summary>
internal abstract class EmbeddingWire
{
    /// <summary>Where requests go.</summary>
    public abstract Uri Url { get; }

    /// <summary>What one request may hold.</summary>
    public abstract EmbeddingLimits Limits { get; }

    /// <summary>True when a request can say what the vectors are for.</summary>
    public virtual bool TakesTaskType => false;

    /// <summary>Writes the body.</summary>
    public abstract void Write(Utf8JsonWriter body, EmbeddingRequest request);

    /// <summary>Reads the body of a success into a place for each text.</summary>
    /// <returns>What is wrong with it; null when every place is filled.</returns>
    public abstract string? Read(JsonElement body, ReadOnlyMemory<float>[] vectors);

    /// <summary>The prompt's tokens; null when the service does not say.</summary>
    public abstract long? Tokens(JsonElement body);

    /// <summary>What a refusal means where it differs from a chat's; null where it does not.</summary>
    public virtual FailureKind? Kind(ServiceError error) => null;

    /// <summary>Reads a list of vectors that stand where their texts stood.</summary>
    protected static string? ReadInOrder(JsonElement list, string? within, ReadOnlyMemory<float>[] vectors)
    {
        if (list.ValueKind != JsonValueKind.Array) return "holds no vectors";
        if (list.GetArrayLength() != vectors.Length) return $"holds {list.GetArrayLength()} vectors for {vectors.Length} texts";
        var i = 0;
        foreach (var item in list.EnumerateArray())
        {
            var vector = item;
            if (within is not null && (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(within, out vector))) return $"holds no vector for text {i}";
            vectors[i++] = VectorReader.Read(vector);
        }

        return null;
    }

    /// <summary>Writes a text; half a surrogate pair becomes the sign for what cannot be shown.</summary>
    protected static void Write(Utf8JsonWriter body, string text) => body.WriteStringValue(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>A count below some objects; null when it is not there.</summary>
    protected static long? Count(JsonElement body, string parent, string name) =>
        body.TryGetProperty(parent, out var usage) && usage.ValueKind == JsonValueKind.Object
        && usage.TryGetProperty(name, out var count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt64(out var tokens) && tokens >= 0 ? tokens : null;
}
