using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Rowmill.Core.Questions;

/// <summary>The JSON Schema of one row's answer: which keywords it may use is in the guide. Immutable and safe for concurrent use.</summary>
public sealed class AnswerSchema
{
    private readonly SchemaNode _root;
    private readonly bool _keepsOthers;

    private AnswerSchema(SchemaNode root, ReadOnlyMemory<byte> json)
    {
        _root = root;
        _keepsOthers = !ReferenceEquals(root.Additional, SchemaNode.Any) && !ReferenceEquals(root.Additional, SchemaNode.Never);
        Json = json;
        Properties = [.. root.Properties.Select(p => p.Name)];
        EstimatedBytes = AnswerSize.Estimate(root);
    }

    /// <summary>Compact UTF-8 JSON of the schema, files resolved, key order as given.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>The answer's top-level properties, in the schema's order.</summary>
    public IReadOnlyList<string> Properties { get; }

    /// <summary>A generous estimate of the UTF-8 bytes of one answer, from lengths, labels and counts.</summary>
    public int EstimatedBytes { get; }

    /// <summary>Whether a property has the name under which a model says why it cannot answer; a mistake in a job with <c>abstain: true</c>.</summary>
    public bool ClashesWithAbstain => _root.Find(ReplySchema.AbstainUtf8) is not null;

    /// <summary>Reads a schema; reports every mistake at once.</summary>
    /// <param name="schema">The schema as JSON.</param>
    /// <param name="readLabels">Reads an <c>enum_file</c>: path as given, to its labels (one a line); throws <see cref="IOException"/>.</param>
    /// <param name="report">
    /// Receives each mistake: path of keys within the schema such as <c>properties.energy.enum</c> or <c>properties.x.anyOf[0].type</c>
    /// (empty for the schema itself), message, fix or null.
    /// </param>
    /// <returns>The schema, or null when something was reported.</returns>
    public static AnswerSchema? Parse(
        JsonElement schema, Func<string, IReadOnlyList<string>> readLabels, Action<string, string, string?> report)
    {
        ArgumentNullException.ThrowIfNull(readLabels);
        ArgumentNullException.ThrowIfNull(report);
        var reader = new SchemaReader(readLabels, report);
        return reader.ReadRoot(schema) is { } root ? new AnswerSchema(root, reader.Json) : null;
    }

    /// <summary>
    /// Checks one answer as <see cref="Check(JsonElement)"/> does, and once more after putting right what can mean one thing only: labels that differ
    /// from one allowed label only by case, white space or hyphen, or are its alias; values of another JSON type (see
    /// <see cref="AnswerMends"/>); nested properties that a closed object does not know, which are dropped.
    /// </summary>
    /// <param name="answer">The row's object from the reply; its <c>id</c> is ignored.</param>
    public AnswerCheck Mend(JsonElement answer)
    {
        var asItCame = Check(answer, out var isMendable);
        // An extra that breaks the rule for extras may be one that can be put right.
        if (!isMendable || (asItCame.Error is null && !(_keepsOthers && asItCame.Mends.Extras > 0))) return asItCame;
        var mender = default(AnswerMender);
        var mended = mender.MendAnswer(_root, answer);
        var mends = mender.Mends;
        if (mends == default) return asItCame;
        var check = Check(mended, out _);
        return check.Error is null ? check with { Mends = mends with { Extras = mends.Extras + check.Mends.Extras } } : check;
    }

    /// <summary>
    /// Checks one answer and brings it into its stored form: properties in schema order, unknown ones dropped (kept when
    /// <c>additionalProperties</c> is a schema that admits them), <c>null</c> for an optional property whose schema does not admit it dropped.
    /// </summary>
    /// <param name="answer">The row's object from the reply; its <c>id</c> is ignored.</param>
    public AnswerCheck Check(JsonElement answer) => Check(answer, out _);

    private AnswerCheck Check(JsonElement answer, out bool isMendable)
    {
        isMendable = false;
        var checker = default(AnswerChecker);
        if (answer.ValueKind != JsonValueKind.Object)
        {
            checker.Fail($"must be an object, but is {AnswerErrors.Show(answer)}");
            return new AnswerCheck(default, checker.Error);
        }

        var raw = JsonMarshal.GetRawUtf8Value(answer);
        if (!Utf8.IsValid(raw)) return new AnswerCheck(default, "answer: is not valid UTF-8");
        var values = ArrayPool<JsonElement>.Shared.Rent(_root.Properties.Length);
        var known = values.AsSpan(0, _root.Properties.Length);
        known.Clear();
        try
        {
            var valid = Collect(ref checker, answer, known, out var extras);
            isMendable = !checker.Exhausted && !checker.TimedOut;
            if (!valid) return new AnswerCheck(default, checker.Error);
            var json = Write(answer, known, raw.Length, checker.DroppedNull, ref extras);
            return new AnswerCheck(json, null) { Mends = new AnswerMends(0, 0, extras) };
        }
        finally
        {
            // The values hold on to their document.
            known.Clear();
            ArrayPool<JsonElement>.Shared.Return(values);
        }
    }

    /// <summary>Checks the known properties and notes their values in schema order; undefined for an absent one.</summary>
    private bool Collect(ref AnswerChecker checker, JsonElement answer, Span<JsonElement> known, out int extras)
    {
        extras = 0;
        var properties = _root.Properties;
        var expected = 0;
        foreach (var member in answer.EnumerateObject())
        {
            // Models follow the schema's order: the next name is nearly always the next property.
            var raw = JsonMarshal.GetRawUtf8PropertyName(member);
            int found;
            if (expected < properties.Length && raw.SequenceEqual(properties[expected].Utf8)) found = expected;
            else if (!JsonStrings.TryUnescape(raw, out var name)) found = -1;
            else if (name.SequenceEqual(ReplySchema.IdUtf8)) continue;
            else found = _root.Names.Find(name);
            if (found < 0)
            {
                if (!_keepsOthers && JsonStrings.IsTornName(raw)) return checker.Torn(member);
                extras++;
                continue;
            }

            expected = found + 1;
            if (known[found].ValueKind != JsonValueKind.Undefined) return checker.Twice(member);
            known[found] = member.Value;
            if (member.Value.ValueKind == JsonValueKind.Null && properties[found].DropsNull) continue;
            if (!checker.Check(properties[found].Schema, member.Value)) return checker.In(properties[found].Name);
        }

        for (var i = 0; i < properties.Length; i++)
        {
            if (known[i].ValueKind == JsonValueKind.Undefined)
            {
                if (properties[i].Required) return checker.Missing(properties[i]);
            }
            else if (known[i].ValueKind == JsonValueKind.Null && properties[i].DropsNull)
            {
                known[i] = default;
            }
        }

        return true;
    }

    private byte[] Write(JsonElement answer, ReadOnlySpan<JsonElement> known, int capacity, bool droppedNull, ref int extras)
    {
        var writer = new AnswerWriter(capacity);
        try
        {
            writer.Write((byte)'{');
            for (var i = 0; i < known.Length; i++)
            {
                if (known[i].ValueKind == JsonValueKind.Undefined) continue;
                writer.Name(_root.Properties[i].Json);
                if (droppedNull) PrunedWriter.Write(ref writer, _root.Properties[i].Schema, known[i]);
                else writer.Value(known[i]);
            }

            if (_keepsOthers) extras -= WriteOthers(ref writer, answer);
            writer.Write((byte)'}');
            return writer.ToArray();
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>
    /// Properties the schema does not name but has a rule for; one that breaks it, or stands there twice, is dropped like any extra.
    /// Returns how many were kept.
    /// </summary>
    private int WriteOthers(ref AnswerWriter writer, JsonElement answer)
    {
        var kept = 0;
        var names = new HashSet<string>(StringComparer.Ordinal) { ReplySchema.IdProperty };
        var twice = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in answer.EnumerateObject())
        {
            if (JsonStrings.TryName(member, out _) && !names.Add(member.Name)) twice.Add(member.Name);
        }

        foreach (var member in answer.EnumerateObject())
        {
            var checker = default(AnswerChecker);
            if (!JsonStrings.TryName(member, out var name) || _root.Names.Find(name) >= 0 || twice.Contains(member.Name)) continue;
            if (member.NameEquals(ReplySchema.IdUtf8) || !checker.Admits(_root.Additional, member.Value)) continue;
            writer.Name(member);
            PrunedWriter.Write(ref writer, _root.Additional, member.Value);
            kept++;
        }

        return kept;
    }
}

/// <summary>What came of checking an answer.</summary>
/// <param name="Json">The stored form, compact UTF-8 JSON without line breaks; empty when it is not valid.</param>
/// <param name="Error">Why it is not valid, with the path and the offending value; null when it is.</param>
public readonly record struct AnswerCheck(ReadOnlyMemory<byte> Json, string? Error)
{
    /// <summary>What was put right to make it valid, and what was dropped of it; nothing when it is not valid.</summary>
    public AnswerMends Mends { get; init; }
}
