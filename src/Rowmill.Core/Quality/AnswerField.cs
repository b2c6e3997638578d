using System.Text.Json;
using Rowmill.Core.Questions;

namespace Rowmill.Core.Quality;

/// <summary>What the values of an answer's property are, as far as comparing them goes.</summary>
public enum FieldKind
{
    /// <summary>One of the schema's labels.</summary>
    Label,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A number.</summary>
    Number,

    /// <summary>Free text.</summary>
    Text,

    /// <summary>Anything else, such as an object.</summary>
    Other,
}

/// <summary>One top-level property of an answer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What its values are; of an array, what its items are.</param>
/// <param name="IsArray">Whether a value is an array: compared as a set.</param>
/// <param name="Labels">The labels in the schema's order, <c>true</c> and <c>false</c> for a boolean; empty for what has none.</param>
public sealed record AnswerField(string Name, FieldKind Kind, bool IsArray, IReadOnlyList<string> Labels)
{
    /// <summary>References inside references are followed so far; the schema reader has refused circles.</summary>
    private const int Deepest = 16;

    /// <summary>Whether an equal value is to be expected of a good model: of a label, a boolean, a number, not of free text.</summary>
    public bool Counts => Kind is FieldKind.Label or FieldKind.Boolean or FieldKind.Number;

    /// <summary>The properties of an answer, in the schema's order.</summary>
    public static IReadOnlyList<AnswerField> Of(AnswerSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        using var document = JsonDocument.Parse(schema.Json);
        var root = document.RootElement;
        return [.. root.GetProperty("properties").EnumerateObject().Select(p => Read(p.Name, p.Value, root, Deepest))];
    }

    private static AnswerField Read(string name, JsonElement schema, JsonElement root, int depth)
    {
        if (depth == 0) return Plain(name, FieldKind.Other);
        if (schema.TryGetProperty("$ref", out var reference)) return Read(name, Resolve(reference.GetString()!, root), root, depth - 1);
        if (schema.TryGetProperty("enum", out var values)) return OfValues(name, [.. values.EnumerateArray()]);
        if (schema.TryGetProperty("const", out var value)) return OfValues(name, [value]);
        if (schema.TryGetProperty("anyOf", out var branches)) return OfBranches(name, branches, root, depth);
        return Types(schema) switch
        {
            ["string"] => Plain(name, FieldKind.Text),
            ["boolean"] => OfBooleans(name),
            ["number"] or ["integer"] or ["number", "integer"] or ["integer", "number"] => Plain(name, FieldKind.Number),
            ["array"] => OfItems(name, schema, root, depth),
            _ => Plain(name, FieldKind.Other),
        };
    }

    private static AnswerField OfItems(string name, JsonElement schema, JsonElement root, int depth)
    {
        var item = schema.TryGetProperty("items", out var items) ? Read(name, items, root, depth - 1) : Plain(name, FieldKind.Other);
        return item.IsArray ? Plain(name, FieldKind.Other) with { IsArray = true } : item with { IsArray = true };
    }

    /// <summary>Branches that are all of a kind are one; null beside them means absent.</summary>
    private static AnswerField OfBranches(string name, JsonElement branches, JsonElement root, int depth)
    {
        var fields = branches.EnumerateArray().Where(b => !IsNull(b)).Select(b => Read(name, b, root, depth - 1)).ToList();
        if (fields.Count == 0 || fields.Exists(f => f.Kind != fields[0].Kind || f.IsArray != fields[0].IsArray)) return Plain(name, FieldKind.Other);
        return fields[0] with { Labels = [.. fields.SelectMany(f => f.Labels).Distinct(StringComparer.Ordinal)] };
    }

    private static AnswerField OfValues(string name, List<JsonElement> values)
    {
        values.RemoveAll(v => v.ValueKind == JsonValueKind.Null);
        if (values.Count > 0 && values.TrueForAll(v => v.ValueKind is JsonValueKind.True or JsonValueKind.False)) return OfBooleans(name);
        if (values.Exists(v => v.ValueKind is JsonValueKind.Array or JsonValueKind.Object)) return Plain(name, FieldKind.Other);
        return new AnswerField(name, FieldKind.Label, false, [.. values.Select(FieldValues.Text)]);
    }

    private static AnswerField OfBooleans(string name) => new(name, FieldKind.Boolean, false, ["true", "false"]);

    private static AnswerField Plain(string name, FieldKind kind) => new(name, kind, false, []);

    private static bool IsNull(JsonElement schema) => schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("null"u8);

    private static string[] Types(JsonElement schema) => !schema.TryGetProperty("type", out var type) ? []
        : type.ValueKind == JsonValueKind.String ? [type.GetString()!]
        : [.. type.EnumerateArray().Select(t => t.GetString()!).Where(t => t != "null")];

    /// <summary>A definition at the root: the only place the schema reader lets a reference go.</summary>
    private static JsonElement Resolve(string reference, JsonElement root) =>
        root.GetProperty("$defs").GetProperty(reference[(reference.LastIndexOf('/') + 1)..].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));
}
