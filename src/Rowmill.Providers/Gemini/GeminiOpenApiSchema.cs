using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rowmill.Providers.Gemini;

/// <summary>
/// The subset of OpenAPI 3.0 in <c>responseSchema</c> (Schema in google/ai/generativelanguage/v1beta), which older models take: types in
/// capitals, <c>nullable</c> for null, no references, labels of text alone.
/// </summary>
internal sealed class GeminiOpenApiSchema : GeminiSchema
{
    private readonly HashSet<string> _within = new(StringComparer.Ordinal);
    private JsonObject? _definitions;

    public static GeminiOpenApiSchema Of(ReadOnlyMemory<byte> schema)
    {
        var root = Parse(schema);
        var result = new GeminiOpenApiSchema { _definitions = root["$defs"] as JsonObject };
        result.Json = result.Convert(root, "") ?? [];
        return result;
    }

    /// <returns>Null for a schema that holds itself, which a form without references cannot say.</returns>
    private JsonObject? Convert(JsonNode? node, string path)
    {
        var schema = node as JsonObject ?? [];
        if (schema["$ref"] is JsonValue reference) return Follow(schema, reference.GetValue<string>(), path);

        var types = Types(schema, path);
        var isNullable = types.Remove("null");
        var result = new JsonObject();
        if (types.Count == 1) result["type"] = types[0].ToUpperInvariant();
        if (isNullable) result["nullable"] = true;
        foreach (var (key, value) in schema)
        {
            switch (key)
            {
                case "type" or "enum" or "const" or "$defs" or "properties" or "items" or "required":
                case "additionalProperties" when value?.GetValueKind() is JsonValueKind.False:
                    break;
                case "title" or "description":
                case "minLength" or "maxLength" or "pattern" when types is ["string"]:
                case "minimum" or "maximum" when types is ["number"] or ["integer"]:
                case "minItems" or "maxItems" when types is ["array"]:
                    result[key] = value?.DeepClone();
                    break;
                case "anyOf" when value is JsonArray branches:
                    AnyOf(result, branches, path);
                    break;
                default:
                    Lose(schema, key, path);
                    break;
            }
        }

        if (types.Count > 1) result["anyOf"] = new JsonArray([.. types.Select(type => new JsonObject { ["type"] = type.ToUpperInvariant() })]);
        if (Labels(schema) is { } labels) Label(schema, result, labels, types, path);
        if (types is ["array"] && !Items(schema, result, path)) return null;
        if (types is ["object"]) Properties(schema, result, path);
        Describe(schema, result);
        return result;
    }

    private JsonObject? Follow(JsonObject schema, string reference, string path)
    {
        LoseBeside(schema, path);
        var name = reference["#/$defs/".Length..];
        if (!_within.Add(name))
        {
            Lose(schema, "$ref", path);
            return null;
        }

        var result = Convert(_definitions?[name], path);
        _within.Remove(name);
        return result;
    }

    private List<string> Types(JsonObject schema, string path)
    {
        switch (TypeOf(schema))
        {
            case JsonArray many:
                return [.. many.Select(type => type!.GetValue<string>())];
            case JsonValue one:
                return [one.GetValue<string>()];
        }

        if (schema.ContainsKey("anyOf")) return [];
        Tell($"an object or array at {Place(path)} cannot be asked for without its schema; only text, numbers, booleans and null are");
        return ["string", "number", "boolean", "null"];
    }

    private void AnyOf(JsonObject result, JsonArray branches, string path)
    {
        var converted = new JsonArray();
        foreach (var branch in branches)
        {
            if (branch is JsonObject schema && Is(schema, "null") && schema["type"] is JsonValue) result["nullable"] = true;
            else if (Convert(branch, path) is { } one) converted.Add((JsonNode)one);
        }

        result["anyOf"] = converted;
    }

    private void Label(JsonObject schema, JsonObject result, IReadOnlyList<JsonNode?> labels, List<string> types, string path)
    {
        if (types is ["string"] && labels.All(label => TypeName(label) is "string" or "null"))
            result["enum"] = List(labels.OfType<JsonNode>().Select(label => label.GetValue<string>()));
        else if (labels.Any(label => label is not null) && !(types is ["boolean"] && labels.Count(label => label is not null) == 2))
            Lose(schema, schema.ContainsKey("const") ? "const" : "enum", path);
    }

    private bool Items(JsonObject schema, JsonObject result, string path)
    {
        if (Convert(schema["items"], path + "[]") is not { } items) return false;
        result["items"] = items;
        return true;
    }

    private void Properties(JsonObject schema, JsonObject result, string path)
    {
        var properties = new JsonObject();
        foreach (var (name, property) in schema["properties"] as JsonObject ?? [])
            if (Convert(property, Below(path, name)) is { } converted) properties[name] = converted;
        var required = (schema["required"] as JsonArray ?? []).Select(name => name!.GetValue<string>()).Where(properties.ContainsKey).ToList();
        result["properties"] = properties;
        if (required.Count > 0) result["required"] = List(required);
        Order(result);
    }
}
