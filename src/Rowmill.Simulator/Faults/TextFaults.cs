using System.Text;

namespace Rowmill.Simulator.Faults;

/// <summary>What can happen to a finished text, UTF-8.</summary>
internal static class TextFaults
{
    /// <summary>The words of a model that does not want to.</summary>
    public const string Refusal = "I'm sorry, but I can't help with that request.";

    /// <summary>What a pack with a poisoned row gets.</summary>
    public static byte[] Garbage { get; } = Encoding.UTF8.GetBytes("%%% 0000 }]{[ \u0007 nothing here can be read %%%");

    /// <summary>At most so many bytes, without half a character at the end.</summary>
    public static ReadOnlyMemory<byte> Cut(ReadOnlyMemory<byte> text, int length)
    {
        if (length >= text.Length) return text;
        while (length > 0 && (text.Span[length] & 0xC0) == 0x80) length--;
        return text[..length];
    }

    public static byte[] Fence(ReadOnlySpan<byte> text) =>
        [.. "Here are the answers you asked for:\n\n```json\n"u8, .. text, .. "\n```\n\nLet me know if you need anything else."u8];

    /// <summary>The list is never closed: a comma stands where its bracket should.</summary>
    public static byte[] Break(ReadOnlySpan<byte> text) => [.. text[..^Math.Min(2, text.Length)], .. ",}"u8];
}
