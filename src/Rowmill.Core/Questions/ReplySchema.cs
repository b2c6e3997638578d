using System.Buffers;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>
/// The JSON Schema of a whole reply: <c>{"rows":[…]}</c> with one answer a row, each carrying the id it answers. It is the same for every
/// pack size, so that providers' caches of schemas and prompts hit.
/// </summary>
public static class ReplySchema
{
    /// <summary>The property that holds the answers.</summary>
    public const string RowsProperty = "rows";

    /// <summary>The property of each answer that says which row it is for; reserved.</summary>
    public const string IdProperty = "id";

    /// <summary>The property under which a model says why it cannot answer; reserved in jobs with <c>abstain: true</c>.</summary>
    public const string AbstainProperty = "abstain";

    internal static ReadOnlySpan<byte> IdUtf8 => "id"u8;

    internal static ReadOnlySpan<byte> AbstainUtf8 => "abstain"u8;

    /// <summary>Wraps an answer schema.</summary>
    /// <param name="schema">The schema of one answer.</param>
    /// <param name="abstain">Whether a row's answer may instead be <c>{"id":2,"abstain":"why"}</c>.</param>
    /// <returns>Compact UTF-8 JSON, in full JSON Schema; what a provider cannot express is the provider's to drop.</returns>
    public static ReadOnlyMemory<byte> Build(AnswerSchema schema, bool abstain)
    {
        ArgumentNullException.ThrowIfNull(schema);
        using var document = JsonDocument.Parse(schema.Json);
        var answer = document.RootElement;
        var buffer = new ArrayBufferWriter<byte>(schema.Json.Length + 256);
        using (var json = new Utf8JsonWriter(buffer, CompactJson.Writer))
        {
            json.WriteStartObject();
            json.WriteString("type", "object");
            json.WriteStartObject("properties");
            json.WriteStartObject(RowsProperty);
            json.WriteString("type", "array");
            json.WritePropertyName("items");
            if (abstain)
            {
                json.WriteStartObject();
                json.WriteStartArray("anyOf");
                WriteAnswer(json, answer);
                WriteAbstention(json);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            else
            {
                WriteAnswer(json, answer);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            WriteRequired(json, [RowsProperty]);
            json.WriteBoolean("additionalProperties", false);
            // References are absolute, so the definitions have to stand at this root.
            if (answer.TryGetProperty("$defs", out var definitions))
            {
                json.WritePropertyName("$defs");
                definitions.WriteTo(json);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>The answer schema with the id before its properties; closed, unless it has a rule for properties it does not name.</summary>
    private static void WriteAnswer(Utf8JsonWriter json, JsonElement answer)
    {
        json.WriteStartObject();
        json.WriteString("type", "object");
        foreach (var keyword in answer.EnumerateObject())
        {
            if (keyword.Name is "title" or "description") keyword.WriteTo(json);
        }

        json.WriteStartObject("properties");
        WriteId(json);
        foreach (var property in answer.GetProperty("properties").EnumerateObject()) property.WriteTo(json);
        json.WriteEndObject();

        var required = answer.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(n => n.GetString()!) : [];
        WriteRequired(json, [IdProperty, .. required]);
        if (answer.TryGetProperty("additionalProperties", out var others) && others.ValueKind == JsonValueKind.Object)
        {
            json.WritePropertyName("additionalProperties");
            others.WriteTo(json);
        }
        else
        {
            json.WriteBoolean("additionalProperties", false);
        }

        json.WriteEndObject();
    }

    private static void WriteAbstention(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "object");
        json.WriteStartObject("properties");
        WriteId(json);
        json.WriteStartObject(AbstainProperty);
        json.WriteString("type", "string");
        json.WriteEndObject();
        json.WriteEndObject();
        WriteRequired(json, [IdProperty, AbstainProperty]);
        json.WriteBoolean("additionalProperties", false);
        json.WriteEndObject();
    }

    private static void WriteId(Utf8JsonWriter json)
    {
        json.WriteStartObject(IdProperty);
        json.WriteString("type", "integer");
        json.WriteEndObject();
    }

    private static void WriteRequired(Utf8JsonWriter json, IEnumerable<string> names)
    {
        json.WriteStartArray("required");
        foreach (var name in names) json.WriteStringValue(name);
        json.WriteEndArray();
    }
}
