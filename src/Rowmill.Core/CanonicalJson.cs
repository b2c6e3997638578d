using System.Buffers;
using System.Globalization;
using System.Text;

namespace Rowmill.Core;

/// <summary>
/// Writes JSON text in one canonical form: no white space outside strings, only what RFC 8259 section 7 demands is escaped.
/// Row keys are hashes of it, so it is ours and does not change with the framework's encoder.
/// </summary>
internal static class CanonicalJson
{
    private static readonly SearchValues<byte> s_escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    private static readonly SearchValues<byte> s_notCompact = SearchValues.Create(" \t\r\n\\"u8);

    /// <summary>Appends UTF-8 text as a JSON string, with its quotes.</summary>
    public static void AppendString(ByteBuffer target, ReadOnlySpan<byte> text)
    {
        target.Append((byte)'"');
        int special;
        while ((special = text.IndexOfAny(s_escaped)) >= 0)
        {
            target.Append(text[..special]);
            AppendEscape(target, text[special]);
            text = text[(special + 1)..];
        }

        target.Append(text);
        target.Append((byte)'"');
    }

    /// <summary>Appends text as a JSON string, with its quotes.</summary>
    public static void AppendString(ByteBuffer target, string text) => AppendString(target, Encoding.UTF8.GetBytes(text));

    /// <summary>Appends a JSON value without white space outside strings and without escapes that need not be.</summary>
    /// <param name="target">Receives the value.</param>
    /// <param name="json">One valid JSON value.</param>
    public static void AppendCompact(ByteBuffer target, ReadOnlySpan<byte> json)
    {
        var plain = json is [(byte)'"', ..] ? !json.Contains((byte)'\\') : json.IndexOfAny(s_notCompact) < 0;
        if (plain)
        {
            target.Append(json);
            return;
        }

        var inString = false;
        for (var i = 0; i < json.Length;)
        {
            var b = json[i];
            if (inString && b == '\\')
            {
                i += AppendUnescaped(target, json[i..], asText: false);
                continue;
            }

            if (b == '"') inString = !inString;
            if (inString || b is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')) target.Append(b);
            i++;
        }
    }

    /// <summary>Appends what a JSON string means, as UTF-8 text.</summary>
    /// <param name="target">Receives the text.</param>
    /// <param name="json">One valid JSON string with its quotes.</param>
    public static void AppendText(ByteBuffer target, ReadOnlySpan<byte> json)
    {
        json = json[1..^1];
        int escape;
        while ((escape = json.IndexOf((byte)'\\')) >= 0)
        {
            target.Append(json[..escape]);
            json = json[escape..];
            json = json[AppendUnescaped(target, json, asText: true)..];
        }

        target.Append(json);
    }

    private static void AppendEscape(ByteBuffer target, byte b)
    {
        var letter = b switch
        {
            (byte)'"' => (byte)'"',
            (byte)'\\' => (byte)'\\',
            (byte)'\n' => (byte)'n',
            (byte)'\r' => (byte)'r',
            (byte)'\t' => (byte)'t',
            (byte)'\b' => (byte)'b',
            (byte)'\f' => (byte)'f',
            _ => (byte)'u',
        };
        target.Append((byte)'\\');
        target.Append(letter);
        if (letter == 'u') target.Append(b.ToString("x4", CultureInfo.InvariantCulture).AsSpan());
    }

    /// <summary>Appends the character that an escape stands for and returns the escape's length. A lone surrogate has no UTF-8
    /// form, so its escape stays as it stands.</summary>
    private static int AppendUnescaped(ByteBuffer target, ReadOnlySpan<byte> json, bool asText)
    {
        if (json[1] != 'u')
        {
            var b = json[1] switch
            {
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                var same => same,
            };
            AppendCharacter(target, b, asText);
            return 2;
        }

        var unit = Unit(json);
        var length = 6;
        Rune rune;
        if (char.IsHighSurrogate(unit) && json.Length >= 12 && json[6] == '\\' && json[7] == 'u' && char.IsLowSurrogate(Unit(json[6..])))
        {
            rune = new Rune(unit, Unit(json[6..]));
            length = 12;
        }
        else if (!Rune.TryCreate(unit, out rune))
        {
            target.Append(json[..6]);
            return 6;
        }

        if (rune.Value < 0x80)
        {
            AppendCharacter(target, (byte)rune.Value, asText);
            return length;
        }

        Span<byte> utf8 = stackalloc byte[4];
        target.Append(utf8[..rune.EncodeToUtf8(utf8)]);
        return length;
    }

    private static void AppendCharacter(ByteBuffer target, byte b, bool asText)
    {
        if (!asText && (b < 0x20 || b is (byte)'"' or (byte)'\\')) AppendEscape(target, b);
        else target.Append(b);
    }

    private static char Unit(ReadOnlySpan<byte> escape) =>
        (char)ushort.Parse(escape.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
