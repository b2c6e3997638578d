using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>Writes and parses the pieces of a value that is being put right.</summary>
internal static class MendedJson
{
    // As lenient as the reader of replies, and deeper than its documents, also when every level of one is wrapped into an array.
    private static readonly JsonDocumentOptions s_options = new() { AllowTrailingCommas = true, MaxDepth = 512 };

    /// <summary>What people and models put between the items of a list.</summary>
    public static SearchValues<byte> Joints { get; } = SearchValues.Create(",;|/&+\\\n\r\t"u8);

    /// <summary>Parses one value that is known to be sound.</summary>
    public static JsonElement Parse(ReadOnlySpan<byte> json) => JsonElement.Parse(json, s_options);

    /// <summary>A string.</summary>
    public static JsonElement Text(string text) => Parse(CompactJson.Quote(text));

    /// <summary>An array of the items as they stand.</summary>
    public static ReadOnlySpan<byte> Array(IReadOnlyList<JsonElement> items)
    {
        var json = new ArrayBufferWriter<byte>(256);
        json.Write("["u8);
        foreach (var item in items)
        {
            if (json.WrittenCount > 1) json.Write(","u8);
            json.Write(JsonMarshal.GetRawUtf8Value(item));
        }

        json.Write("]"u8);
        return json.WrittenSpan;
    }

    /// <summary>An object of the members, their names as they stand.</summary>
    public static ReadOnlySpan<byte> Object(IReadOnlyList<(JsonProperty Name, JsonElement Value)> members)
    {
        var json = new ArrayBufferWriter<byte>(256);
        json.Write("{"u8);
        foreach (var (name, value) in members)
        {
            if (json.WrittenCount > 1) json.Write(","u8);
            json.Write("\""u8);
            json.Write(JsonMarshal.GetRawUtf8PropertyName(name));
            json.Write("\":"u8);
            json.Write(JsonMarshal.GetRawUtf8Value(value));
        }

        json.Write("}"u8);
        return json.WrittenSpan;
    }
}
