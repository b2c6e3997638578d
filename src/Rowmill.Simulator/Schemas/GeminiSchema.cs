using System.Collections.Frozen;
using System.Text.Json;

namespace Rowmill.Simulator.Schemas;

/// <summary>
/// The subset of JSON Schema in Gemini's <c>responseJsonSchema</c>; source: the comments of its definition. Its own form, in
/// <c>responseSchema</c>, is a message whose fields the service checks as those of any other.
/// </summary>
internal static class GeminiSchema
{
    private static readonly FrozenSet<string> s_permitted = FrozenSet.Create(
        StringComparer.Ordinal,
        "$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems", "minItems", "maxItems",
        "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties", "required", "propertyOrdering");

    /// <summary>The first flaw of a schema; null when it may be used.</summary>
    public static SchemaFlaw? Check(JsonElement root) => Node(root, root, []);

    private static SchemaFlaw? Node(JsonElement root, JsonElement node, List<string> path)
    {
        if (node.ValueKind is JsonValueKind.True or JsonValueKind.False) return null;
        if (node.ValueKind != JsonValueKind.Object) return new SchemaFlaw([.. path], SchemaFlawKind.Other, "schema must be an object");
        var refers = node.TryGetProperty("$ref", out var reference);
        foreach (var property in node.EnumerateObject())
        {
            if (!s_permitted.Contains(property.Name)) return new SchemaFlaw([.. path], SchemaFlawKind.Keyword, property.Name);
            // "If $ref is set on a sub-schema, no other properties, except for those starting as a $, may be set."
            if (refers && !property.Name.StartsWith('$') && path.Count > 0)
            {
                return new SchemaFlaw([.. path], SchemaFlawKind.Other, $"'{property.Name}' may not stand beside $ref");
            }

            if (Inside(root, property, path) is { } flaw) return flaw;
        }

        return refers && (reference.ValueKind != JsonValueKind.String || JsonPointer.Find(root, reference.GetString()!) is null)
            ? new SchemaFlaw([.. path], SchemaFlawKind.Other, "$ref must point to a definition in $defs")
            : null;
    }

    private static SchemaFlaw? Inside(JsonElement root, JsonProperty property, List<string> path)
    {
        switch (property.Name)
        {
            case "properties" or "$defs" when property.Value.ValueKind == JsonValueKind.Object:
                foreach (var child in property.Value.EnumerateObject())
                {
                    if (Node(root, child.Value, [.. path, property.Name, child.Name]) is { } flaw) return flaw;
                }

                return null;
            case "anyOf" or "oneOf" or "prefixItems" when property.Value.ValueKind == JsonValueKind.Array:
                var index = 0;
                foreach (var child in property.Value.EnumerateArray())
                {
                    if (Node(root, child, [.. path, property.Name, $"{index++}"]) is { } flaw) return flaw;
                }

                return null;
            case "items" or "additionalProperties":
                return Node(root, property.Value, [.. path, property.Name]);
            default:
                return null;
        }
    }
}
