using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rowmill.Core.Questions;

/// <summary>One schema, compiled: what <see cref="AnswerChecker"/> walks. Written while it is read, never after.</summary>
internal sealed class SchemaNode
{
    private static readonly Utf8Index s_noNames = new([]);
    private SchemaNode? _additional;

    /// <summary>Admits everything.</summary>
    public static SchemaNode Any { get; } = new();

    /// <summary>Admits nothing.</summary>
    public static SchemaNode Never { get; } = new() { Types = JsonTypes.None };

    public JsonTypes Types { get; set; } = JsonTypes.All;

    public AllowedValues? Enum { get; set; }

    public AllowedValues? Const { get; set; }

    /// <summary>The named properties in the schema's order, then names that are only required.</summary>
    public SchemaProperty[] Properties { get; set; } = [];

    /// <summary>Finds a position in <see cref="Properties"/>.</summary>
    public Utf8Index Names { get; set; } = s_noNames;

    /// <summary>The schema of every other property: <see cref="Any"/> unless said otherwise, <see cref="Never"/> for <c>false</c>.</summary>
    public SchemaNode Additional { get => _additional ?? Any; set => _additional = value; }

    /// <summary>The schema of every item, when there is one.</summary>
    public SchemaNode? Items { get; set; }

    public int MinItems { get; set; }

    public int MaxItems { get; set; } = int.MaxValue;

    public bool UniqueItems { get; set; }

    /// <summary>In code points.</summary>
    public int MinLength { get; set; }

    /// <summary>In code points.</summary>
    public int MaxLength { get; set; } = int.MaxValue;

    /// <summary>Searched for, not anchored.</summary>
    public Regex? Pattern { get; set; }

    /// <summary>The pattern as its author wrote it, short enough for a message.</summary>
    public string PatternShown { get; set; } = "";

    public JsonNumber? Minimum { get; set; }

    public JsonNumber? Maximum { get; set; }

    public JsonNumber? ExclusiveMinimum { get; set; }

    public JsonNumber? ExclusiveMaximum { get; set; }

    /// <summary>Empty when there is no <c>anyOf</c>.</summary>
    public SchemaNode[] AnyOf { get; set; } = [];

    /// <summary>Applies to the same value as this schema does.</summary>
    public SchemaNode? Ref { get; set; }

    /// <summary>The types that the type and the listed values leave, whatever is said elsewhere of the same value.</summary>
    public JsonTypes Possible => Types & (Enum?.Types ?? JsonTypes.All) & (Const?.Types ?? JsonTypes.All);

    /// <summary>Whether text is held to more than its type and a list of values.</summary>
    public bool RulesText => MaxLength != int.MaxValue || MinLength > 0 || Pattern is not null;

    /// <summary>Whether numbers have bounds.</summary>
    public bool RulesNumbers => Minimum is not null || Maximum is not null || ExclusiveMinimum is not null || ExclusiveMaximum is not null;

    /// <summary>Whether <c>null</c> is valid here. Needs the references linked and free of circles.</summary>
    public bool AdmitsNull =>
        Types.Has(JsonTypes.Null) && Enum is not { ContainsNull: false } && Const is not { ContainsNull: false }
        && Ref is not { AdmitsNull: false } && (AnyOf.Length == 0 || AnyOf.Any(branch => branch.AdmitsNull));

    /// <summary>Whether the value's type is possible here, whatever else is asked of it.</summary>
    public bool AdmitsType(JsonElement value) =>
        Possible.Admits(value) && (Ref is null || Ref.AdmitsType(value)) && (AnyOf.Length == 0 || AnyOf.Any(branch => branch.AdmitsType(value)));

    /// <summary>The property of that name, or null.</summary>
    public SchemaProperty? Find(ReadOnlySpan<byte> name) => Names.Find(name) is >= 0 and var found ? Properties[found] : null;
}

/// <summary>One property of an object schema.</summary>
/// <param name="Name">As the schema writes it.</param>
/// <param name="Utf8">The name as UTF-8.</param>
/// <param name="Json">The name as a JSON string with quotes, escaped as answers are stored.</param>
/// <param name="Schema">What its value must be.</param>
/// <param name="Required">Whether it may not be absent.</param>
internal sealed record SchemaProperty(string Name, byte[] Utf8, byte[] Json, SchemaNode Schema, bool Required)
{
    /// <summary>Whether <c>null</c> means absent: the property is optional and its schema does not admit null.</summary>
    public bool DropsNull { get; set; }
}

/// <summary>The schemas around one that apply to the same value, innermost first; only those that name properties.</summary>
internal sealed record OuterSchema(SchemaNode Schema, OuterSchema? Next)
{
    /// <summary>Adds a schema to the chain, if it names properties.</summary>
    public static OuterSchema? Around(SchemaNode schema, OuterSchema? outer) =>
        schema.Properties.Length == 0 ? outer : new OuterSchema(schema, outer);

    /// <summary>
    /// Whether a null under that name counts as absent: an outer schema says so, or this one does and none around it requires the name.
    /// </summary>
    public static bool DropsNull(SchemaNode schema, OuterSchema? outer, ReadOnlySpan<byte> name)
    {
        if (outer is not null && DropsNull(outer.Schema, outer.Next, name)) return true;
        if (schema.Find(name) is not { DropsNull: true }) return false;
        for (; outer is not null; outer = outer.Next)
        {
            if (outer.Schema.Find(name) is { Required: true }) return false;
        }

        return true;
    }
}
