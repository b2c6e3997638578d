using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Providers.Chat;

namespace Rowmill.Providers.OpenAi;

/// <summary>
/// Translates JSON Schema into the subset OpenAI and Groq hold a decoder to
/// (developers.openai.com/api/docs/guides/structured-outputs, "Supported schemas"): every property required, optional ones nullable,
/// no further properties, a type everywhere, and none of the keywords it does not know.
/// </summary>
internal sealed class StrictSchema : SchemaTranslation
{
    private static readonly string[] s_scalars = ["string", "number", "boolean", "null"];

    private StrictSchema(JsonObject root) => Json = Convert(root, "");

    /// <summary>The schema to send.</summary>
    public JsonObject Json { get; }

    public static StrictSchema Of(ReadOnlyMemory<byte> schema) => new(Parse(schema));

    private JsonObject Convert(JsonNode? node, string path)
    {
        var schema = node as JsonObject ?? [];
        if (Reference(schema, path) is { } reference) return reference;

        var result = new JsonObject();
        if (Type(schema, path) is { } type) result["type"] = type;
        foreach (var (key, value) in schema)
        {
            switch (key)
            {
                case "type" or "properties" or "required" or "items":
                case "enum" when schema.ContainsKey("const"):
                    break;
                case "title" or "description" or "enum" or "pattern" or "minItems" or "maxItems"
                    or "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum":
                    result[key] = value?.DeepClone();
                    break;
                case "const":
                    result["enum"] = new JsonArray(value?.DeepClone());
                    break;
                case "anyOf" when value is JsonArray branches:
                    result[key] = DistinctFirstKeys(branches.Select(branch => Convert(branch, path)).ToList());
                    break;
                case "$defs" when value is JsonObject definitions:
                    result[key] = Definitions(definitions, Convert);
                    break;
                case "additionalProperties" when value?.GetValueKind() is JsonValueKind.False:
                    break;
                default:
                    Lose(schema, key, path);
                    break;
            }
        }

        if (Is(result, "object")) ConvertProperties(schema, result, path);
        if (Is(result, "array")) result["items"] = Convert(schema["items"], path + "[]");
        Describe(schema, result);
        return result;
    }

    private void ConvertProperties(JsonObject schema, JsonObject result, string path)
    {
        var required = (schema["required"] as JsonArray)?.Select(name => name!.GetValue<string>()).ToHashSet(StringComparer.Ordinal) ?? [];
        var properties = new JsonObject();
        foreach (var (name, property) in schema["properties"] as JsonObject ?? [])
        {
            var converted = Convert(property, Below(path, name));
            properties[name] = required.Contains(name) ? converted : Nullable(converted);
        }

        result["required"] = Names(properties);
        result["properties"] = properties;
        result["additionalProperties"] = false;
    }

    /// <summary>The type, which this subset wants everywhere but beside anyOf.</summary>
    private JsonNode? Type(JsonObject schema, string path)
    {
        if (TypeOf(schema) is { } type) return type;
        if (schema.ContainsKey("anyOf")) return null;
        Tell($"an object or array at {Place(path)} cannot be asked for without its schema; only text, numbers, booleans and null are");
        return List(s_scalars);
    }

    private static JsonObject Nullable(JsonObject schema)
    {
        if (schema.ContainsKey("$ref")) return new JsonObject { ["anyOf"] = new JsonArray(schema, Null()) };
        if (schema["anyOf"] is JsonArray branches && !branches.Any(b => b is JsonObject o && Is(o, "null"))) branches.Add((JsonNode)Null());
        if (schema["enum"] is JsonArray labels && !labels.Contains(null)) labels.Add((JsonNode?)null);
        if (schema["type"] is { } type && !Is(schema, "null"))
            schema["type"] = List([.. type is JsonArray many ? many.Select(t => t!.GetValue<string>()) : [type.GetValue<string>()], "null"]);
        return schema;

        static JsonObject Null() => new() { ["type"] = "null" };
    }

    /// <summary>
    /// Objects side by side in anyOf must not begin with the same property, or the service answers 400 (openai-python #2193):
    /// a later one begins with the first property of its own.
    /// </summary>
    private static JsonArray DistinctFirstKeys(List<JsonObject> branches)
    {
        var first = new HashSet<string>(StringComparer.Ordinal);
        foreach (var branch in branches)
        {
            if (branch["properties"] is not JsonObject { Count: > 0 } properties) continue;
            var own = properties.Select(p => p.Key).FirstOrDefault(name => !first.Contains(name));
            if (own is null) continue;
            first.Add(own);
            if (properties.IndexOf(own) == 0) continue;
            var value = properties[own];
            properties.Remove(own);
            properties.Insert(0, own, value);
            branch["required"] = Names(properties);
        }

        return new JsonArray([.. branches]);
    }
}
