using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>How offending and allowed values are shown in one-line messages.</summary>
internal static class AnswerErrors
{
    private const int ShownCharacters = 80;
    private const int ListedCharacters = 120;

    /// <summary>A value as JSON on one line, at most 80 characters.</summary>
    public static string Show(JsonElement value) =>
        value.ValueKind == JsonValueKind.Undefined ? "nothing" : Line(JsonMarshal.GetRawUtf8Value(value));

    /// <summary>The first values, as many as fit a line, and how many there are.</summary>
    public static string List(IReadOnlyList<JsonElement> values)
    {
        var list = new StringBuilder();
        var listed = 0;
        foreach (var value in values)
        {
            var shown = Show(value);
            if (listed > 0 && list.Length + shown.Length > ListedCharacters) break;
            if (listed++ > 0) list.Append(", ");
            list.Append(shown);
        }

        if (listed < values.Count) list.Append(", … (").Append(values.Count).Append(" in all)");
        return list.ToString();
    }

    /// <summary>A name from a reply, fit for a path.</summary>
    public static string Name(JsonProperty property) => Line(JsonMarshal.GetRawUtf8PropertyName(property));

    /// <summary>UTF-8 on one line: runs of white space and control characters become one space, the rest is cut after 80 characters.</summary>
    public static string Line(ReadOnlySpan<byte> utf8)
    {
        // One UTF-16 unit is at most three bytes: the slice holds more than is shown, and its last character may be torn.
        var text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, ShownCharacters * 8)]);
        var line = new StringBuilder(ShownCharacters + 1);
        foreach (var c in text)
        {
            var blank = char.IsWhiteSpace(c) || char.IsControl(c);
            if (blank && line.Length > 0 && line[^1] == ' ') continue;
            if (line.Length == ShownCharacters)
            {
                if (char.IsHighSurrogate(line[^1])) line.Length--;
                return line.Append('…').ToString();
            }

            line.Append(blank ? ' ' : c);
        }

        return line.ToString();
    }
}
