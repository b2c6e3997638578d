using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Rows;

namespace Rowmill.Storage.Sqlite;

/// <summary>
/// The checksum of a stored pack, a last line after its rows: <c>{"sum":"1a2b3c4d"}</c>. SQLite finds damage to its own structures, but
/// not a bit that flipped within a value, which would stand for an answer that nobody gave. CRC-32C (RFC 3720, appendix B.4).
/// </summary>
internal static class PackSum
{
    /// <summary>Bytes of the line, its break included.</summary>
    public const int Length = 19;

    private const int Digits = 8;

    /// <summary>Over everything that makes these answers those of these rows.</summary>
    public static uint Of(string question, string route, long call, ReadOnlySpan<byte> keys, ReadOnlySpan<byte> lines)
    {
        var sum = Add(uint.MaxValue, Encoding.UTF8.GetBytes(question));
        sum = Add(sum, Encoding.UTF8.GetBytes(route));
        sum = BitOperations.Crc32C(sum, (ulong)call);
        return ~Add(Add(sum, keys), lines);
    }

    /// <summary>Writes the line.</summary>
    public static void Write(uint sum, Span<byte> target)
    {
        "\n{\"sum\":\""u8.CopyTo(target);
        sum.TryFormat(target[(Length - Digits - 2)..], out _, "x8", CultureInfo.InvariantCulture);
        "\"}"u8.CopyTo(target[(Length - 2)..]);
    }

    /// <summary>Where the rows' lines end, when they are what was stored; -1 otherwise.</summary>
    public static int Check(string question, string route, long call, ReadOnlySpan<byte> keys, ReadOnlySpan<byte> text)
    {
        var end = text.Length - Length;
        if (end < 0 || !text[end..].StartsWith("\n{\"sum\":\""u8)) return IsJson(text, keys.Length / RowKey.Size) ? text.Length : -1;
        Span<byte> line = stackalloc byte[Length];
        Write(Of(question, route, call, keys, text[..end]), line);
        return text[end..].SequenceEqual(line) ? end : -1;
    }

    /// <summary>Packs stored before there were checksums are taken when they can be read.</summary>
    private static bool IsJson(ReadOnlySpan<byte> text, int rows)
    {
        foreach (var range in text.Split((byte)'\n'))
        {
            rows--;
            var reader = new Utf8JsonReader(text[range]);
            try
            {
                if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject || !reader.TrySkip() || reader.Read()) return false;
            }
            catch (JsonException)
            {
                return false;
            }
        }

        return rows == 0;
    }

    private static uint Add(uint sum, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..]) sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes) sum = BitOperations.Crc32C(sum, b);
        return sum;
    }
}
