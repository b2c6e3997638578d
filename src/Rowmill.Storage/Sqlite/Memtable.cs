namespace Rowmill.Storage.Sqlite;

/// <summary>
/// The part of the index that is not in the file yet: which packs may hold a row. Open addressing with linear probing;
/// a row may have several packs. Written by the writer's thread, read by any.
/// </summary>
/// <param name="capacity">Slots at first, a power of two; it grows when half of them are taken.</param>
internal sealed class Memtable(int capacity = 1024)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private readonly Lock _gate = new();
    private long[] _hashes = new long[capacity];
    private long[] _packs = new long[capacity]; // 0: free
    private int _shift = 64 - System.Numerics.BitOperations.Log2((uint)capacity);

    /// <summary>Entries.</summary>
    public int Count { get; private set; }

    /// <summary>Slots.</summary>
    public int Capacity => _hashes.Length;

    /// <summary>The newest pack in here.</summary>
    public long LastPack { get; private set; }

    /// <summary>The index's hash of a row's key under a question.</summary>
    public static long Hash(in Core.Rows.RowKey key, long question) =>
        (long)(key.High ^ System.Numerics.BitOperations.RotateLeft(key.Low, 32) ^ ((ulong)question * Golden));

    /// <summary>Adds the rows of a pack.</summary>
    /// <param name="pack">Its id.</param>
    /// <param name="question">Its question.</param>
    /// <param name="keys">Its keys, one after another.</param>
    public void Add(long pack, long question, ReadOnlySpan<byte> keys)
    {
        lock (_gate)
        {
            LastPack = pack;
            for (var rest = keys; rest.Length > 0; rest = rest[Core.Rows.RowKey.Size..])
            {
                if (2 * (Count + 1) > _hashes.Length) Grow();
                Put(Hash(Core.Rows.RowKey.Read(rest), question), pack);
                Count++;
            }
        }
    }

    /// <summary>Adds to <paramref name="packs"/> those that may hold a row.</summary>
    public void Find(long hash, List<long> packs)
    {
        lock (_gate)
        {
            var mask = _hashes.Length - 1;
            for (var i = Slot(hash); _packs[i] != 0; i = (i + 1) & mask)
            {
                if (_hashes[i] == hash) packs.Add(_packs[i]);
            }
        }
    }

    /// <summary>Takes every entry out; nobody may be looking.</summary>
    public void Clear()
    {
        Array.Clear(_packs);
        Count = 0;
    }

    /// <summary>Writes every entry, in the order of the index, into arrays that hold at least <see cref="Count"/>.</summary>
    public void Sort(long[] hashes, long[] packs)
    {
        var n = 0;
        for (var i = 0; i < _hashes.Length; i++)
        {
            if (_packs[i] == 0) continue;
            hashes[n] = _hashes[i];
            packs[n++] = _packs[i];
        }

        Array.Sort(hashes, packs, 0, n);
    }

    private int Slot(long hash) => (int)(((ulong)hash * Golden) >> _shift);

    private void Put(long hash, long pack)
    {
        var mask = _hashes.Length - 1;
        var i = Slot(hash);
        while (_packs[i] != 0) i = (i + 1) & mask;
        _hashes[i] = hash;
        _packs[i] = pack;
    }

    private void Grow()
    {
        var (hashes, packs) = (_hashes, _packs);
        _hashes = new long[hashes.Length * 2];
        _packs = new long[packs.Length * 2];
        _shift--;
        for (var i = 0; i < hashes.Length; i++)
        {
            if (packs[i] != 0) Put(hashes[i], packs[i]);
        }
    }
}
