using System.Text.Json;

namespace Rowmill.Simulator.Schemas;

/// <summary>Reads a JSON Schema into nodes. It never refuses: what it does not know, it leaves out.</summary>
internal sealed class SchemaCompiler
{
    private readonly JsonElement _root;
    private readonly Dictionary<string, SchemaNode> _references = new(StringComparer.Ordinal);

    private SchemaCompiler(JsonElement root) => _root = root;

    /// <summary>The nodes of a schema; they do not keep the document.</summary>
    public static SchemaNode Compile(JsonElement root) => new SchemaCompiler(root).At("#", root);

    private SchemaNode At(string reference, JsonElement schema)
    {
        if (_references.TryGetValue(reference, out var known)) return known;
        var node = new SchemaNode();
        _references[reference] = node;
        // A chain of references ends where its last one points.
        var steps = 0;
        while (Follow(schema) is { } target && steps++ < 16) schema = target;
        Fill(node, schema);
        return node;
    }

    private SchemaNode Read(JsonElement schema)
    {
        if (schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("$ref", out var reference)
            && reference.ValueKind == JsonValueKind.String && JsonPointer.Find(_root, reference.GetString()!) is { } target)
        {
            return At(reference.GetString()!, target);
        }

        var node = new SchemaNode();
        Fill(node, schema);
        return node;
    }

    private JsonElement? Follow(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("$ref", out var reference) && reference.ValueKind == JsonValueKind.String
            ? JsonPointer.Find(_root, reference.GetString()!)
            : null;

    private void Fill(SchemaNode node, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object) return;
        node.Types = Types(schema);
        FillBounds(node, schema);
        if (schema.TryGetProperty("items", out var items)) node.Items = Read(items);
        if (schema.TryGetProperty("anyOf", out var any) || schema.TryGetProperty("oneOf", out any))
        {
            if (any.ValueKind == JsonValueKind.Array) node.Variants = [.. any.EnumerateArray().Select(Read)];
        }

        node.Properties = Properties(schema);
        // Nothing holds a model to what a description says, but a good one reads it.
        if (Described(schema) is { } described) FillBounds(node, described);
    }

    private static void FillBounds(SchemaNode node, JsonElement schema)
    {
        if (Values(schema) is { Count: > 0 } values) node.Values = values;
        node.Pattern = schema.TryGetProperty("pattern", out var pattern) && pattern.ValueKind == JsonValueKind.String ? pattern.GetString() : node.Pattern;
        node.MinItems = Count(schema, "minItems") ?? node.MinItems;
        node.MaxItems = Count(schema, "maxItems") ?? node.MaxItems;
        node.UniqueItems |= schema.TryGetProperty("uniqueItems", out var unique) && unique.ValueKind == JsonValueKind.True;
        node.MinLength = Count(schema, "minLength") ?? node.MinLength;
        node.MaxLength = Count(schema, "maxLength") ?? node.MaxLength;
        node.Minimum = Bound(schema, "minimum") ?? node.Minimum;
        node.Maximum = Bound(schema, "maximum") ?? node.Maximum;
        node.ExclusiveMinimum = Bound(schema, "exclusiveMinimum") ?? node.ExclusiveMinimum;
        node.ExclusiveMaximum = Bound(schema, "exclusiveMaximum") ?? node.ExclusiveMaximum;
        node.MultipleOf = Bound(schema, "multipleOf") ?? node.MultipleOf;
    }

    /// <summary>Keywords that stand in a description, as a JSON object at its end.</summary>
    private static JsonElement? Described(JsonElement schema)
    {
        if (!schema.TryGetProperty("description", out var text) || text.ValueKind != JsonValueKind.String) return null;
        var words = text.GetString()!.TrimEnd();
        var start = words.IndexOf('{', StringComparison.Ordinal);
        if (start < 0 || words[^1] != '}') return null;
        try
        {
            using var document = JsonDocument.Parse(words.AsMemory(start));
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            // Braces of other words.
            return null;
        }
    }

    private List<SchemaProperty> Properties(JsonElement schema)
    {
        if (!schema.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object) return [];
        var required = schema.TryGetProperty("required", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(r => r.ValueKind == JsonValueKind.String).Select(r => r.GetString()!).ToHashSet(StringComparer.Ordinal)
            : [];
        var all = properties.EnumerateObject().Select(p => new SchemaProperty(p.Name, Read(p.Value), required.Contains(p.Name))).ToList();
        if (!schema.TryGetProperty("propertyOrdering", out var order) || order.ValueKind != JsonValueKind.Array) return all;
        var places = order.EnumerateArray().Select(o => o.ToString()).ToList();
        return [.. all.OrderBy(p => places.IndexOf(p.Name) is >= 0 and var at ? at : int.MaxValue)];
    }

    private static IReadOnlyList<string> Types(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out var type)) return [];
        return type.ValueKind switch
        {
            // Gemini's own form writes types in capitals, and null as a property of a type.
            JsonValueKind.String when schema.TryGetProperty("nullable", out var nullable) && nullable.ValueKind == JsonValueKind.True =>
                [type.GetString()!.ToLowerInvariant(), "null"],
            JsonValueKind.String => [type.GetString()!.ToLowerInvariant()],
            JsonValueKind.Array => [.. type.EnumerateArray().Where(t => t.ValueKind == JsonValueKind.String).Select(t => t.GetString()!)],
            _ => [],
        };
    }

    private static IReadOnlyList<string> Values(JsonElement schema)
    {
        if (schema.TryGetProperty("const", out var constant)) return [constant.GetRawText()];
        return schema.TryGetProperty("enum", out var labels) && labels.ValueKind == JsonValueKind.Array
            ? [.. labels.EnumerateArray().Select(l => l.GetRawText())]
            : [];
    }

    private static int? Count(JsonElement schema, string keyword) =>
        !schema.TryGetProperty(keyword, out var value) ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) ? count
        : value.ValueKind == JsonValueKind.String && int.TryParse(value.GetString(), out count) ? count
        : null;

    private static decimal? Bound(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var bound) ? bound : null;
}
