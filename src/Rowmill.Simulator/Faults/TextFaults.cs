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

    /// <summary>Words around the JSON that hold braces and brackets of their own, and none of them an answer.</summary>
    public static byte[] Prose(ReadOnlySpan<byte> text) =>
        [
            .. "I read each row {in order} and kept to the form {\"rows\": [{\"id\": …}, …]} [as asked]:\n\n"u8, .. text,
            .. "\n\nNothing else was changed {see above}; the ids are those of the request [1…n]."u8,
        ];

    /// <summary>A model that thinks aloud: a draft that it then thinks better of.</summary>
    public static byte[] Think(ReadOnlySpan<byte> draft, ReadOnlySpan<byte> text) =>
        [.. "<think>\nA first draft:\n"u8, .. draft, .. "\nNo, that is not right. Once more.\n</think>\n\n"u8, .. text];

    /// <summary>The list is never closed: a comma stands where its bracket should.</summary>
    public static byte[] Break(ReadOnlySpan<byte> text) => [.. text[..^Math.Min(2, text.Length)], .. ",}"u8];
}
