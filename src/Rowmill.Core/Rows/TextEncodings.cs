using System.Text;

namespace Rowmill.Core.Rows;

/// <summary>The encodings a source may declare, and what its first bytes say.</summary>
internal static class TextEncodings
{
    /// <summary>What people name most, for messages; every other encoding that .NET knows is accepted too.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "utf-8", "latin1", "windows-1252", "utf-16", "utf-16be", "utf-32", "us-ascii", "iso-8859-1", "iso-8859-2", "iso-8859-15",
        "windows-1250", "windows-1251", "shift_jis", "gb18030",
    ];

    static TextEncodings() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>Finds an encoding that throws at what it cannot decode; null when the name is unknown.</summary>
    public static Encoding? Find(string name)
    {
        var usual = name.Trim().ToLowerInvariant().Replace('_', '-');
        usual = usual switch
        {
            "utf8" or "utf-8-sig" => "utf-8",
            "latin-1" or "latin1" or "iso8859-1" => "iso-8859-1",
            "cp1252" or "cp-1252" => "windows-1252",
            "utf16" or "utf-16-le" or "utf-16le" => "utf-16",
            "utf-16-be" => "utf-16be",
            _ => usual,
        };
        return Get(name.Trim()) ?? Get(usual);
    }

    /// <summary>The encoding that a byte order mark announces, and the mark's length; null and 0 without one.</summary>
    public static (string? Name, int Length) ReadBom(ReadOnlySpan<byte> head) => head switch
    {
        [0xEF, 0xBB, 0xBF, ..] => ("utf-8", 3),
        [0xFF, 0xFE, 0, 0, ..] => ("utf-32", 4),
        [0, 0, 0xFE, 0xFF, ..] => ("utf-32be", 4),
        [0xFF, 0xFE, ..] => ("utf-16", 2),
        [0xFE, 0xFF, ..] => ("utf-16be", 2),
        _ => (null, 0),
    };

    /// <summary>utf-16 or utf-16be when every other byte of the beginning is mostly zero, as in Western text; otherwise null.</summary>
    public static string? GuessUtf16(ReadOnlySpan<byte> head)
    {
        int even = 0, odd = 0;
        for (var i = 0; i < head.Length; i++)
        {
            if (head[i] != 0) continue;
            if (i % 2 == 0) even++;
            else odd++;
        }

        var half = head.Length / 2;
        return half == 0 ? null : odd > half * 0.6 && even < half * 0.1 ? "utf-16" : even > half * 0.6 && odd < half * 0.1 ? "utf-16be" : null;
    }

    /// <summary>The likely one-byte encoding: Latin-1 has no printable characters at 0x80 to 0x9F, Windows-1252 does.</summary>
    public static string GuessOneByte(bool hasBytes80To9F) => hasBytes80To9F ? "windows-1252" : "latin1";

    private static Encoding? Get(string name)
    {
        try
        {
            return Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
