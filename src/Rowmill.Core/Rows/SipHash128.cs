using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rowmill.Core.Rows;

/// <summary>
/// SipHash-2-4 with 128 bits of output: J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF" (2012),
/// with the 128-bit variant of the authors' reference implementation (github.com/veorq/SipHash).
/// </summary>
internal static class SipHash128
{
    /// <summary>Hashes <paramref name="data"/> under the key <paramref name="k0"/>, <paramref name="k1"/> (little-endian halves).</summary>
    /// <returns>The sixteen output bytes; <see cref="RowKey.Write"/> yields them in the reference's order.</returns>
    public static RowKey Hash(ulong k0, ulong k1, ReadOnlySpan<byte> data)
    {
        var v0 = 0x736f6d6570736575UL ^ k0;
        var v1 = 0x646f72616e646f6dUL ^ k1 ^ 0xee;
        var v2 = 0x6c7967656e657261UL ^ k0;
        var v3 = 0x7465646279746573UL ^ k1;
        var last = (ulong)data.Length << 56;
        while (data.Length >= 8)
        {
            Absorb(ref v0, ref v1, ref v2, ref v3, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }

        for (var i = 0; i < data.Length; i++) last |= (ulong)data[i] << (8 * i);
        Absorb(ref v0, ref v1, ref v2, ref v3, last);
        v2 ^= 0xee;
        for (var i = 0; i < 4; i++) Round(ref v0, ref v1, ref v2, ref v3);
        var first = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xdd;
        for (var i = 0; i < 4; i++) Round(ref v0, ref v1, ref v2, ref v3);
        return new RowKey(BinaryPrimitives.ReverseEndianness(first), BinaryPrimitives.ReverseEndianness(v0 ^ v1 ^ v2 ^ v3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Absorb(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3, ulong word)
    {
        v3 ^= word;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= word;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
