using Rowmill.Core.Rows;

namespace Rowmill.Storage.Sqlite;

/// <summary>
/// Packs of one question that were read ahead, because rows are usually looked for in the order they were stored: the next row
/// of a pack follows from the last one, the first row of a pack is found by its key, any other through the index.
/// Reads further ahead the more of what it read was used. Bounded in rows and bytes; the packs loaded first leave first.
/// </summary>
internal sealed class PackWindow(long question, int maxRows, int maxBytes)
{
    private const int MaxAhead = 512;
    private readonly Dictionary<RowKey, StoredPack> _firsts = [];
    private readonly Dictionary<long, StoredPack> _packs = [];
    private readonly Queue<StoredPack> _order = new();
    private int _rows;
    private int _bytes;
    private int _ahead = 1;

    // Where the last row was found, and where before: a row asked again lies in another pack, amid those of its first.
    private Cursor _last;
    private Cursor _previous;

    // The last load: the newest pack it read, its rows, and how many of them were found since.
    private long _end;
    private int _loaded;
    private int _used;

    private record struct Cursor(StoredPack? Pack, int Row)
    {
        public readonly bool IsBefore(in RowKey key) => Pack is not null && Row + 1 < Pack.Count && Pack.Key(Row + 1) == key;
    }

    public long Question => question;

    /// <summary>Packs held.</summary>
    public int Packs => _packs.Count;

    /// <summary>Finds a row where it can be expected.</summary>
    public bool TryFind(in RowKey key, out StoredPack pack, out int row)
    {
        if (_last.IsBefore(key))
        {
            _last.Row++;
        }
        else if (_previous.IsBefore(key))
        {
            (_last, _previous) = (_previous, _last);
            _last.Row++;
        }
        else if (_firsts.TryGetValue(key, out var first))
        {
            MoveTo(first, 0);
        }
        else
        {
            pack = null!;
            row = 0;
            return false;
        }

        pack = _last.Pack!;
        row = _last.Row;
        _used++;
        return true;
    }

    /// <summary>A pack that is held, by its id.</summary>
    public StoredPack? Get(long id) =>
        _last.Pack?.Id == id ? _last.Pack : _previous.Pack?.Id == id ? _previous.Pack : _packs.GetValueOrDefault(id);

    /// <summary>A row was found through the index: goes on from there, and reads ahead when its pack was not held.</summary>
    /// <param name="pack">Where the row was found.</param>
    /// <param name="row">Its place there.</param>
    /// <param name="following">Reads packs of any question after an id, at most so many.</param>
    public void Found(StoredPack pack, int row, Func<long, int, IEnumerable<StoredPack>> following)
    {
        var held = Get(pack.Id) is not null;
        MoveTo(pack, row);
        if (held) _used++;
        else Load(pack, following);
    }

    private void Load(StoredPack pack, Func<long, int, IEnumerable<StoredPack>> following)
    {
        Adapt(pack.Id);
        _used = 0;
        _loaded = pack.Count;
        _end = pack.Id;
        if (_ahead == 1) return; // looked for at random: the pack at hand is enough
        Hold(pack);
        var budget = maxBytes / 4;
        foreach (var next in following(pack.Id, _ahead - 1))
        {
            _end = next.Id;
            if (next.Question != question) continue;
            Hold(next);
            _loaded += next.Count;
            if ((budget -= next.Bytes) <= 0 || _loaded > maxRows / 4) break;
        }
    }

    private void Adapt(long id)
    {
        var sequential = id > _end && id <= _end + MaxAhead;
        if (sequential && 2 * (_used + 1) >= _loaded) _ahead = Math.Min(MaxAhead, 2 * _ahead);
        else if (!sequential || 8 * _used < _loaded) _ahead = Math.Max(1, _ahead / 4);
    }

    private void Hold(StoredPack pack)
    {
        if (!_packs.TryAdd(pack.Id, pack)) return;
        _order.Enqueue(pack);
        _rows += pack.Count;
        _bytes += pack.Bytes;
        if (!_firsts.TryGetValue(pack.Key(0), out var other) || other.Id < pack.Id) _firsts[pack.Key(0)] = pack;
        while ((_bytes > maxBytes || _rows > maxRows) && _order.Count > 1) Drop(_order.Dequeue());
    }

    private void Drop(StoredPack pack)
    {
        _packs.Remove(pack.Id);
        _rows -= pack.Count;
        _bytes -= pack.Bytes;
        if (_firsts.TryGetValue(pack.Key(0), out var first) && ReferenceEquals(first, pack)) _firsts.Remove(pack.Key(0));
    }

    private void MoveTo(StoredPack pack, int row)
    {
        if (!ReferenceEquals(pack, _last.Pack)) _previous = _last;
        _last = new Cursor(pack, row);
    }
}
