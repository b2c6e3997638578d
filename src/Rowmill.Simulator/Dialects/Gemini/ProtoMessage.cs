using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Gemini;

/// <summary>What a field of a message may hold.</summary>
internal enum ProtoKind
{
    /// <summary>Any JSON.</summary>
    Value,
    Text,
    Boolean,

    /// <summary>A number or a string of digits; both are the same to it.</summary>
    Integer,
    Number,

    /// <summary>One of some names.</summary>
    Choice,
    Message,

    /// <summary>An object whose values are messages.</summary>
    Map,
}

/// <summary>One field.</summary>
/// <param name="Name">As the definition has it, in snake_case.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Type">Its type as errors name it; for messages null.</param>
internal sealed record ProtoField(string Name, ProtoKind Kind, string? Type = null)
{
    public bool Repeated { get; init; }

    /// <summary>The message of a <see cref="ProtoKind.Message"/> or <see cref="ProtoKind.Map"/>; a function because messages hold themselves.</summary>
    public Func<ProtoMessage>? Message { get; init; }

    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The name as clients of JSON write it.</summary>
    public string Camel { get; } = CamelOf(Name);

    private static string CamelOf(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var part in name.Split('_')) text.Append(text.Length == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..]);
        return text.ToString();
    }
}

/// <summary>
/// A message of Google's services in JSON: fields by their own name or in camelCase, and nothing that is not defined. Source: the
/// mapping of protocol buffers to JSON, and the service's own messages.
/// </summary>
internal sealed class ProtoMessage
{
    private const string Types = "type.googleapis.com/google.ai.generativelanguage.v1beta.";

    private readonly Dictionary<string, ProtoField> _fields = new(StringComparer.Ordinal);

    public ProtoMessage(params IReadOnlyList<ProtoField> fields)
    {
        foreach (var field in fields) _fields[field.Name] = _fields[field.Camel] = field;
    }

    /// <summary>The refusal of everything in an object that the message does not define; null when it may be read.</summary>
    public ErrorReply? Check(JsonElement body)
    {
        List<(string Place, string Message)>? found = null;
        Object(body, "", ref found);
        return found is null ? null : GoogleErrors.BadFields(found);
    }

    /// <summary>A field by either of its names; false when it is absent or null.</summary>
    public static bool Has(JsonElement body, string camel, string snake, out JsonElement value) =>
        Json.Has(body, camel, out value) || Json.Has(body, snake, out value);

    /// <summary>The whole number in a field, as a number or in a string.</summary>
    public static long? Integer(JsonElement body, string camel, string snake) =>
        !Has(body, camel, snake, out var value) ? null
        : value.ValueKind == JsonValueKind.Number ? value.GetInt64()
        : long.Parse(value.GetString()!, System.Globalization.CultureInfo.InvariantCulture);

    private void Object(JsonElement body, string path, ref List<(string, string)>? found)
    {
        foreach (var property in body.EnumerateObject())
        {
            if (!_fields.TryGetValue(property.Name, out var field))
            {
                (found ??= []).Add((path, Unknown(property.Name, path, "Cannot find field.")));
                continue;
            }

            if (property.Value.ValueKind == JsonValueKind.Null) continue;
            var place = path.Length == 0 ? field.Name : $"{path}.{field.Name}";
            if (property.Value.ValueKind == JsonValueKind.Array && field.Repeated)
            {
                var index = 0;
                foreach (var item in property.Value.EnumerateArray()) Value(field, item, property.Name, path, $"{place}[{index++}]", ref found);
            }
            else
            {
                // A list of one may stand without its brackets.
                Value(field, property.Value, property.Name, path, field.Repeated ? $"{place}[0]" : place, ref found);
            }
        }
    }

    private static void Value(
        ProtoField field, JsonElement value, string name, string parent, string place, ref List<(string, string)>? found)
    {
        if (field.Kind == ProtoKind.Value) return;
        if (value.ValueKind == JsonValueKind.Array)
        {
            (found ??= []).Add((parent, Unknown(name, parent, "Proto field is not repeating, cannot start list.")));
            return;
        }

        if (field.Kind is ProtoKind.Message or ProtoKind.Map)
        {
            if (value.ValueKind != JsonValueKind.Object) (found ??= []).Add((place, Invalid(place, field.Type ?? "TYPE_MESSAGE", value)));
            else if (field.Kind == ProtoKind.Message) field.Message!().Object(value, place, ref found);
            else Map(field, value, place, ref found);
            return;
        }

        if (!Fits(field, value)) (found ??= []).Add((place, Invalid(place, field.Type!, value)));
    }

    private static void Map(ProtoField field, JsonElement map, string place, ref List<(string, string)>? found)
    {
        var index = 0;
        foreach (var entry in map.EnumerateObject())
        {
            var at = $"{place}[{index++}].value";
            if (entry.Value.ValueKind == JsonValueKind.Object) field.Message!().Object(entry.Value, at, ref found);
            else (found ??= []).Add((at, Invalid(at, "TYPE_MESSAGE", entry.Value)));
        }
    }

    private static bool Fits(ProtoField field, JsonElement value) => field.Kind switch
    {
        ProtoKind.Text => value.ValueKind == JsonValueKind.String,
        ProtoKind.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        ProtoKind.Integer => value.ValueKind == JsonValueKind.Number ? value.TryGetInt64(out _)
            : value.ValueKind == JsonValueKind.String && long.TryParse(value.GetString(), out _),
        ProtoKind.Number => value.ValueKind == JsonValueKind.Number,
        _ => value.ValueKind == JsonValueKind.String && field.Choices.Contains(value.GetString()!, StringComparer.OrdinalIgnoreCase),
    };

    private static string Unknown(string name, string path, string why) =>
        $"Invalid JSON payload received. Unknown name \"{name}\"{(path.Length == 0 ? "" : $" at '{path}'")}: {why}";

    private static string Invalid(string place, string type, JsonElement value) =>
        $"Invalid value at '{place}' ({(type.StartsWith("TYPE_", StringComparison.Ordinal) ? type : Types + type)}), {value.GetRawText()}";
}
