using System.Text;

namespace Rowmill.Core.Questions;

/// <summary>Estimates the bytes of an answer from its schema; used to reserve output, so rather too many than too few.</summary>
internal sealed class AnswerSize
{
    /// <summary>Text without a bound: a sentence or two.</summary>
    private const int UnboundedText = 240;

    private const int UnboundedItems = 5;
    private const int NumberBytes = 8;
    private const int NameBytes = 16;

    /// <summary>How often references are followed one inside the other.</summary>
    private const int ReferenceDepth = 3;

    private readonly Dictionary<(SchemaNode Schema, int Depth), long> _known = [];

    /// <summary>Bytes of one value, at most <see cref="int.MaxValue"/>.</summary>
    public static int Estimate(SchemaNode schema) => (int)Math.Min(int.MaxValue, new AnswerSize().Value(schema, 0));

    private long Value(SchemaNode schema, int depth)
    {
        if (_known.TryGetValue((schema, depth), out var known)) return known;
        var size = Math.Min(int.MaxValue, Compute(schema, depth));
        _known[(schema, depth)] = size;
        return size;
    }

    private long Compute(SchemaNode schema, int depth)
    {
        if ((schema.Const ?? schema.Enum) is { } allowed) return allowed.LongestBytes;
        var types = Likely(schema);
        var applied = schema.AnyOf.Length == 0 ? 0 : schema.AnyOf.Max(branch => Value(branch, depth));
        if (schema.Ref is not null) applied = Math.Max(applied, depth < ReferenceDepth ? Value(schema.Ref, depth + 1) : 2);
        var refers = schema.Ref is not null || schema.AnyOf.Length > 0;
        if (types == JsonTypes.All) return refers ? applied : UnboundedText;

        var size = 0L;
        if (types.Has(JsonTypes.Null)) size = 4;
        if (types.Has(JsonTypes.Boolean)) size = 5;
        if (types.Has(JsonTypes.Number | JsonTypes.Integer)) size = NumberBytes;
        if (types.Has(JsonTypes.String)) size = Math.Max(size, Text(schema));
        if (types.Has(JsonTypes.Array)) size = Math.Max(size, Items(schema, refers, depth));
        if (types.Has(JsonTypes.Object)) size = Math.Max(size, Members(schema, refers, depth));
        return schema.Properties.Length > 0 ? size + applied : Math.Max(size, applied);
    }

    /// <summary>The types a schema is about when it names none: those its other keywords speak of.</summary>
    private static JsonTypes Likely(SchemaNode schema)
    {
        if (schema.Types != JsonTypes.All) return schema.Types;
        var types = JsonTypes.None;
        if (schema.Properties.Length > 0) types |= JsonTypes.Object;
        if (schema.Items is not null || schema.MaxItems != int.MaxValue || schema.MinItems > 0) types |= JsonTypes.Array;
        if (schema.RulesText) types |= JsonTypes.String;
        if (schema.RulesNumbers) types |= JsonTypes.Number;
        return types == JsonTypes.None ? JsonTypes.All : types;
    }

    /// <summary>A fifth more than the characters, for escapes and letters beyond ASCII.</summary>
    private static long Text(SchemaNode schema) =>
        2 + (schema.MaxLength == int.MaxValue ? Math.Max(UnboundedText, schema.MinLength) : ((schema.MaxLength * 6L) + 4) / 5);

    private long Items(SchemaNode schema, bool refers, int depth)
    {
        var count = schema.MaxItems == int.MaxValue ? Math.Max(UnboundedItems, schema.MinItems) : schema.MaxItems;
        return schema.Items is null && refers ? 2 : 2 + (count * (Value(schema.Items ?? SchemaNode.Any, depth) + 1));
    }

    private long Members(SchemaNode schema, bool refers, int depth)
    {
        var size = 2L;
        foreach (var property in schema.Properties) size += Encoding.UTF8.GetByteCount(property.Name) + 4 + Value(property.Schema, depth);
        var others = schema.Additional;
        if (ReferenceEquals(others, SchemaNode.Never)) return size;
        // Where anything may be added, models add what is asked for and little else.
        if (ReferenceEquals(others, SchemaNode.Any)) return schema.Properties.Length > 0 || refers ? size : UnboundedText;
        return size + (UnboundedItems * (NameBytes + 4 + Value(others, depth)));
    }
}
