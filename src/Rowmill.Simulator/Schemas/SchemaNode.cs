namespace Rowmill.Simulator.Schemas;

/// <summary>One place of a compiled schema; references are followed, so nodes may form loops.</summary>
internal sealed class SchemaNode
{
    /// <summary>Names under <c>type</c>; empty when it has none.</summary>
    public IReadOnlyList<string> Types { get; set; } = [];

    public IReadOnlyList<SchemaProperty> Properties { get; set; } = [];

    public SchemaNode? Items { get; set; }

    public IReadOnlyList<SchemaNode> Variants { get; set; } = [];

    /// <summary>Raw JSON of the allowed values (<c>enum</c> or <c>const</c>); empty when any value of the type will do.</summary>
    public IReadOnlyList<string> Values { get; set; } = [];

    public int? MinItems { get; set; }

    public int? MaxItems { get; set; }

    public bool UniqueItems { get; set; }

    public int? MinLength { get; set; }

    public int? MaxLength { get; set; }

    public string? Pattern { get; set; }

    public decimal? Minimum { get; set; }

    public decimal? Maximum { get; set; }

    public decimal? ExclusiveMinimum { get; set; }

    public decimal? ExclusiveMaximum { get; set; }

    public decimal? MultipleOf { get; set; }

    /// <summary>True for <c>null</c> and nothing else.</summary>
    public bool IsNull => Types is ["null"] || Values is ["null"];

    /// <summary>True when null is among what it allows.</summary>
    public bool AllowsNull =>
        Types.Contains("null", StringComparer.Ordinal) || Variants.Any(v => v.IsNull) || Values.Contains("null", StringComparer.Ordinal);

    public bool IsObject => Types.Contains("object", StringComparer.Ordinal) || Properties.Count > 0;

    public SchemaProperty? Property(string name) => Properties.FirstOrDefault(p => string.Equals(p.Name, name, StringComparison.Ordinal));
}

/// <summary>One property of an object.</summary>
internal sealed record SchemaProperty(string Name, SchemaNode Node, bool Required)
{
    /// <summary>Chance differs from property to property, and not by what stands beside it.</summary>
    public ulong Salt { get; } = Answers.Mix.Hash(Name);
}
