using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rowmill.Providers.Chat;

/// <summary>What the translations of JSON Schema into a service's subset have in common: types that follow from keywords, and the account of what is lost.</summary>
internal abstract class SchemaTranslation
{
    // What holds a value, and not the schema's own shape.
    private static readonly HashSet<string> s_bounds = new(StringComparer.Ordinal)
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "format",
        "minItems", "maxItems", "uniqueItems", "enum", "const",
    };

    // Inside JSON text, where nothing is HTML.
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<string> _losses = [];
    private readonly Dictionary<JsonObject, JsonObject> _unsaid = [];

    /// <summary>What the translation does not say, one line each.</summary>
    public IReadOnlyList<string> Losses => _losses;

    protected static JsonObject Parse(ReadOnlyMemory<byte> schema) =>
        JsonNode.Parse(schema.Span) as JsonObject ?? throw new JsonException("a schema is an object");

    /// <summary>Notes a keyword that the subset lacks.</summary>
    protected void Lose(JsonObject schema, string keyword, string path)
    {
        Tell($"{keyword} at {Place(path)} cannot be expressed; still enforced");
        if (!s_bounds.Contains(keyword)) return;
        if (!_unsaid.TryGetValue(schema, out var unsaid)) _unsaid[schema] = unsaid = [];
        unsaid[keyword] = schema[keyword]?.DeepClone();
    }

    /// <summary>
    /// Puts the bounds that the subset lacks into the description, for the model to read: an answer that breaks one is asked again, and a model
    /// that never hears of it would break it again.
    /// </summary>
    protected void Describe(JsonObject schema, JsonObject result)
    {
        if (!_unsaid.Remove(schema, out var unsaid)) return;
        var words = "Must satisfy " + unsaid.ToJsonString(s_plain);
        result["description"] = result["description"] is JsonValue given ? $"{given.GetValue<string>().TrimEnd()} {words}" : words;
    }

    protected void Tell(string line)
    {
        if (!_losses.Contains(line)) _losses.Add(line);
    }

    /// <summary>Schemas by name, each converted; the path of each is of its name.</summary>
    protected static JsonObject Each(JsonObject schemas, Func<string, string> path, Func<JsonNode?, string, JsonObject> convert) =>
        new(schemas.Select(s => KeyValuePair.Create<string, JsonNode?>(s.Key, convert(s.Value, path(s.Key)))));

    /// <summary>The definitions, each converted.</summary>
    protected static JsonObject Definitions(JsonObject definitions, Func<JsonNode?, string, JsonObject> convert) => Each(definitions, name => "$defs." + name, convert);

    /// <summary>A reference alone, as the subsets have it; null for a schema that is none.</summary>
    protected JsonObject? Reference(JsonObject schema, string path)
    {
        if (schema["$ref"] is not { } reference) return null;
        LoseBeside(schema, path);
        return new JsonObject { ["$ref"] = reference.DeepClone() };
    }

    /// <summary>Notes what stands beside a reference, where a subset allows nothing; words for people are no loss.</summary>
    protected void LoseBeside(JsonObject reference, string path)
    {
        foreach (var (key, _) in reference)
            if (key is not ("$ref" or "title" or "description")) Lose(reference, key, path);
    }

    protected static string Place(string path) => path.Length == 0 ? "the top" : path;

    protected static string Below(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>The type as it is given or follows from the other keywords; null when nothing tells it.</summary>
    protected static JsonNode? TypeOf(JsonObject schema)
    {
        if (schema["type"] is { } given) return given.DeepClone();
        if (Labels(schema) is { } labels)
        {
            var types = labels.Select(TypeName).Distinct(StringComparer.Ordinal).ToList();
            return types.Count == 1 ? types[0] : List(types);
        }

        if (schema.ContainsKey("anyOf")) return null;
        if (schema.ContainsKey("properties") || schema.ContainsKey("additionalProperties")) return "object";
        if (schema.ContainsKey("items") || schema.ContainsKey("minItems") || schema.ContainsKey("maxItems")) return "array";
        if (schema.ContainsKey("pattern") || schema.ContainsKey("minLength") || schema.ContainsKey("maxLength")) return "string";
        return schema.Any(p => p.Key is "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum") ? "number" : null;
    }

    /// <summary>The values that <c>const</c> or <c>enum</c> allow; null where neither stands.</summary>
    protected static IReadOnlyList<JsonNode?>? Labels(JsonObject schema) =>
        schema.TryGetPropertyValue("const", out var constant) ? [constant] : schema["enum"] is JsonArray labels ? [.. labels] : null;

    protected static bool Is(JsonObject schema, string type) => schema["type"] switch
    {
        JsonValue one => one.GetValue<string>() == type,
        JsonArray many => many.Any(t => t!.GetValue<string>() == type),
        _ => false,
    };

    protected static string TypeName(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        _ => "null",
    };

    protected static JsonArray Names(JsonObject properties) => List(properties.Select(p => p.Key));

    protected static JsonArray List(IEnumerable<string> words) => new([.. words.Select(w => (JsonNode)w)]);
}
