using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>A JSON number that compares exactly where <see cref="decimal"/> can hold both sides, as doubles elsewhere.</summary>
internal readonly record struct JsonNumber(decimal? Exact, double Rounded) : IComparable<JsonNumber>
{
    /// <summary>Reads a JSON number of any size.</summary>
    public static JsonNumber Read(JsonElement value)
    {
        var rounded = value.GetDouble();
        // Below 1e-28 a decimal silently becomes zero.
        return value.TryGetDecimal(out var exact) && (exact != 0 || rounded == 0) ? new(exact, rounded) : new(null, rounded);
    }

    /// <inheritdoc />
    public int CompareTo(JsonNumber other) =>
        Exact is { } mine && other.Exact is { } theirs ? mine.CompareTo(theirs) : Rounded.CompareTo(other.Rounded);

    /// <inheritdoc />
    public override string ToString() => Exact?.ToString(CultureInfo.InvariantCulture) ?? Rounded.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Bytes of the JSON number (RFC 8259 section 6) that a text begins with; 0 when it begins with none.</summary>
    public static int Length(ReadOnlySpan<byte> text)
    {
        var at = text is [(byte)'-', ..] ? 1 : 0;
        var digits = Digits(text[at..]);
        if (digits == 0 || (digits > 1 && text[at] == '0')) return 0;
        at += digits;
        if (at < text.Length && text[at] == '.')
        {
            digits = Digits(text[(at + 1)..]);
            if (digits == 0) return 0;
            at += 1 + digits;
        }

        if (at < text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            var sign = at + 1 < text.Length && text[at + 1] is (byte)'+' or (byte)'-' ? 1 : 0;
            digits = Digits(text[(at + 1 + sign)..]);
            if (digits == 0) return 0;
            at += 1 + sign + digits;
        }

        return at;

        static int Digits(ReadOnlySpan<byte> rest)
        {
            var end = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            return end < 0 ? rest.Length : end;
        }
    }

    /// <summary>Whether a JSON number has no fraction, whatever its notation: 1, 1.0, 1e2 and 1.50e1 have none.</summary>
    public static bool IsInteger(JsonElement number)
    {
        var raw = JsonMarshal.GetRawUtf8Value(number);
        if (raw.IndexOfAny(".eE"u8) < 0) return true;
        var e = raw.IndexOfAny((byte)'e', (byte)'E');
        var mantissa = e < 0 ? raw : raw[..e];
        var point = mantissa.IndexOf((byte)'.');
        var decimals = point < 0 ? 0 : mantissa.Length - point - 1;

        var zeros = 0;
        var last = mantissa.Length - 1;
        for (; last >= 0 && mantissa[last] is (byte)'0' or (byte)'.'; last--)
        {
            if (mantissa[last] == '0') zeros++;
        }

        if (last < 0 || mantissa[last] == '-') return true;
        // An exponent beyond a long shifts every digit out to one side: its sign decides.
        var exponent = 0L;
        if (e >= 0)
        {
            var digits = raw[(e + 1)..];
            var negative = digits[0] == '-';
            if (digits[0] is (byte)'-' or (byte)'+') digits = digits[1..];
            foreach (var digit in digits) exponent = Math.Min((exponent * 10) + (digit - '0'), int.MaxValue);
            if (negative) exponent = -exponent;
        }

        return decimals - zeros - exponent <= 0;
    }
}
