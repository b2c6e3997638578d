using System.Buffers;
using Rowmill.Core.Questions;

namespace Rowmill.Core.Replies;

/// <summary>How far a JSON value goes.</summary>
/// <param name="End">Behind the value; where it breaks, when it is not whole.</param>
/// <param name="IsWhole">Whether it is one sound value.</param>
/// <param name="Depth">How many arrays and objects stand one inside the other.</param>
/// <param name="IsNamed">Whether it holds at least one name with its colon: braces of prose do not.</param>
/// <param name="IsCut">Whether nothing is wrong with it but that the text ends.</param>
internal readonly record struct JsonSkip(int End, bool IsWhole, int Depth, bool IsNamed, bool IsCut);

/// <summary>
/// Finds the end of JSON values without parsing them: in one pass, without recursion and without an exception for every brace of a
/// prose. The grammar is RFC 8259 with one comma allowed before a closing bracket.
/// </summary>
internal static class JsonSkipper
{
    private static readonly SearchValues<byte> s_stringEnds =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    private static readonly SearchValues<byte> s_scalars = SearchValues.Create("-+.0123456789eEtrufalsn"u8);

    private static readonly SearchValues<byte> s_structure = SearchValues.Create("{}[]\""u8);

    private enum Expected
    {
        Value,
        ValueOrEnd,
        NameOrEnd,
        Colon,
        CommaOrEnd,
    }

    /// <summary>The value at a position that is no white space.</summary>
    public static JsonSkip Skip(ReadOnlySpan<byte> text, int at)
    {
        var open = default(JsonNesting);
        var expected = Expected.Value;
        var depth = 0;
        var isNamed = false;
        while (true)
        {
            at = SkipBlanks(text, at);
            if (at == text.Length) return new JsonSkip(at, false, depth, isNamed, true);
            var b = text[at];
            var length = 0;
            switch (expected)
            {
                case Expected.NameOrEnd when b == '"':
                    length = StringLength(text[at..]);
                    expected = Expected.Colon;
                    break;
                case Expected.Colon when b == ':':
                    length = 1;
                    isNamed = true;
                    expected = Expected.Value;
                    break;
                case Expected.CommaOrEnd when b == ',':
                    length = 1;
                    expected = open.IsObject ? Expected.NameOrEnd : Expected.ValueOrEnd;
                    break;
                case Expected.NameOrEnd or Expected.ValueOrEnd or Expected.CommaOrEnd when b == (open.IsObject ? '}' : ']'):
                    length = 1;
                    open.Pop();
                    expected = Expected.CommaOrEnd;
                    break;
                case Expected.Value or Expected.ValueOrEnd when b is (byte)'{' or (byte)'[':
                    length = 1;
                    open.Push(b == '{');
                    depth = Math.Max(depth, open.Depth);
                    expected = b == '{' ? Expected.NameOrEnd : Expected.ValueOrEnd;
                    break;
                case Expected.Value or Expected.ValueOrEnd:
                    length = ScalarLength(text[at..]);
                    expected = Expected.CommaOrEnd;
                    break;
            }

            if (length == 0) return new JsonSkip(at, false, depth, isNamed, IsCut(text[at..]));
            at += length;
            if (open.Depth == 0) return new JsonSkip(at, true, depth, isNamed, false);
        }
    }

    /// <summary>
    /// The end of a broken array or object by its brackets, those in strings left out (which may hold line breaks here). -1 when they do
    /// not match or do not close, and when more than one string is followed by what cannot follow one: then what seems to be within
    /// quotes may be without.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="at">Position of the opening bracket.</param>
    /// <param name="budget">How many bytes may be looked at; what was is taken off.</param>
    public static int SkipBroken(ReadOnlySpan<byte> text, int at, ref long budget)
    {
        var open = default(JsonNesting);
        var start = at;
        var end = -1;
        var strays = 0;
        while (true)
        {
            var found = text[at..].IndexOfAny(s_structure);
            at = found < 0 ? text.Length : at + found;
            if (at == text.Length || at - start > budget) break;
            var b = text[at++];
            if (b is (byte)'{' or (byte)'[')
            {
                open.Push(b == '{');
            }
            else if (b == '"')
            {
                at = BrokenStringEnd(text, at);
                var next = SkipBlanks(text, at);
                if (next < text.Length && !",:]}"u8.Contains(text[next]) && ++strays > 1) break;
            }
            else
            {
                if (b != (open.IsObject ? '}' : ']')) break;
                open.Pop();
                if (open.Depth > 0) continue;
                end = at;
                break;
            }
        }

        budget -= at - start;
        return budget < 0 ? -1 : end;
    }

    /// <summary>The next position that is no white space, as JSON has it, or the end.</summary>
    public static int SkipBlanks(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') at++;
        return at;
    }

    /// <summary>Bytes of the string that a text begins with, quotes included; 0 when it is broken or does not end.</summary>
    public static int StringLength(ReadOnlySpan<byte> text)
    {
        var at = 1;
        while (true)
        {
            var found = text[at..].IndexOfAny(s_stringEnds);
            if (found < 0) return 0;
            at += found;
            if (text[at] == '"') return at + 1;
            var escape = text[at] == '\\' ? EscapeLength(text[at..]) : 0;
            if (escape == 0) return 0;
            at += escape;
        }
    }

    private static int EscapeLength(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2) return 0;
        if (text[1] != 'u') return "\"\\/bfnrt"u8.Contains(text[1]) ? 2 : 0;
        if (text.Length < 6) return 0;
        foreach (var digit in text[2..6])
            if (!char.IsAsciiHexDigit((char)digit)) return 0;
        return 6;
    }

    private static int ScalarLength(ReadOnlySpan<byte> text) => text[0] switch
    {
        (byte)'"' => StringLength(text),
        (byte)'t' => text.StartsWith("true"u8) ? 4 : 0,
        (byte)'f' => text.StartsWith("false"u8) ? 5 : 0,
        (byte)'n' => text.StartsWith("null"u8) ? 4 : 0,
        _ => JsonNumber.Length(text),
    };

    /// <summary>Whether a string or scalar that cannot be read is the beginning of one, up to the end of the text.</summary>
    private static bool IsCut(ReadOnlySpan<byte> rest)
    {
        if (rest[0] == '"') return !EndsString(rest, out _) && rest.IndexOfAnyInRange((byte)0, (byte)0x1F) < 0;
        return rest.IndexOfAnyExcept(s_scalars) < 0;
    }

    private static int BrokenStringEnd(ReadOnlySpan<byte> text, int at)
    {
        EndsString(text[(at - 1)..], out var length);
        return at - 1 + length;
    }

    /// <summary>Whether the string that a text begins with has an end, whatever is in it; its length with quotes, or that of the text.</summary>
    private static bool EndsString(ReadOnlySpan<byte> text, out int length)
    {
        for (length = 1; ;)
        {
            var found = text[length..].IndexOfAny((byte)'"', (byte)'\\');
            if (found < 0)
            {
                length = text.Length;
                return false;
            }

            length += found;
            if (text[length] == '"')
            {
                length++;
                return true;
            }

            length = Math.Min(length + 2, text.Length);
        }
    }
}
