using System.Text.Json;
using Rowmill.Simulator.Dialects;

namespace Rowmill.Simulator.Protocol;

/// <summary>Checks the fields of an object against the dialect's rules.</summary>
internal static class FieldCheck
{
    /// <summary>The first mistake; null when there is none.</summary>
    /// <param name="dialect">Whose words a mistake gets.</param>
    /// <param name="rules">The fields there are.</param>
    /// <param name="body">An object.</param>
    /// <param name="parent">Where it stands; empty for the request itself.</param>
    public static ErrorReply? Check(FieldDialect dialect, IReadOnlyDictionary<string, FieldRule> rules, JsonElement body, string parent = "")
    {
        if (!dialect.IgnoresUnknownFields)
        {
            List<string>? unknown = null;
            foreach (var field in body.EnumerateObject())
            {
                if (!rules.ContainsKey(field.Name)) (unknown ??= []).Add(field.Name);
            }

            if (unknown is not null) return parent.Length == 0 ? dialect.UnknownFields(unknown) : dialect.UnknownNested($"{parent}.{unknown[0]}");
        }

        foreach (var field in body.EnumerateObject())
        {
            // Null stands for absence everywhere.
            if (field.Value.ValueKind == JsonValueKind.Null || !rules.TryGetValue(field.Name, out var rule)) continue;
            var path = parent.Length == 0 ? field.Name : $"{parent}.{field.Name}";
            if (Check(dialect, path, field.Value, rule) is { } error) return error;
        }

        return null;
    }

    /// <summary>The first of these fields that an object lacks; null when it has all.</summary>
    public static ErrorReply? Required(FieldDialect dialect, JsonElement body, string parent, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (!Json.Has(body, name, out _)) return dialect.Missing(parent.Length == 0 ? name : $"{parent}.{name}");
        }

        return null;
    }

    private static ErrorReply? Check(FieldDialect dialect, string name, JsonElement value, FieldRule rule)
    {
        return rule.Kind switch
        {
            FieldKind.Boolean when value.ValueKind is not (JsonValueKind.True or JsonValueKind.False) => Wrong("a boolean"),
            FieldKind.Integer when value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out _) => Wrong("an integer"),
            FieldKind.Number when value.ValueKind != JsonValueKind.Number => Wrong("a decimal"),
            FieldKind.Integer or FieldKind.Number => Range(dialect, name, value, rule),
            FieldKind.Text when value.ValueKind != JsonValueKind.String => Wrong("a string"),
            FieldKind.Text when rule.Choices.Count > 0 && !rule.Choices.Contains(value.GetString()!, StringComparer.Ordinal) =>
                dialect.BadChoice(name, value.GetString()!, rule.Choices),
            FieldKind.Text when value.GetString()!.Length > rule.MaxLength =>
                dialect.TooLong(name, rule.MaxLength, value.GetString()!.Length),
            FieldKind.Map when value.ValueKind != JsonValueKind.Object => Wrong("an object"),
            FieldKind.Texts when value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(t => t.ValueKind != JsonValueKind.String) =>
                Wrong("an array of strings"),
            FieldKind.Stop when !IsStop(value) => Wrong("a string or an array of up to 4 strings"),
            FieldKind.Unsupported => dialect.UnsupportedField(name),
            FieldKind.NotSimulated when value.ValueKind != JsonValueKind.False => dialect.NotSimulated(name),
            _ => null,
        };

        ErrorReply Wrong(string expected) => dialect.WrongType(name, expected, Json.TypeName(value));
    }

    private static ErrorReply? Range(FieldDialect dialect, string name, JsonElement value, FieldRule rule)
    {
        var number = value.GetDouble();
        var integer = rule.Kind == FieldKind.Integer;
        if (number < rule.Min) return dialect.OutOfRange(name, integer, above: false, rule.Min, value.GetRawText());
        return number > rule.Max ? dialect.OutOfRange(name, integer, above: true, rule.Max, value.GetRawText()) : null;
    }

    private static bool IsStop(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => true,
        JsonValueKind.Array => value.GetArrayLength() <= 4 && value.EnumerateArray().All(s => s.ValueKind == JsonValueKind.String),
        _ => false,
    };
}
