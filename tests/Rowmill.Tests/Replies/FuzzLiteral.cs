using System.Text;
using System.Text.Json;
using Rowmill.Core.Replies;

namespace Rowmill.Tests.Replies;

/// <summary>What stands literally in a text: every whole object in it, however deep.</summary>
internal static class FuzzLiteral
{
    private static readonly JsonReaderOptions s_options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 256 };

    /// <summary>Whether an object with that id, or under that id as its key, holds all these marks; as an entry of that kind when one is given.</summary>
    public static bool Says(FuzzCase c, int row, RowReadingKind? kind, List<string> marks)
    {
        var text = c.Text.Bytes;
        for (var at = text.IndexOf((byte)'{'); at >= 0;)
        {
            if (TryParse(text[at..]) is { } document)
            {
                using (document)
                {
                    if ((IsKey(text[..at], row) || HasId(document.RootElement, row)) && Holds(document.RootElement, kind, marks)) return true;
                }
            }

            var next = text[(at + 1)..].IndexOf((byte)'{');
            at = next < 0 ? -1 : at + 1 + next;
        }

        return false;
    }

    /// <summary>Every text in a JSON value, names included; the value as it stands when it is no JSON.</summary>
    public static string Texts(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Texts(document.RootElement);
        }
        catch (JsonException)
        {
            return json;
        }
    }

    /// <summary>Every text in a value, names included.</summary>
    public static string Texts(JsonElement value)
    {
        var texts = new StringBuilder();
        Add(value);
        return texts.ToString();

        void Add(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.Object)
            {
                foreach (var member in element.EnumerateObject())
                {
                    texts.Append(' ').Append(TextOf(() => member.Name)).Append(' ');
                    Add(member.Value);
                }
            }
            else if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in element.EnumerateArray()) Add(item);
            }
            else if (element.ValueKind == JsonValueKind.String)
            {
                texts.Append(' ').Append(TextOf(element.GetString)).Append(' ');
            }
        }
    }

    private static bool Holds(JsonElement entry, RowReadingKind? kind, List<string> marks)
    {
        var texts = Texts(entry);
        var name = kind == RowReadingKind.Answered ? "mark" : "abstain";
        return marks.TrueForAll(mark => texts.Contains(mark, StringComparison.Ordinal))
            && (kind is null || entry.EnumerateObject().Any(m => TextOf(() => m.Name) == name));
    }

    private static bool HasId(JsonElement entry, int row) => entry.EnumerateObject().Any(m => TextOf(() => m.Name) == "id"
        && m.Value.ValueKind switch
        {
            JsonValueKind.Number => m.Value.TryGetDecimal(out var number) && number == row,
            JsonValueKind.String => IsId(TextOf(m.Value.GetString), row),
            _ => false,
        });

    /// <summary>A number's digits with what may stand around them.</summary>
    private static bool IsId(string text, int row) => text.Trim().TrimStart('#').TrimStart('0') == FuzzIdMutators.Number(row);

    private static bool IsKey(ReadOnlySpan<byte> before, int row)
    {
        before = before.TrimEnd(" \t\r\n"u8);
        if (before.IsEmpty || before[^1] != ':') return false;
        before = before[..^1].TrimEnd(" \t\r\n"u8);
        if (before.IsEmpty || before[^1] != '"') return false;
        before = before[..^1];
        var start = before.LastIndexOf((byte)'"');
        return start >= 0 && IsId(Texts($"\"{Encoding.UTF8.GetString(before[(start + 1)..])}\""), row);
    }

    private static JsonDocument? TryParse(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, s_options);
        try
        {
            return JsonDocument.TryParseValue(ref reader, out var document) ? document : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A text, or nothing where it is none: half of a surrogate pair, or broken UTF-8.</summary>
    private static string TextOf(Func<string?> text)
    {
        try
        {
            return text() ?? "";
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }
}
