using System.Buffers.Binary;
using System.Text.Json;

namespace Rowmill.Providers.Embeddings;

/// <summary>Reads a vector: numbers, or base64 of little-endian 32-bit floats (OpenAI's encoding_format).</summary>
internal static class VectorReader
{
    /// <summary>The vector.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static ReadOnlyMemory<float> Read(JsonElement value)
    {
        var vector = value.ValueKind switch
        {
            JsonValueKind.Array => Numbers(value),
            JsonValueKind.String => Floats(value.GetBytesFromBase64()),
            _ => throw new FormatException("no vector"),
        };
        foreach (var number in vector)
            if (!float.IsFinite(number)) throw new FormatException("no number");
        return vector;
    }

    private static float[] Numbers(JsonElement list)
    {
        var vector = new float[list.GetArrayLength()];
        var i = 0;
        foreach (var number in list.EnumerateArray()) vector[i++] = number.GetSingle();
        return vector;
    }

    private static float[] Floats(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % sizeof(float) != 0) throw new FormatException("no 32-bit floats");
        var vector = new float[bytes.Length / sizeof(float)];
        for (var i = 0; i < vector.Length; i++) vector[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
        return vector;
    }
}
