using System.Text.Json;
using Rowmill.Simulator.Dialects;

namespace Rowmill.Simulator.Protocol;

/// <summary>Checks the top-level fields of a request against the dialect's rules.</summary>
internal static class FieldCheck
{
    /// <summary>The first mistake; null when there is none.</summary>
    public static ErrorReply? Check(Dialect dialect, JsonElement body)
    {
        if (!dialect.IgnoresUnknownFields)
        {
            var unknown = body.EnumerateObject().Select(f => f.Name).Where(n => !dialect.Fields.ContainsKey(n)).ToList();
            if (unknown.Count > 0) return dialect.UnknownFields(unknown);
        }

        foreach (var field in body.EnumerateObject())
        {
            // Null stands for absence everywhere.
            if (field.Value.ValueKind == JsonValueKind.Null || !dialect.Fields.TryGetValue(field.Name, out var rule)) continue;
            if (Check(dialect, field.Name, field.Value, rule) is { } error) return error;
        }

        return null;
    }

    private static ErrorReply? Check(Dialect dialect, string name, JsonElement value, FieldRule rule)
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
            FieldKind.Stop when !IsStop(value) => Wrong("a string or an array of up to 4 strings"),
            FieldKind.Unsupported => dialect.UnsupportedField(name),
            FieldKind.NotSimulated when value.ValueKind != JsonValueKind.False => dialect.NotSimulated(name),
            _ => null,
        };

        ErrorReply Wrong(string expected) => dialect.WrongType(name, expected, Json.TypeName(value));
    }

    private static ErrorReply? Range(Dialect dialect, string name, JsonElement value, FieldRule rule)
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
