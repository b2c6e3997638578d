using Rowmill.Core.Rows;

namespace Rowmill.Core.Runs;

/// <summary>
/// A Bloom filter of fixed size over row keys: "certainly new" costs no look into the store; anything else is looked up. Two
/// mebibytes give two false alarms in a thousand at a million rows; beyond that more of them, never a wrong answer.
/// </summary>
internal sealed class SeenFilter
{
    private const int Words = 1 << 18;

    private readonly ulong[] _bits = new ulong[Words];

    /// <summary>Adds a key.</summary>
    /// <returns>True when it may have been added before.</returns>
    public bool Add(RowKey key)
    {
        var first = Mark(key.High);
        var second = Mark(key.High >> 32);
        var third = Mark(key.Low);
        return Mark(key.Low >> 32) && first && second && third;
    }

    private bool Mark(ulong hash)
    {
        ref var word = ref _bits[(hash >> 6) & (Words - 1)];
        var bit = 1UL << (int)(hash & 63);
        var seen = (word & bit) != 0;
        word |= bit;
        return seen;
    }
}
