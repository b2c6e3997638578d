using System.Collections.Frozen;
using System.Text.Json;

namespace Rowmill.Simulator.Schemas;

/// <summary>
/// The subset of JSON Schema in Anthropic's <c>output_config.format</c>: closed objects, and no bounds. Source: its guide to structured
/// outputs, and its own messages. The subjects of the flaws are whole sentences.
/// </summary>
internal sealed class AnthropicSchema
{
    private static readonly FrozenSet<string> s_permitted = FrozenSet.Create(
        StringComparer.Ordinal,
        "type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "allOf", "$ref", "$defs", "definitions",
        "$schema", "$id", "title", "description", "default", "format", "pattern", "minItems");

    private readonly JsonElement _root;
    private readonly List<string> _path = [];
    private readonly List<string> _open = [];

    private AnthropicSchema(JsonElement root) => _root = root;

    /// <summary>The first flaw of a schema; null when it may be used.</summary>
    public static SchemaFlaw? Check(JsonElement root) => new AnthropicSchema(root).Node(root);

    private SchemaFlaw? Node(JsonElement node)
    {
        if (node.ValueKind != JsonValueKind.Object) return Flaw("schema must be an object");
        var type = TypeOf(node);
        foreach (var property in node.EnumerateObject())
        {
            if (!s_permitted.Contains(property.Name)) return Flaw($"For '{type}' type, property '{property.Name}' is not supported");
        }

        if (node.TryGetProperty("minItems", out var least) && (least.ValueKind != JsonValueKind.Number || least.GetDouble() is not (0 or 1)))
        {
            return Flaw("For 'array' type, 'minItems' values other than 0 or 1 are not supported");
        }

        if ((type == "object" || node.TryGetProperty("properties", out _))
            && (!node.TryGetProperty("additionalProperties", out var more) || more.ValueKind != JsonValueKind.False))
        {
            return Flaw("For 'object' type, 'additionalProperties' must be explicitly set to false");
        }

        if (node.TryGetProperty("enum", out var labels) && labels.ValueKind == JsonValueKind.Array
            && labels.EnumerateArray().Any(l => l.ValueKind is JsonValueKind.Object or JsonValueKind.Array))
        {
            return Flaw("'enum' may only contain strings, numbers, booleans and null");
        }

        return Reference(node) ?? Children(node, "properties") ?? Children(node, "$defs") ?? Children(node, "definitions")
            ?? List(node, "anyOf") ?? List(node, "allOf") ?? Inside(node, "items");
    }

    private SchemaFlaw? Reference(JsonElement node)
    {
        if (!node.TryGetProperty("$ref", out var reference)) return null;
        if (reference.ValueKind != JsonValueKind.String || JsonPointer.Find(_root, reference.GetString()!) is not { } target)
        {
            return Flaw($"$ref {reference.GetRawText()} cannot be resolved");
        }

        var name = reference.GetString()!;
        if (_open.Contains(name, StringComparer.Ordinal)) return Flaw("Recursive schemas are not supported");
        _open.Add(name);
        var flaw = Node(target);
        _open.Remove(name);
        return flaw;
    }

    private SchemaFlaw? Children(JsonElement node, string keyword)
    {
        if (!node.TryGetProperty(keyword, out var children) || children.ValueKind != JsonValueKind.Object) return null;
        foreach (var child in children.EnumerateObject())
        {
            _path.AddRange([keyword, child.Name]);
            if (Node(child.Value) is { } flaw) return flaw;
            _path.RemoveRange(_path.Count - 2, 2);
        }

        return null;
    }

    private SchemaFlaw? List(JsonElement node, string keyword)
    {
        if (!node.TryGetProperty(keyword, out var variants) || variants.ValueKind != JsonValueKind.Array) return null;
        var index = 0;
        foreach (var variant in variants.EnumerateArray())
        {
            _path.AddRange([keyword, $"{index++}"]);
            if (Node(variant) is { } flaw) return flaw;
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

    private static string TypeOf(JsonElement node)
    {
        if (!node.TryGetProperty("type", out var type)) return "any";
        return type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Select(t => t.ToString()).FirstOrDefault(t => t != "null") ?? "null"
            : type.ToString();
    }

    private SchemaFlaw Flaw(string sentence) => new([.. _path], SchemaFlawKind.Other, sentence);
}
