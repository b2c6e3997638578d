using System.Globalization;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Questions;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Quality;

/// <summary>One value, ready to be compared.</summary>
/// <param name="Text">As people write it; of an array its items, joined with <c>;</c>.</param>
/// <param name="Items">The distinct items of an array, in their order; null of a single value.</param>
/// <param name="Number">The number it is; null when it is none.</param>
internal sealed record FieldValue(string Text, IReadOnlyList<string>? Items, decimal? Number);

/// <summary>How two values compare.</summary>
internal enum Match
{
    /// <summary>They are not the same.</summary>
    Different,

    /// <summary>They differ in case and separators only: see <see cref="LabelForm"/>.</summary>
    Form,

    /// <summary>They are equal: text exactly, numbers as numbers, arrays as sets.</summary>
    Same,
}

/// <summary>Reads the values of answers and of gold columns, and compares them.</summary>
internal static class FieldValues
{
    /// <summary>The value in an answer; null when it is absent or null.</summary>
    public static FieldValue? Read(AnswerField field, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => null,
        JsonValueKind.Array => Set(value.EnumerateArray().Select(Text)),
        _ => Single(field, Text(value)),
    };

    /// <summary>The value in a gold cell; null when the cell is empty. Where the answer is an array a text is split at <c>;</c>.</summary>
    public static FieldValue? Read(AnswerField field, ReadOnlySpan<byte> cell, CellFormat format)
    {
        if (cell.IsEmpty) return null;
        if (format == CellFormat.Text) return ReadText(field, Encoding.UTF8.GetString(cell));
        using var document = JsonDocument.Parse(cell.ToArray());
        return document.RootElement.ValueKind == JsonValueKind.String ? ReadText(field, document.RootElement.GetString()!) : Read(field, document.RootElement);
    }

    /// <summary>Compares two values of one field.</summary>
    public static Match Compare(FieldValue a, FieldValue b)
    {
        if (a.Number is { } x && b.Number is { } y) return x == y ? Match.Same : Match.Different;
        if (a.Items is null && b.Items is null) return Compare(a.Text, b.Text);
        var (first, second) = (a.Items ?? [a.Text], b.Items ?? [b.Text]);
        if (first.ToHashSet(StringComparer.Ordinal).SetEquals(second)) return Match.Same;
        return first.Select(Form).ToHashSet(StringComparer.Ordinal).SetEquals(second.Select(Form)) ? Match.Form : Match.Different;
    }

    /// <summary>A value as text: a string is what it means, anything else its JSON.</summary>
    public static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static FieldValue? ReadText(AnswerField field, string text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        return field.IsArray ? Set(text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) : Single(field, text);
    }

    private static FieldValue Single(AnswerField field, string text) => field.Kind switch
    {
        FieldKind.Boolean => new FieldValue(Boolean(text), null, null),
        FieldKind.Number => new FieldValue(text, null, Number(text)),
        _ => new FieldValue(text, null, null),
    };

    private static FieldValue Set(IEnumerable<string> items)
    {
        var distinct = items.Distinct(StringComparer.Ordinal).ToList();
        return new FieldValue(string.Join(';', distinct), distinct, null);
    }

    private static Match Compare(string a, string b) => a == b ? Match.Same : Form(a) == Form(b) ? Match.Form : Match.Different;

    /// <summary>What the reader of replies takes for the same label is the same here; of separators alone, they themselves.</summary>
    private static string Form(string text) => LabelForm.Of(Encoding.UTF8.GetBytes(text)) is { Length: > 0 } form ? form : text;

    /// <summary>What tables call true and false; anything else stays as it is.</summary>
    private static string Boolean(string text) => text.Trim().ToLowerInvariant() switch
    {
        "true" or "yes" or "1" => "true",
        "false" or "no" or "0" => "false",
        _ => text,
    };

    private static decimal? Number(string text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
