using System.Collections.Frozen;
using System.Text.Json;

namespace Rowmill.Simulator.Schemas;

/// <summary>The rules of <c>strict: true</c>: closed objects, everything required, few keywords. Source: OpenAI's guide and its messages.</summary>
internal sealed class StrictSchema
{
    private static readonly FrozenSet<string> s_permitted = FrozenSet.Create(
        StringComparer.Ordinal,
        "type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "$ref", "$defs", "definitions",
        "$schema", "title", "description", "pattern", "format", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "minItems", "maxItems");

    private static readonly FrozenSet<string> s_types = FrozenSet.Create(
        StringComparer.Ordinal, "object", "array", "string", "number", "integer", "boolean", "null");

    private readonly JsonElement _root;
    private readonly List<string> _path = [];

    private StrictSchema(JsonElement root) => _root = root;

    /// <summary>The first flaw of a schema; null when it may be used.</summary>
    public static SchemaFlaw? Check(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("type", out var type)
            || type.ValueKind != JsonValueKind.String || !type.ValueEquals("object"))
        {
            var got = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("type", out var other) ? other.GetRawText() : "\"None\"";
            return new SchemaFlaw([], SchemaFlawKind.NotAnObject, got);
        }

        return new StrictSchema(root).Node(root);
    }

    private SchemaFlaw? Node(JsonElement node)
    {
        if (node.ValueKind != JsonValueKind.Object) return Flaw(SchemaFlawKind.Other, "schema must be an object");
        foreach (var property in node.EnumerateObject())
        {
            if (!s_permitted.Contains(property.Name)) return Flaw(SchemaFlawKind.Keyword, property.Name);
        }

        return Type(node) ?? Reference(node) ?? Enumeration(node) ?? Closed(node)
            ?? Children(node, "properties") ?? Inside(node, "items") ?? Variants(node)
            ?? Children(node, "$defs") ?? Children(node, "definitions");
    }

    private SchemaFlaw? Type(JsonElement node)
    {
        if (!node.TryGetProperty("type", out var type))
        {
            return node.TryGetProperty("$ref", out _) || node.TryGetProperty("anyOf", out _) || node.TryGetProperty("enum", out _)
                || node.TryGetProperty("const", out _)
                ? null
                : Flaw(SchemaFlawKind.NoType, "type");
        }

        foreach (var name in type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : new[] { type })
        {
            if (name.ValueKind != JsonValueKind.String || !s_types.Contains(name.GetString()!))
            {
                return Flaw(SchemaFlawKind.Other, $"{name.GetRawText()} is not a valid type");
            }
        }

        return IsType(node, "array") && !node.TryGetProperty("items", out _)
            ? Flaw(SchemaFlawKind.Other, "array schema missing items")
            : null;
    }

    private SchemaFlaw? Reference(JsonElement node) =>
        node.TryGetProperty("$ref", out var reference)
        && (reference.ValueKind != JsonValueKind.String || JsonPointer.Find(_root, reference.GetString()!) is null)
            ? Flaw(SchemaFlawKind.Other, "reference can only point to definitions defined at the top level of the schema")
            : null;

    private SchemaFlaw? Enumeration(JsonElement node) =>
        node.TryGetProperty("enum", out var labels) && (labels.ValueKind != JsonValueKind.Array || labels.GetArrayLength() == 0)
            ? Flaw(SchemaFlawKind.Other, $"{labels.GetRawText()} is not a valid enum: it must be a non-empty array")
            : null;

    private SchemaFlaw? Closed(JsonElement node)
    {
        if (!IsType(node, "object") && !node.TryGetProperty("properties", out _)) return null;
        if (!node.TryGetProperty("additionalProperties", out var open) || open.ValueKind != JsonValueKind.False)
        {
            return Flaw(SchemaFlawKind.Open, "additionalProperties");
        }

        var properties = node.TryGetProperty("properties", out var found) && found.ValueKind == JsonValueKind.Object
            ? found.EnumerateObject().Select(p => p.Name).ToList()
            : [];
        var required = node.TryGetProperty("required", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(r => r.ValueKind == JsonValueKind.String).Select(r => r.GetString()!).ToHashSet(StringComparer.Ordinal)
            : [];
        foreach (var name in properties)
        {
            if (!required.Remove(name)) return Flaw(SchemaFlawKind.NotRequired, name);
        }

        return required.Count > 0 ? Flaw(SchemaFlawKind.ExtraRequired, required.First()) : null;
    }

    private SchemaFlaw? Children(JsonElement node, string keyword)
    {
        if (!node.TryGetProperty(keyword, out var children)) return null;
        if (children.ValueKind != JsonValueKind.Object) return Flaw(SchemaFlawKind.Other, $"'{keyword}' must be an object");
        foreach (var child in children.EnumerateObject())
        {
            _path.AddRange([keyword, child.Name]);
            if (Node(child.Value) is { } flaw) return flaw;
            _path.RemoveRange(_path.Count - 2, 2);
        }

        return null;
    }

    private SchemaFlaw? Inside(JsonElement node, string keyword)
    {
        if (!node.TryGetProperty(keyword, out var child)) return null;
        _path.Add(keyword);
        if (Node(child) is { } flaw) return flaw;
        _path.RemoveAt(_path.Count - 1);
        return null;
    }

    private SchemaFlaw? Variants(JsonElement node)
    {
        if (!node.TryGetProperty("anyOf", out var variants)) return null;
        if (variants.ValueKind != JsonValueKind.Array || variants.GetArrayLength() == 0 || _path.Count == 0)
        {
            return Flaw(SchemaFlawKind.Other, _path.Count == 0 ? "'anyOf' is not permitted at the root" : "'anyOf' must be a non-empty array");
        }

        var index = 0;
        foreach (var variant in variants.EnumerateArray())
        {
            _path.AddRange(["anyOf", $"{index++}"]);
            if (Node(variant) is { } flaw) return flaw;
            _path.RemoveRange(_path.Count - 2, 2);
        }

        return null;
    }

    private static bool IsType(JsonElement node, string name) =>
        node.TryGetProperty("type", out var type)
        && (type.ValueKind == JsonValueKind.String
            ? type.ValueEquals(name)
            : type.EnumerateArray().Any(t => t.ValueKind == JsonValueKind.String && t.ValueEquals(name)));

    private SchemaFlaw Flaw(SchemaFlawKind kind, string subject) => new([.. _path], kind, subject);
}
