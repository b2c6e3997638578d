using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>
/// Compiles an answer schema and writes it out again with its files resolved, in one walk; reports every mistake. For one schema only.
/// </summary>
internal sealed partial class SchemaReader
{
    private static readonly JsonWriterOptions s_compact = CompactJson.Writer with { SkipValidation = true };

    private static readonly string[] s_rootKeywords =
        ["type", "properties", "required", "additionalProperties", "$defs", "title", "description"];

    private readonly Func<string, IReadOnlyList<string>> _readLabels;
    private readonly Action<string, string, string?> _report;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;
    private readonly SchemaLinks _links;
    private JsonElement _root;
    private bool _failed;

    /// <summary>Reads labels with the one function and tells mistakes to the other.</summary>
    public SchemaReader(Func<string, IReadOnlyList<string>> readLabels, Action<string, string, string?> report)
    {
        _readLabels = readLabels;
        _report = report;
        _json = new Utf8JsonWriter(_buffer, s_compact);
        _links = new SchemaLinks(Report);
    }

    /// <summary>The schema as compact JSON, after <see cref="ReadRoot"/>.</summary>
    public ReadOnlyMemory<byte> Json => _buffer.WrittenMemory;

    /// <summary>Reads the schema of an answer; null when something was reported.</summary>
    public SchemaNode? ReadRoot(JsonElement schema)
    {
        _root = schema;
        if (schema.ValueKind == JsonValueKind.Object) CheckRoot(schema);
        var node = Read(schema, "", null);
        _json.Flush();
        _links.Resolve();
        return _failed ? null : node;
    }

    /// <summary>An answer is one object with named values, whatever else a schema could say.</summary>
    private void CheckRoot(JsonElement schema)
    {
        const string fix = "Give the root 'type: object' and 'properties'.";
        foreach (var keyword in schema.EnumerateObject())
        {
            if (SchemaKeywords.Known.Contains(keyword.Name) && !s_rootKeywords.Contains(keyword.Name))
            {
                Report(keyword.Name, $"An answer is an object, so '{keyword.Name}' is not possible at the root.", fix);
            }
        }

        if (schema.TryGetProperty("type", out var type) && TypesOf(type) is not (JsonTypes.None or JsonTypes.Object))
        {
            Report("type", $"An answer is an object, not {AnswerErrors.Show(type)}.", fix);
        }

        if (!schema.TryGetProperty("properties", out var properties))
        {
            Report("", "The schema has no properties, so there is nothing to answer.", fix);
        }
        else if (properties.ValueKind == JsonValueKind.Object)
        {
            if (!properties.EnumerateObject().Any()) Report("properties", "The schema has no properties, so there is nothing to answer.", null);
            if (properties.TryGetProperty(ReplySchema.IdProperty, out _))
            {
                Report("properties.id", "The name 'id' is reserved: each answer of a reply carries its row's id under it.", "Rename the property.");
            }
        }
    }

    /// <summary>Reads one schema; <paramref name="around"/> is the schema whose <c>anyOf</c> holds it, or null.</summary>
    private SchemaNode Read(JsonElement schema, string path, JsonElement? around)
    {
        var node = new SchemaNode();
        if (schema.ValueKind != JsonValueKind.Object)
        {
            Report(path, $"A schema is an object of keywords, not {AnswerErrors.Show(schema)}.", null);
            return node;
        }

        _json.WriteStartObject();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var required = new List<string>();
        foreach (var keyword in schema.EnumerateObject())
        {
            var at = Join(path, keyword.Name);
            if (!seen.Add(keyword.Name)) Report(at, $"The keyword '{keyword.Name}' stands here twice.", "Remove one.");
            else Read(node, keyword, at, schema, required);
        }

        _json.WriteEndObject();
        ReadAliases(node, schema, path);
        AddRequired(node, required);
        CheckRanges(schema, node, path);
        CheckValues(schema, node, path);
        _links.Require(node, schema, around, _root, required, Join(path, "required"));
        return node;
    }

    private void Read(SchemaNode node, JsonProperty keyword, string at, JsonElement schema, List<string> required)
    {
        var value = keyword.Value;
        // A file's labels are written as the enum they stand for, and aliases are for the reader of replies only.
        if (keyword.Name is not ("enum_file" or "aliases")) _json.WritePropertyName(keyword.Name);
        switch (keyword.Name)
        {
            case "properties":
                node.Properties = ReadProperties(value, at);
                return;
            case "$defs":
                ReadDefinitions(value, at);
                return;
            case "items":
                node.Items = Read(value, at, null);
                return;
            case "additionalProperties" when value.ValueKind == JsonValueKind.Object:
                node.Additional = Read(value, at, null);
                return;
            case "anyOf":
                node.AnyOf = ReadBranches(value, at, schema);
                return;
            case "enum_file":
                ReadLabels(node, value, at, schema);
                return;
            case "aliases":
                // Read when the labels are known.
                return;
            default:
                value.WriteTo(_json);
                ReadSimple(node, keyword, at, required);
                return;
        }
    }

    private SchemaProperty[] ReadProperties(JsonElement value, string at)
    {
        var properties = new List<SchemaProperty>();
        if (value.ValueKind != JsonValueKind.Object)
        {
            Report(at, $"Must be an object from names to schemas, not {AnswerErrors.Show(value)}.", null);
            return [];
        }

        _json.WriteStartObject();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            var here = Join(at, property.Name);
            if (!names.Add(property.Name))
            {
                Report(here, $"The property '{property.Name}' stands here twice.", "Remove one.");
                continue;
            }

            _json.WritePropertyName(property.Name);
            properties.Add(Property(property.Name, Read(property.Value, here, null), false));
        }

        _json.WriteEndObject();
        return [.. properties];
    }

    private void ReadDefinitions(JsonElement value, string at)
    {
        if (at != "$defs")
        {
            Report(at, "'$defs' is possible at the root only.", "Move it there.");
        }
        else if (value.ValueKind != JsonValueKind.Object)
        {
            Report(at, $"Must be an object from names to schemas, not {AnswerErrors.Show(value)}.", null);
        }
        else
        {
            _json.WriteStartObject();
            foreach (var definition in value.EnumerateObject())
            {
                var here = Join(at, definition.Name);
                _json.WritePropertyName(definition.Name);
                if (!_links.Define(definition.Name, Read(definition.Value, here, null)))
                {
                    Report(here, $"The definition '{definition.Name}' stands here twice.", "Remove one.");
                }
            }

            _json.WriteEndObject();
        }
    }

    private SchemaNode[] ReadBranches(JsonElement value, string at, JsonElement schema)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
        {
            Report(at, $"Must be a list of schemas, at least one, not {AnswerErrors.Show(value)}.", null);
            return [];
        }

        _json.WriteStartArray();
        var branches = new List<SchemaNode>();
        foreach (var branch in value.EnumerateArray()) branches.Add(Read(branch, $"{at}[{branches.Count}]", schema));
        _json.WriteEndArray();
        return [.. branches];
    }

    /// <summary>A name that is required but not described has the schema of all other properties.</summary>
    private static void AddRequired(SchemaNode node, List<string> required)
    {
        var properties = node.Properties.Select(p => p with { Required = required.Contains(p.Name) }).ToList();
        foreach (var name in required)
        {
            if (properties.TrueForAll(p => p.Name != name)) properties.Add(Property(name, node.Additional, true));
        }

        if (properties.Count == 0) return;
        node.Properties = [.. properties];
        node.Names = new Utf8Index(node.Properties.Select(p => p.Utf8));
    }

    private static SchemaProperty Property(string name, SchemaNode schema, bool required) => new(
        name, Encoding.UTF8.GetBytes(name), CompactJson.Quote(name),
        schema, required);

    private void Report(string path, string message, string? fix)
    {
        _failed = true;
        _report(path, message, fix);
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
