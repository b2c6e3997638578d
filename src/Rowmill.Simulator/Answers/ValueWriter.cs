using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Answers;

/// <summary>
/// Writes values that a schema allows, chosen by hash: the same seed and place give the same value. With
/// <c>spoil</c>, the first label written is one its enum does not hold. With a <c>salt</c> other than 0 every value is another one than
/// without, where the schema allows others; what is there and how long a list is stays.
/// </summary>
internal sealed class ValueWriter(Utf8JsonWriter writer, string hint, bool spoil = false, ulong salt = 0, ValueManner manner = default)
{
    private const int MaxDepth = 12;
    private const int DefaultMaxItems = 3;
    private const double NullShare = 1.0 / 8;
    private const double AbsentShare = 1.0 / 4;

    private bool _spoil = spoil;

    public void Write(SchemaNode node, ulong seed, int depth = 0)
    {
        if (node.Values.Count > 0) Value(node, seed);
        else if (node.Variants.Count > 0) Variant(node, seed, depth);
        else if (node.AllowsNull && (node.IsNull || depth > MaxDepth || Absent(seed, NullShare))) writer.WriteNullValue();
        else Typed(node, seed, depth);
    }

    /// <summary>True when an optional property stays out.</summary>
    public bool LeavesOut(SchemaProperty property, ulong seed, int depth) =>
        !property.Required && (depth > MaxDepth || (!property.Node.AllowsNull && Absent(seed, AbsentShare)));

    /// <summary>Nothing is left away while a label is still to be spoilt.</summary>
    private bool Absent(ulong seed, double share) => !_spoil && Mix.Unit(Mix.With(seed, 1)) < share;

    private void Value(SchemaNode node, ulong seed)
    {
        var values = node.Values.Where(v => v != "null").ToList();
        if (_spoil && values.Count > 0)
        {
            _spoil = false;
            writer.WriteStringValue("No such label");
        }
        else if (values.Count == 0 || (values.Count < node.Values.Count && Absent(seed, NullShare)))
        {
            writer.WriteNullValue();
        }
        else
        {
            Label(values[Pick(seed, values.Count)]);
        }
    }

    /// <summary>One of so many, 0-based; another one with a salt.</summary>
    private int Pick(ulong seed, int count)
    {
        var index = Mix.Below(seed, count);
        return salt == 0 || count < 2 ? index : (index + Shift(seed, count)) % count;
    }

    /// <summary>How far a salted choice among so many, at least two, is from the plain one: never 0.</summary>
    private int Shift(ulong seed, int count) => 1 + Mix.Below(Mix.With(seed, salt), count - 1);

    private void Label(string raw)
    {
        if (manner.LabelCase && raw.StartsWith('"')) writer.WriteStringValue(LabelSpelling.Another(JsonElement.Parse(raw).GetString()!));
        else if (manner.StringNumbers && (char.IsAsciiDigit(raw[0]) || raw[0] == '-')) writer.WriteStringValue(raw);
        else writer.WriteRawValue(raw);
    }

    private void Variant(SchemaNode node, ulong seed, int depth)
    {
        var variants = node.Variants.Where(v => !v.IsNull).ToList();
        if (variants.Count == 0 || (node.AllowsNull && (depth > MaxDepth || Absent(seed, NullShare)))) writer.WriteNullValue();
        else Write(variants[Mix.Below(seed, variants.Count)], seed, depth + 1);
    }

    private void Typed(SchemaNode node, ulong seed, int depth)
    {
        switch (node.Types.FirstOrDefault(t => t != "null"))
        {
            case "object":
            case null when node.IsObject:
                Object(node, seed, depth);
                break;
            case "array":
            case null when node.Items is not null:
                Array(node, seed, depth);
                break;
            case "integer":
                Number(node, seed, whole: true);
                break;
            case "number":
                Number(node, seed, whole: false);
                break;
            case "boolean":
                writer.WriteBooleanValue(Pick(seed, 2) == 1);
                break;
            default:
                writer.WriteStringValue(Text(node, seed));
                break;
        }
    }

    private void Object(SchemaNode node, ulong seed, int depth)
    {
        writer.WriteStartObject();
        foreach (var property in node.Properties)
        {
            var own = Mix.With(seed, property.Salt);
            if (LeavesOut(property, own, depth)) continue;
            writer.WritePropertyName(property.Name);
            Write(property.Node, own, depth + 1);
        }

        writer.WriteEndObject();
    }

    private void Array(SchemaNode node, ulong seed, int depth)
    {
        var min = Math.Max(0, node.MinItems ?? (_spoil ? 1 : 0));
        var max = Math.Max(min, node.MaxItems ?? Math.Max(min, DefaultMaxItems));
        var count = depth > MaxDepth ? min : min + Mix.Below(seed, max - min + 1);
        if (_spoil && count == 0 && max > 0) count = 1;

        var alone = manner.SingleValues && count == 1;
        if (!alone) writer.WriteStartArray();
        if (node.Items is { Values.Count: > 0 } labels)
        {
            // Distinct labels, whether uniqueItems says so or not: that keyword does not travel to every provider.
            var order = Mix.Order(seed, labels.Values.Count);
            var shift = salt == 0 || order.Length < 2 ? 0 : Shift(seed, order.Length);
            for (var i = 0; i < count && i < order.Length; i++)
            {
                if (_spoil) Value(labels, seed);
                else Label(labels.Values[order[(i + shift) % order.Length]]);
            }
        }
        else if (node is { UniqueItems: true, Items: not null } && !_spoil)
        {
            foreach (var item in Distinct(node.Items, seed, count, depth)) writer.WriteRawValue(item);
        }
        else
        {
            for (var i = 0; i < count; i++) Write(node.Items ?? new SchemaNode(), Mix.With(seed, (ulong)i + 2), depth + 1);
        }

        if (!alone) writer.WriteEndArray();
    }

    /// <summary>So many different values as raw JSON; fewer where the schema has no more.</summary>
    private List<string> Distinct(SchemaNode items, ulong seed, int count, int depth)
    {
        var found = new List<string>();
        var buffer = new ArrayBufferWriter<byte>();
        using var inner = new Utf8JsonWriter(buffer, Json.Relaxed);
        for (var i = 0; found.Count < count && i < count * 16; i++)
        {
            buffer.ResetWrittenCount();
            inner.Reset();
            new ValueWriter(inner, hint, salt: salt, manner: manner).Write(items, Mix.With(seed, (ulong)i + 2), depth + 1);
            inner.Flush();
            var raw = Encoding.UTF8.GetString(buffer.WrittenSpan);
            if (!found.Contains(raw, StringComparer.Ordinal)) found.Add(raw);
        }

        return found;
    }

    private void Number(SchemaNode node, ulong seed, bool whole)
    {
        var step = node.MultipleOf is > 0 ? node.MultipleOf.Value : whole ? 1m : 0.01m;
        var low = node.Minimum ?? node.ExclusiveMinimum;
        var high = node.Maximum ?? node.ExclusiveMaximum;
        low ??= high is { } h and < 0 ? h - 100 * step : 0;
        high ??= low + 100 * step;
        var first = Math.Ceiling(low.Value / step);
        var last = Math.Floor(high.Value / step);
        if (node.ExclusiveMinimum is { } above && first * step <= above) first = Math.Floor(above / step) + 1;
        if (node.ExclusiveMaximum is { } below && last * step >= below) last = Math.Ceiling(below / step) - 1;
        var steps = last - first + 1;
        var index = Math.Floor(steps * (decimal)Mix.Unit(seed));
        if (salt != 0 && steps > 1) index = (index + 1 + Math.Floor((steps - 1) * (decimal)Mix.Unit(Mix.With(seed, salt)))) % steps;
        // A range narrower than the step: its middle is in it.
        var value = steps >= 1 ? (first + index) * step : whole ? Math.Round(low.Value) : (low.Value + high.Value) / 2;
        if (manner.StringNumbers) writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
        else writer.WriteNumberValue(value);
    }

    private string Text(SchemaNode node, ulong seed)
    {
        var min = node.MinLength ?? 0;
        var max = Math.Max(min, node.MaxLength ?? int.MaxValue);
        if (salt != 0) seed = Mix.With(seed, salt);
        if (node.Pattern is not null && PatternText.Make(node.Pattern, seed, min, max) is { } matching) return matching;

        var mark = $"{seed:x16}";
        var text = hint.Length > 0 ? $"Simulated: {hint} ({mark[..4]})" : $"Simulated: {mark[..4]}";
        if (text.Length > max) text = max >= 20 ? $"Simulated: {mark[..8]}" : mark[..Math.Min(max, mark.Length)];
        return text.PadRight(Math.Min(min, 100_000), '.');
    }
}
