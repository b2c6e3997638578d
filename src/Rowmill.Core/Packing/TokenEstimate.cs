using System.Text;

namespace Rowmill.Core.Packing;

/// <summary>
/// Tokens of a text without a tokenizer: a rule on the safe side, the same on every pass over a source.
/// ASCII in JSON runs at about 3.3 characters a token; other scripts at about 2.5 UTF-8 bytes a token.
/// </summary>
internal static class TokenEstimate
{
    private const double AsciiBytesPerToken = 3.3;
    private const double OtherBytesPerToken = 2.5;

    /// <summary>The estimate for UTF-8 text, in tokens, rounded up.</summary>
    public static int Of(ReadOnlySpan<byte> utf8)
    {
        if (Ascii.IsValid(utf8)) return OfAscii(utf8.Length);
        var other = 0;
        foreach (var b in utf8) other += b >> 7;
        return (int)Math.Ceiling((utf8.Length - other) / AsciiBytesPerToken + other / OtherBytesPerToken);
    }

    /// <summary>The estimate for a number of ASCII bytes.</summary>
    public static int OfAscii(int bytes) => (int)Math.Ceiling(bytes / AsciiBytesPerToken);
}
