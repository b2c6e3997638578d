using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Rowmill.Typed;

/// <summary>How rows and answers of C# types are written as JSON and read back: names in snake_case unless an attribute names them.</summary>
internal static class TypedJson
{
    /// <summary>The one set of options: the schema of an answer is made of the same metadata that later read it.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
            Converters =
            {
                new LabelConverterFactory(),
                new WholeNumberConverter<byte>(), new WholeNumberConverter<sbyte>(),
                new WholeNumberConverter<short>(), new WholeNumberConverter<ushort>(),
                new WholeNumberConverter<int>(), new WholeNumberConverter<uint>(),
                new WholeNumberConverter<long>(), new WholeNumberConverter<ulong>(),
            },
        };
        options.MakeReadOnly();
        return options;
    }
}
