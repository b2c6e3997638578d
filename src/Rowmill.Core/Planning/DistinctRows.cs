using Rowmill.Core.Rows;

namespace Rowmill.Core.Planning;

/// <summary>
/// Counts distinct keys in bounded memory: exactly up to a number, beyond it by linear counting (Whang, Vander-Zanden and Taylor,
/// 1990): of m bits, each key sets one; of those left zero, Z, the number follows as m ln(m / Z).
/// </summary>
/// <param name="exact">Keys up to which it counts exactly; about 40 bytes each.</param>
internal sealed class DistinctRows(int exact = DistinctRows.Exact)
{
    /// <summary>The standard error, as a part of the number, is below this up to a hundred million keys.</summary>
    public const double Error = 1e-4;

    /// <summary>Bits of the map: 16 MiB.</summary>
    private const int Bits = 1 << 27;

    private const int Exact = 200_000;

    private HashSet<RowKey>? _keys = [];
    private ulong[]? _map;
    private long _set;

    /// <summary>True while the number is exact.</summary>
    public bool IsExact => _keys is not null;

    /// <summary>Distinct keys added.</summary>
    public long Count => _keys?.Count ?? (long)Math.Round(Bits * Math.Log((double)Bits / Math.Max(1, Bits - _set)));

    /// <summary>Adds a key.</summary>
    /// <returns>False when it was added before, as far as that is seen.</returns>
    public bool Add(RowKey key)
    {
        if (_keys is null) return Mark(key);
        if (!_keys.Add(key)) return false;
        if (_keys.Count <= exact) return true;
        _map = new ulong[Bits / 64];
        foreach (var known in _keys) Mark(known);
        _keys = null;
        return true;
    }

    private bool Mark(RowKey key)
    {
        // Keys are evenly spread.
        ref var word = ref _map![(key.High >> 6) & (Bits / 64 - 1)];
        var bit = 1UL << (int)(key.High & 63);
        var isNew = (word & bit) == 0;
        word |= bit;
        if (isNew) _set++;
        return isNew;
    }
}
