using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>Writes a checked value without the nulls that mean absent, at any depth: the slow way, taken only when there are some.</summary>
internal static class PrunedWriter
{
    /// <summary>A schema that applies to a value, with the ones around it.</summary>
    private readonly record struct Applied(SchemaNode Schema, OuterSchema? Outer);

    /// <summary>Writes a value that is valid under the schema.</summary>
    public static void Write(ref AnswerWriter writer, SchemaNode schema, JsonElement value) => Write(ref writer, [schema], value);

    private static void Write(ref AnswerWriter writer, List<SchemaNode> schemas, JsonElement value)
    {
        if (value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
        {
            writer.Value(value);
            return;
        }

        var applied = new List<Applied>();
        foreach (var schema in schemas) Apply(schema, null, value, applied);
        if (value.ValueKind == JsonValueKind.Array)
        {
            List<SchemaNode> items = [.. applied.Where(a => a.Schema.Items is not null).Select(a => a.Schema.Items!)];
            writer.Write((byte)'[');
            foreach (var item in value.EnumerateArray())
            {
                writer.Comma();
                Write(ref writer, items, item);
            }

            writer.Write((byte)']');
            return;
        }

        writer.Write((byte)'{');
        foreach (var member in value.EnumerateObject())
        {
            if (!JsonStrings.TryName(member, out var name)) continue;
            var dropped = false;
            var inner = new List<SchemaNode>();
            foreach (var (schema, outer) in applied)
            {
                dropped |= member.Value.ValueKind == JsonValueKind.Null && OuterSchema.DropsNull(schema, outer, name);
                inner.Add(schema.Find(name)?.Schema ?? schema.Additional);
            }

            if (dropped) continue;
            writer.Name(member);
            Write(ref writer, inner, member.Value);
        }

        writer.Write((byte)'}');
    }

    /// <summary>Adds a schema, what it refers to and its first branch that fits.</summary>
    private static void Apply(SchemaNode schema, OuterSchema? outer, JsonElement value, List<Applied> applied)
    {
        applied.Add(new Applied(schema, outer));
        var around = OuterSchema.Around(schema, outer);
        if (schema.Ref is not null) Apply(schema.Ref, around, value, applied);
        foreach (var branch in schema.AnyOf)
        {
            var checker = default(AnswerChecker);
            if (!checker.Admits(branch, value, around)) continue;
            Apply(branch, around, value, applied);
            break;
        }
    }
}
