using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>The type names of JSON Schema, as a set.</summary>
[Flags]
internal enum JsonTypes
{
    /// <summary>No value at all.</summary>
    None = 0,

    /// <summary><c>null</c>.</summary>
    Null = 1,

    /// <summary><c>true</c> and <c>false</c>.</summary>
    Boolean = 2,

    /// <summary>A number without a fraction; 1.0 is one.</summary>
    Integer = 4,

    /// <summary>Any number.</summary>
    Number = 8,

    /// <summary>A string.</summary>
    String = 16,

    /// <summary>An array.</summary>
    Array = 32,

    /// <summary>An object.</summary>
    Object = 64,

    /// <summary>Any value.</summary>
    All = Null | Boolean | Integer | Number | String | Array | Object,
}

/// <summary>Names and tests of <see cref="JsonTypes"/>.</summary>
internal static class JsonTypeNames
{
    /// <summary>The names as schemas write them.</summary>
    public static IReadOnlyList<string> Known { get; } = ["string", "number", "integer", "boolean", "object", "array", "null"];

    /// <summary>The type of that name; <see cref="JsonTypes.None"/> when there is none.</summary>
    public static JsonTypes Parse(string name) => name switch
    {
        "null" => JsonTypes.Null,
        "boolean" => JsonTypes.Boolean,
        "integer" => JsonTypes.Integer,
        "number" => JsonTypes.Number,
        "string" => JsonTypes.String,
        "array" => JsonTypes.Array,
        "object" => JsonTypes.Object,
        _ => JsonTypes.None,
    };

    /// <summary>The types of a value: a number without a fraction has both.</summary>
    public static JsonTypes Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => JsonTypes.String,
        JsonValueKind.Number => JsonTypes.Number | (JsonNumber.IsInteger(value) ? JsonTypes.Integer : JsonTypes.None),
        JsonValueKind.Array => JsonTypes.Array,
        JsonValueKind.Object => JsonTypes.Object,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.Null => JsonTypes.Null,
        _ => JsonTypes.None,
    };

    /// <summary>Whether the sets share a type.</summary>
    public static bool Has(this JsonTypes types, JsonTypes any) => (types & any) != JsonTypes.None;

    /// <summary>Whether a value has one of the types.</summary>
    public static bool Admits(this JsonTypes types, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => types.Has(JsonTypes.String),
        JsonValueKind.Number => types.Has(JsonTypes.Number) || (types.Has(JsonTypes.Integer) && JsonNumber.IsInteger(value)),
        JsonValueKind.Array => types.Has(JsonTypes.Array),
        JsonValueKind.Object => types.Has(JsonTypes.Object),
        JsonValueKind.True or JsonValueKind.False => types.Has(JsonTypes.Boolean),
        JsonValueKind.Null => types.Has(JsonTypes.Null),
        _ => false,
    };

    /// <summary>For a sentence: <c>a string or null</c>.</summary>
    public static string Describe(this JsonTypes types)
    {
        var names = new List<string>();
        if (types.Has(JsonTypes.String)) names.Add("a string");
        if (types.Has(JsonTypes.Number)) names.Add("a number");
        else if (types.Has(JsonTypes.Integer)) names.Add("a whole number");
        if (types.Has(JsonTypes.Boolean)) names.Add("true or false");
        if (types.Has(JsonTypes.Array)) names.Add("an array");
        if (types.Has(JsonTypes.Object)) names.Add("an object");
        if (types.Has(JsonTypes.Null)) names.Add("null");
        return names.Count == 0 ? "absent" : string.Join(" or ", names);
    }
}
