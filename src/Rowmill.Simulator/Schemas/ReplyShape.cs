namespace Rowmill.Simulator.Schemas;

/// <summary>What a reply must look like: the whole of it, one row's answer, and how a row is abstained from.</summary>
internal sealed class ReplyShape
{
    private ReplyShape(SchemaNode? whole, SchemaNode? row, bool abstains)
    {
        Whole = whole;
        Row = row;
        Abstains = abstains;
    }

    /// <summary>No schema anywhere: each answer is one sentence.</summary>
    public static ReplyShape Free { get; } = new(null, null, abstains: false);

    /// <summary>The schema of the whole reply; null when only the row's is known.</summary>
    public SchemaNode? Whole { get; }

    /// <summary>The schema of one row's answer; null when the schema knows no rows.</summary>
    public SchemaNode? Row { get; }

    /// <summary>True when a row may say <c>abstain</c> instead.</summary>
    public bool Abstains { get; }

    /// <summary>Reads a reply's schema, or, with <paramref name="bare"/> allowed, the schema of one row's answer alone.</summary>
    public static ReplyShape Of(SchemaNode root, bool bare)
    {
        if (Unwrap(root) is not var (whole, rows))
        {
            return bare ? new ReplyShape(null, root, HasAbstain(root)) : new ReplyShape(root, null, abstains: false);
        }

        var variants = Flatten(rows, 0).ToList();
        var answers = variants.Where(v => !IsAbstention(v)).ToList();
        var row = answers.Find(v => v.IsObject) ?? variants[0];
        return new ReplyShape(whole, row, answers.Count < variants.Count || HasAbstain(row));
    }

    /// <summary>The wrapper and the schema of its rows' items; null when this is no wrapper.</summary>
    private static (SchemaNode Whole, SchemaNode Rows)? Unwrap(SchemaNode root)
    {
        foreach (var node in Flatten(root, 0))
        {
            if (node.Property("rows")?.Node is not { } rows) continue;
            if (Flatten(rows, 0).Select(n => n.Items).FirstOrDefault(i => i is not null) is { } items) return (node, items);
        }

        return null;
    }

    private static IEnumerable<SchemaNode> Flatten(SchemaNode node, int depth) =>
        node.Variants.Count == 0 || depth > 8 ? [node] : node.Variants.SelectMany(v => Flatten(v, depth + 1));

    private static bool IsAbstention(SchemaNode node) =>
        HasAbstain(node) && node.Properties.All(p => p.Name is "id" or "abstain");

    private static bool HasAbstain(SchemaNode node) => node.Property("abstain") is not null;
}
