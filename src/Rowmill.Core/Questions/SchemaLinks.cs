using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>What can only be settled when the whole schema has been read: references, circles, names required but not described.</summary>
internal sealed class SchemaLinks(Action<string, string, string?> report)
{
    private const string Prefix = "#/$defs/";

    private readonly Dictionary<string, SchemaNode> _definitions = new(StringComparer.Ordinal);
    private readonly List<(SchemaNode Node, string Target, string Path)> _references = [];
    private readonly List<(string Name, IReadOnlyCollection<string> Known, string Path)> _required = [];
    private readonly List<SchemaNode> _nodes = [];

    /// <summary>Notes a definition; false when there is one of that name.</summary>
    public bool Define(string name, SchemaNode schema) => _definitions.TryAdd(name, schema);

    /// <summary>Notes a reference, to be resolved when all definitions are known.</summary>
    public void Refer(SchemaNode node, string target, string path) => _references.Add((node, target, path));

    /// <summary>Notes a schema and the names it requires; they may be described by itself, by what it refers to or around its <c>anyOf</c>.</summary>
    public void Require(SchemaNode node, JsonElement schema, JsonElement? around, JsonElement root, List<string> required, string path)
    {
        _nodes.Add(node);
        if (required.Count == 0) return;
        var known = new HashSet<string>(StringComparer.Ordinal);
        AddNames(schema, known);
        if (around is { } outer) AddNames(outer, known);
        if (schema.TryGetProperty("$ref", out var reference) && reference.ValueKind == JsonValueKind.String
            && root.TryGetProperty("$defs", out var definitions) && definitions.ValueKind == JsonValueKind.Object
            && NameOf(reference.GetString()!) is { } name && definitions.TryGetProperty(name, out var target)
            && target.ValueKind == JsonValueKind.Object)
        {
            AddNames(target, known);
        }

        foreach (var missing in required.Where(n => !known.Contains(n))) _required.Add((missing, known, path));
    }

    /// <summary>Links the references and reports what does not fit.</summary>
    public void Resolve()
    {
        foreach (var (name, known, path) in _required)
        {
            report(path, $"'{name}' is required, but 'properties' does not describe it.", NearestName.Suggest(name, known));
        }

        foreach (var (node, target, path) in _references)
        {
            if (NameOf(target) is { } name && _definitions.TryGetValue(name, out var definition)) node.Ref = definition;
            else report(path, $"'{target}' refers to nothing.", Fix(target));
        }

        var circles = false;
        foreach (var (node, target, path) in _references)
        {
            if (!Reaches(node, node, [])) continue;
            circles = true;
            report(path, $"'{target}' leads back here without a property or item in between.", null);
        }

        // Whether null is valid cannot be told of a circle.
        if (circles) return;
        foreach (var property in _nodes.SelectMany(n => n.Properties)) property.DropsNull = !property.Required && !property.Schema.AdmitsNull;
    }

    private string Fix(string target)
    {
        if (_definitions.Count == 0) return "Define it under '$defs' at the root.";
        var name = NameOf(target) ?? target[(target.LastIndexOf('/') + 1)..];
        return NearestName.Find(name, _definitions.Keys) is { } nearest
            ? $"Did you mean '{Prefix}{nearest}'?" : $"References look like '{Prefix}{_definitions.Keys.First()}'.";
    }

    /// <summary>Whether a schema applies to the same value as another, through references and branches.</summary>
    private static bool Reaches(SchemaNode from, SchemaNode goal, HashSet<SchemaNode> visited)
    {
        foreach (var next in from.Ref is null ? from.AnyOf : [.. from.AnyOf, from.Ref])
        {
            if (ReferenceEquals(next, goal) || (visited.Add(next) && Reaches(next, goal, visited))) return true;
        }

        return false;
    }

    /// <summary>The definition's name: a JSON Pointer token (RFC 6901) in a URI fragment.</summary>
    private static string? NameOf(string target)
    {
        if (!target.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var token = target[Prefix.Length..];
        if (token.Contains('/', StringComparison.Ordinal)) return null;
        return Uri.UnescapeDataString(token).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
    }

    private static void AddNames(JsonElement schema, HashSet<string> names)
    {
        if (!schema.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object) return;
        foreach (var property in properties.EnumerateObject()) names.Add(property.Name);
    }
}
