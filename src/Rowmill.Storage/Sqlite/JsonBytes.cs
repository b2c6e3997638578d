using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rowmill.Storage.Sqlite;

/// <summary>JSON objects as compact UTF-8 that people can read.</summary>
internal static class JsonBytes
{
    private static readonly JsonWriterOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlyMemory<byte> Of(JsonObject value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, s_readable);
        value.WriteTo(writer);
        writer.Flush();
        return buffer.WrittenMemory;
    }

    public static JsonObject Read(ReadOnlySpan<byte> utf8) => JsonNode.Parse(utf8)!.AsObject();
}
