using System.Text.Json;
using Rowmill.Core.Questions;

namespace Rowmill.Core.Replies;

/// <summary>
/// What counts as an id: a whole number, however it is written (3, 3.0), or a text of nothing but its digits, white space around them and
/// a number sign before them ("3", " 03 ", "#3"). Anything longer may mean something else, so it names no row.
/// </summary>
internal static class ReplyIds
{
    /// <summary>Stands for numbers that no pack is large enough for.</summary>
    public const int Foreign = int.MaxValue;

    /// <summary>The id that a value is, or null.</summary>
    public static int? Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt32(out var id) => id,
        JsonValueKind.Number when JsonNumber.IsInteger(value) => value.GetDouble() is >= int.MinValue and <= int.MaxValue and var whole ? (int)whole : Foreign,
        JsonValueKind.String => JsonStrings.TryContent(value, out var text) ? Of(text) : null,
        _ => null,
    };

    /// <summary>The id that a text is, or null.</summary>
    public static int? Of(ReadOnlySpan<byte> text)
    {
        text = text.Trim(" \t\r\n"u8);
        if (text is [(byte)'#', ..]) text = text[1..];
        if (text.IsEmpty || text.ContainsAnyExceptInRange((byte)'0', (byte)'9')) return null;
        text = text.TrimStart((byte)'0');
        // Nine digits are always an int.
        if (text.Length > 9) return Foreign;
        var id = 0;
        foreach (var digit in text) id = (id * 10) + (digit - '0');
        return id;
    }
}
