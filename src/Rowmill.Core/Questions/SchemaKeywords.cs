namespace Rowmill.Core.Questions;

/// <summary>The keywords an answer schema may use; any other is a mistake, never ignored.</summary>
internal static class SchemaKeywords
{
    /// <summary>Every known keyword.</summary>
    public static IReadOnlyList<string> Known { get; } =
    [
        "type", "enum", "const", "required", "properties", "additionalProperties", "items", "minItems", "maxItems", "uniqueItems",
        "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "anyOf", "$ref", "$defs",
        "title", "description", "enum_file", "aliases",
    ];

    /// <summary>Keywords of JSON Schema, its dialects and its neighbours that people bring along, with what to do instead.</summary>
    private static readonly Dictionary<string, string> s_hints = new(StringComparer.Ordinal)
    {
        ["oneOf"] = "Did you mean 'anyOf'?",
        ["allOf"] = "Merge its schemas into one.",
        ["definitions"] = "Did you mean '$defs'?",
        ["$definitions"] = "Did you mean '$defs'?",
        ["nullable"] = "Did you mean 'type', as in type: [string, \"null\"]?",
        ["format"] = "Did you mean 'pattern'?",
        ["prefixItems"] = "Did you mean 'items'?",
        ["choices"] = "Did you mean 'enum'?",
        ["options"] = "Did you mean 'enum'?",
        ["values"] = "Did you mean 'enum'?",
        ["labels"] = "Did you mean 'enum' or 'enum_file'?",
        ["synonyms"] = "Did you mean 'aliases'?",
        ["min"] = "Did you mean 'minimum'?",
        ["max"] = "Did you mean 'maximum'?",
        ["optional"] = "Did you mean 'required'? A property not named there is optional.",
        ["default"] = "Remove it: an answer has no defaults. Did you mean 'description'?",
        ["example"] = "Did you mean 'description'?",
        ["examples"] = "Did you mean 'description'?",
        ["$comment"] = "Did you mean 'description'?",
        ["$schema"] = "Remove it.",
        ["$id"] = "Remove it.",
    };

    /// <summary>What to do about an unknown keyword.</summary>
    public static string Fix(string keyword) =>
        s_hints.GetValueOrDefault(keyword) ?? NearestName.Suggest(keyword, Known, $"Known are {string.Join(", ", Known)}.");
}
