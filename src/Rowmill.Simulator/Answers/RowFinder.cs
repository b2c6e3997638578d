using System.Buffers;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Answers;

/// <summary>Finds <c>{"rows":[{"id":1,…},…]}</c> in a user message, whatever stands around it.</summary>
internal static class RowFinder
{
    private const int HintLength = 40;

    /// <summary>The rows that carry an id; none when the message holds no rows.</summary>
    public static IReadOnlyList<AskedRow> Find(string message)
    {
        foreach (var document in JsonInText.Objects(Encoding.UTF8.GetBytes(message)))
        {
            using (document)
            {
                if (document.RootElement.TryGetProperty("rows", out var rows) && rows.ValueKind == JsonValueKind.Array) return Read(rows);
            }
        }

        return [];
    }

    private static List<AskedRow> Read(JsonElement rows)
    {
        var found = new List<AskedRow>(rows.GetArrayLength());
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, Json.Relaxed);
        foreach (var row in rows.EnumerateArray())
        {
            if (row.ValueKind != JsonValueKind.Object || !row.TryGetProperty("id", out var id)) continue;
            buffer.ResetWrittenCount();
            writer.Reset();
            string? hint = null;
            writer.WriteStartObject();
            foreach (var field in row.EnumerateObject().Where(f => !f.NameEquals("id")).OrderBy(f => f.Name, StringComparer.Ordinal))
            {
                field.WriteTo(writer);
                if (hint is null && field.Value.ValueKind == JsonValueKind.String) hint = Shorten(field.Value.GetString()!);
            }

            writer.WriteEndObject();
            writer.Flush();
            found.Add(new AskedRow(id.GetRawText(), Encoding.UTF8.GetString(buffer.WrittenSpan), Mix.Hash(buffer.WrittenSpan), hint ?? ""));
        }

        return found;
    }

    private static string Shorten(string text)
    {
        if (text.Length <= HintLength) return text;
        return text[..(char.IsHighSurrogate(text[HintLength - 1]) ? HintLength - 1 : HintLength)];
    }
}
