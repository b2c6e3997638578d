using System.Text.Json.Nodes;
using Rowmill.Providers.Chat;

namespace Rowmill.Providers.Gemini;

/// <summary>JSON Schema in a form that Gemini takes.</summary>
internal abstract class GeminiSchema : SchemaTranslation
{
    /// <summary>The schema to send.</summary>
    public JsonObject Json { get; protected set; } = [];

    /// <summary>
    /// The order in which properties are written: schemas travel through maps that keep none
    /// (ai.google.dev/gemini-api/docs/structured-output, propertyOrdering).
    /// </summary>
    protected static void Order(JsonObject result)
    {
        if (result["properties"] is JsonObject { Count: > 1 } properties) result["propertyOrdering"] = Names(properties);
    }
}

/// <summary>
/// The subset of JSON Schema in <c>responseJsonSchema</c> (the comments of GenerationConfig in google/ai/generativelanguage/v1beta): most
/// of it, but no const, lengths, patterns, uniqueness or exclusive bounds; labels are text and numbers.
/// </summary>
internal sealed class GeminiJsonSchema : GeminiSchema
{
    public static GeminiJsonSchema Of(ReadOnlyMemory<byte> schema)
    {
        var result = new GeminiJsonSchema();
        result.Json = result.Convert(Parse(schema), "");
        return result;
    }

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
                case "type" or "enum" or "const":
                    break;
                case "title" or "description" or "required" or "minItems" or "maxItems" or "minimum" or "maximum":
                    result[key] = value?.DeepClone();
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
                case "additionalProperties":
                    result[key] = value is JsonObject ? Convert(value, path + ".*") : value?.DeepClone();
                    break;
                default:
                    Lose(schema, key, path);
                    break;
            }
        }

        if (Labels(schema) is { } labels) Label(schema, result, labels, path);
        Order(result);
        Describe(schema, result);
        return result;
    }

    // Null and truths cannot stand among labels, but may stand beside them as types.
    private void Label(JsonObject schema, JsonObject result, IReadOnlyList<JsonNode?> labels, string path)
    {
        var words = labels.Where(label => TypeName(label) is "string" or "number").ToList();
        var others = labels.Where(label => TypeName(label) is not ("string" or "number")).ToList();
        if (others.Any(label => TypeName(label) is not "null") && others.Count(label => TypeName(label) is "boolean") != 2
            || others.Count > 0 && result.ContainsKey("anyOf"))
        {
            Lose(schema, schema.ContainsKey("const") ? "const" : "enum", path);
            return;
        }

        if (others.Count == 0)
        {
            result["enum"] = Copies(words);
            return;
        }

        if (words.Count == 0) return; // null, or both truths: their type says as much
        result.Remove("type");
        result["anyOf"] = new JsonArray(
        [
            new JsonObject { ["type"] = words.Select(TypeName).Distinct(StringComparer.Ordinal).ToList() is [var one] ? one : List(["string", "number"]), ["enum"] = Copies(words) },
            .. others.Select(TypeName).Distinct(StringComparer.Ordinal).Select(type => new JsonObject { ["type"] = type }),
        ]);
    }

    private static JsonArray Copies(IEnumerable<JsonNode?> labels) => new([.. labels.Select(label => label?.DeepClone())]);
}
