using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Providers.Chat;

namespace Rowmill.Providers.Anthropic;

/// <summary>
/// The subset of JSON Schema in <c>output_config.format</c> (docs.anthropic.com, structured outputs, "JSON Schema limitations"): no
/// further properties, labels of plain values, and no bounds but that a list is not empty.
/// </summary>
internal sealed class AnthropicSchema : SchemaTranslation
{
    private AnthropicSchema(JsonObject root) => Json = Convert(root, "");

    /// <summary>The schema to send.</summary>
    public JsonObject Json { get; }

    public static AnthropicSchema Of(ReadOnlyMemory<byte> schema) => new(Parse(schema));

    private JsonObject Convert(JsonNode? node, string path)
    {
        var schema = node as JsonObject ?? [];
        if (Reference(schema, path) is { } reference) return reference;

        var result = new JsonObject();
        if (TypeOf(schema) is { } type) result["type"] = type;
        foreach (var (key, value) in schema)
        {
            switch (key)
            {
                case "type":
                case "additionalProperties" when value?.GetValueKind() is JsonValueKind.False:
                    break;
                case "title" or "description" or "required":
                case "enum" or "const" when Labels(schema)!.All(label => TypeName(label) is not ("object" or "array")):
                    result[key] = value?.DeepClone();
                    break;
                case "minItems" when value is JsonValue number && number.TryGetValue(out int least):
                    result[key] = Math.Min(least, 1);
                    if (least > 1) Lose(schema, key, path);
                    break;
                case "properties" when value is JsonObject properties:
                    result[key] = Each(properties, name => Below(path, name), Convert);
                    break;
                case "$defs" when value is JsonObject definitions:
                    result[key] = Definitions(definitions, Convert);
                    break;
                case "items":
                    result[key] = Convert(value, path + "[]");
                    break;
                case "anyOf" when value is JsonArray branches:
                    result[key] = new JsonArray([.. branches.Select(branch => Convert(branch, path))]);
                    break;
                default:
                    Lose(schema, key, path);
                    break;
            }
        }

        if (Is(result, "object")) result["additionalProperties"] = false;
        Describe(schema, result);
        return result;
    }
}
