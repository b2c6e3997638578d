using Rowmill.Core.Rows;

namespace Rowmill.Storage.Sqlite;

/// <summary>
/// Packs of one question that were read ahead, because rows are usually looked for in the order they were stored.
/// Reads further ahead the more of what it read was used. Bounded in rows and bytes; the packs loaded first leave first.
/// </summary>
internal sealed class PackWindow(long question, int maxRows, int maxBytes)
{
    private const int MaxAhead = 512;
    private readonly Dictionary<RowKey, (StoredPack Pack, int Row)> _rows = [];
    private readonly Dictionary<long, StoredPack> _packs = [];
    private readonly Queue<StoredPack> _order = new();
    private int _bytes;
    private int _ahead = 1;
    private long _end;
    private int _loaded;
    private int _used;
    private StoredPack? _last;
    private int _lastRow;

    public long Question => question;

    /// <summary>Rows held.</summary>
    public int Rows => _rows.Count;

    /// <summary>Finds a row among what was read ahead.</summary>
    public bool TryFind(in RowKey key, out StoredPack pack, out int row)
    {
        if (_last is not null && _lastRow + 1 < _last.Count && _last.Key(_lastRow + 1) == key)
        {
            pack = _last;
            row = _lastRow + 1;
        }
        else if (_rows.TryGetValue(key, out var slot))
        {
            (pack, row) = slot;
        }
        else
        {
            pack = null!;
            row = 0;
            return false;
        }

        (_last, _lastRow) = (pack, row);
        _used++;
        return true;
    }

    /// <summary>A pack that is held, by its id.</summary>
    public StoredPack? Get(long id) => _packs.GetValueOrDefault(id);

    /// <summary>A row was not here and was found in this pack: takes it, and those after it.</summary>
    /// <param name="pack">Where the row was found.</param>
    /// <param name="row">Its place there.</param>
    /// <param name="following">Reads packs of any question after an id, at most so many.</param>
    public void Load(StoredPack pack, int row, Func<long, int, IEnumerable<StoredPack>> following)
    {
        Adapt(pack.Id);
        _loaded = _used = 0;
        _end = pack.Id;
        Add(pack);
        (_last, _lastRow) = (pack, row);
        if (_ahead == 1) return;
        var budget = maxBytes / 4;
        foreach (var next in following(pack.Id, _ahead - 1))
        {
            _end = next.Id;
            if (next.Question != question || _packs.ContainsKey(next.Id)) continue;
            Add(next);
            if ((budget -= next.Bytes) <= 0 || _loaded > maxRows / 4) break;
        }
    }

    private void Adapt(long id)
    {
        var sequential = id > _end && id <= _end + MaxAhead;
        if (_end != 0 && sequential && 2 * (_used + 1) >= _loaded) _ahead = Math.Min(MaxAhead, 2 * _ahead);
        else if (8 * _used < _loaded || !sequential) _ahead = Math.Max(1, _ahead / 4);
    }

    private void Add(StoredPack pack)
    {
        if (!_packs.TryAdd(pack.Id, pack)) return;
        _order.Enqueue(pack);
        _bytes += pack.Bytes;
        _loaded += pack.Count;
        for (var i = 0; i < pack.Count; i++)
        {
            ref var slot = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_rows, pack.Key(i), out var exists);
            if (!exists || slot.Pack.Id < pack.Id) slot = (pack, i);
        }

        while ((_bytes > maxBytes || _rows.Count > maxRows) && _order.Count > 1) Drop(_order.Dequeue());
    }

    private void Drop(StoredPack pack)
    {
        _packs.Remove(pack.Id);
        _bytes -= pack.Bytes;
        if (ReferenceEquals(pack, _last)) _last = null;
        for (var i = 0; i < pack.Count; i++)
        {
            var key = pack.Key(i);
            if (_rows.TryGetValue(key, out var slot) && ReferenceEquals(slot.Pack, pack)) _rows.Remove(key);
        }
    }
}
