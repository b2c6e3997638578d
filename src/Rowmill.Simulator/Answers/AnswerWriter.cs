using System.Buffers;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Answers;

/// <summary>Writes the model's text: a row's answer depends on its content, the schema's place and the seed, and on nothing else.</summary>
internal sealed class AnswerWriter(SimulatorOptions options)
{
    /// <summary>The text of a reply to these rows, UTF-8.</summary>
    public byte[] Write(ReplyShape shape, IReadOnlyList<PlannedAnswer> plan, ReplyManner manner = default)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var writer = new Utf8JsonWriter(buffer, Json.Relaxed);
        if (manner.Form == ReplyForm.Lines) Lines(writer, buffer, shape, plan, manner);
        else if (manner.Form is ReplyForm.Bare or ReplyForm.BareKeyed) Rows(writer, shape, plan, manner);
        else Wrapped(writer, shape, plan, manner);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The text of a reply to a message that holds no rows.</summary>
    public byte[] WriteAlone(ReplyShape shape, string message)
    {
        var seed = Mix.With((ulong)options.Seed, message);
        if ((shape.Whole ?? shape.Row) is not { } schema) return Encoding.UTF8.GetBytes($"Simulated: {seed:x8}");
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, Json.Relaxed);
        new ValueWriter(writer, "").Write(schema, seed);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private void Wrapped(Utf8JsonWriter writer, ReplyShape shape, IReadOnlyList<PlannedAnswer> plan, ReplyManner manner)
    {
        writer.WriteStartObject();
        if (shape.Whole is not { } whole)
        {
            writer.WritePropertyName("rows");
            Rows(writer, shape, plan, manner);
        }
        else
        {
            foreach (var property in whole.Properties)
            {
                writer.WritePropertyName(property.Name);
                if (property.Name == "rows") Rows(writer, shape, plan, manner);
                else new ValueWriter(writer, "").Write(property.Node, Mix.With((ulong)options.Seed, property.Salt));
            }
        }

        writer.WriteEndObject();
    }

    private void Lines(
        Utf8JsonWriter writer, ArrayBufferWriter<byte> buffer, ReplyShape shape, IReadOnlyList<PlannedAnswer> plan, ReplyManner manner)
    {
        foreach (var answer in plan)
        {
            Row(writer, shape, answer, manner);
            writer.Flush();
            buffer.Write("\n"u8);
            // A line is a document of its own.
            writer.Reset();
        }
    }

    private void Rows(Utf8JsonWriter writer, ReplyShape shape, IReadOnlyList<PlannedAnswer> plan, ReplyManner manner)
    {
        if (manner.Form == ReplyForm.Single && plan.Count == 1)
        {
            Row(writer, shape, plan[0], manner);
        }
        else if (manner.Form is ReplyForm.Keyed or ReplyForm.BareKeyed)
        {
            writer.WriteStartObject();
            foreach (var answer in plan)
            {
                writer.WritePropertyName(answer.Id!.Trim('"'));
                Row(writer, shape, answer with { Id = null }, manner);
            }

            writer.WriteEndObject();
        }
        else
        {
            writer.WriteStartArray();
            foreach (var answer in plan) Row(writer, shape, answer, manner);
            writer.WriteEndArray();
        }
    }

    private void Row(Utf8JsonWriter writer, ReplyShape shape, PlannedAnswer answer, ReplyManner manner)
    {
        writer.WriteStartObject();
        if (answer.Id is { } id)
        {
            writer.WritePropertyName("id");
            writer.WriteRawValue(id);
        }

        if (shape.Abstains && answer.Row.Holds(options.AbstainText)) Abstain(writer, shape);
        else Answer(writer, shape, answer, manner.Values);
        if (manner.ExtraField) writer.WriteNumber(Unasked(shape), 0.9);
        writer.WriteEndObject();
    }

    /// <summary>The name of a field that the schema does not have.</summary>
    private static string Unasked(ReplyShape shape)
    {
        var name = "confidence";
        while (shape.Row?.Property(name) is not null) name += "_";
        return name;
    }

    private static void Abstain(Utf8JsonWriter writer, ReplyShape shape)
    {
        // In a flat schema every property is required, so the others are null beside the reason.
        if (shape.Row?.Property("abstain") is not null)
        {
            foreach (var property in shape.Row.Properties)
            {
                if (property is { Name: not ("id" or "abstain"), Required: true }) writer.WriteNull(property.Name);
            }
        }

        writer.WriteString("abstain", "Simulated: this row cannot be answered.");
    }

    private void Answer(Utf8JsonWriter writer, ReplyShape shape, PlannedAnswer answer, ValueManner manner)
    {
        var seed = Mix.With(Mix.With((ulong)options.Seed, answer.Row.Hash), 0);
        if (shape.Row is not { } schema)
        {
            var mark = answer.Salt == 0 ? seed : Mix.With(seed, answer.Salt);
            writer.WriteString("answer", $"Simulated: {answer.Row.Hint} ({mark & 0xFFFF:x4})");
            return;
        }

        var spoiltType = answer.Spoilt && !HoldsLabels(schema, 0);
        var values = new ValueWriter(writer, answer.Row.Hint, answer.Spoilt && !spoiltType, answer.Salt, manner);
        foreach (var property in schema.Properties)
        {
            if (property.Name == "id") continue;
            var own = Mix.With(seed, property.Salt);
            if (property.Name == "abstain")
            {
                if (property.Required) writer.WriteNull("abstain");
                continue;
            }

            if (spoiltType)
            {
                spoiltType = false;
                WrongType(writer, property);
                continue;
            }

            if (values.LeavesOut(property, own, 0)) continue;
            writer.WritePropertyName(property.Name);
            values.Write(property.Node, own);
        }
    }

    /// <summary>True when a label will certainly come up: only then can one be spoilt.</summary>
    private static bool HoldsLabels(SchemaNode node, int depth)
    {
        if (node.Values.Count > 0) return !node.IsNull;
        if (depth > 6) return false;
        if (node.Variants.Count > 0) return node.Variants.Where(v => !v.IsNull).All(v => HoldsLabels(v, depth + 1));
        if (node.Items is not null) return node.MaxItems != 0 && HoldsLabels(node.Items, depth + 1);
        return node.Properties.Any(p => p.Name is not ("id" or "abstain") && HoldsLabels(p.Node, depth + 1));
    }

    private static void WrongType(Utf8JsonWriter writer, SchemaProperty property)
    {
        if (property.Node.IsObject)
        {
            writer.WriteString(property.Name, "No such value");
            return;
        }

        writer.WriteStartObject(property.Name);
        writer.WriteEndObject();
    }
}
