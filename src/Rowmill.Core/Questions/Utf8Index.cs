using System.Buffers.Binary;
using System.Numerics;

namespace Rowmill.Core.Questions;

/// <summary>Finds a UTF-8 name among a fixed list without allocating: by comparison when there are few, by hash when there are many.</summary>
internal sealed class Utf8Index
{
    private const int Few = 8;
    private readonly byte[][] _keys;
    private readonly int[]? _slots;

    /// <summary>Indexes the keys, which must differ from each other.</summary>
    public Utf8Index(IEnumerable<byte[]> keys)
    {
        _keys = [.. keys];
        if (_keys.Length <= Few) return;
        _slots = new int[BitOperations.RoundUpToPowerOf2((uint)_keys.Length * 2)];
        for (var i = 0; i < _keys.Length; i++)
        {
            var slot = (int)Hash(_keys[i]) & (_slots.Length - 1);
            while (_slots[slot] != 0) slot = (slot + 1) & (_slots.Length - 1);
            _slots[slot] = i + 1;
        }
    }

    /// <summary>Position of the key in the list, or -1.</summary>
    public int Find(ReadOnlySpan<byte> key)
    {
        if (_slots is null)
        {
            for (var i = 0; i < _keys.Length; i++)
            {
                if (key.SequenceEqual(_keys[i])) return i;
            }

            return -1;
        }

        for (var slot = (int)Hash(key) & (_slots.Length - 1); _slots[slot] != 0; slot = (slot + 1) & (_slots.Length - 1))
        {
            var found = _slots[slot] - 1;
            if (key.SequenceEqual(_keys[found])) return found;
        }

        return -1;
    }

    /// <summary>Eight bytes a step, multiplied and folded; good enough for labels, not meant against attackers.</summary>
    public static uint Hash(ReadOnlySpan<byte> key)
    {
        const ulong Odd = 0x9E3779B97F4A7C15;
        var hash = (ulong)key.Length * Odd;
        while (key.Length >= 8)
        {
            hash = Fold((hash ^ BinaryPrimitives.ReadUInt64LittleEndian(key)) * Odd);
            key = key[8..];
        }

        var rest = 0UL;
        for (var i = 0; i < key.Length; i++) rest |= (ulong)key[i] << (8 * i);
        return (uint)Fold((hash ^ rest) * Odd);

        static ulong Fold(ulong value) => value ^ (value >> 29) ^ (value >> 47);
    }
}
