namespace Rowmill.Storage.Sqlite;

/// <summary>
/// The writer's side of the index. New packs enter the table in memory; a full table is merged into the file in sorted order,
/// slice by slice between commits; packs of other processes, and those a new process finds, are loaded in slices too.
/// Any process may merge: entries are inserted once, and the mark of what is merged moves after the last slice.
/// </summary>
internal sealed class IndexKeeper
{
    private readonly Connection _connection;
    private readonly PackIndex _index;
    private readonly SqliteStoreOptions _options;
    private readonly List<WriteOp> _waiting = [];
    private Statement? _load;
    private Statement? _insert;
    private Statement? _mark;
    private Statement? _readMark;

    // The frozen table in order, while it is merged; the arrays serve the next one too.
    private long[] _hashes = [];
    private long[] _packs = [];
    private int _merged;
    private bool _merging;
    private Memtable? _spare; // emptied, for the next time
    private bool _behind;
    private bool _failed;

    public IndexKeeper(Connection connection, PackIndex index, SqliteStoreOptions options)
    {
        _connection = connection;
        _index = index;
        _options = options;
        index.SeenTo = connection.Scalar("SELECT value FROM meta WHERE name = 'indexed_to'");
    }

    /// <summary>True when <see cref="Step"/> has something to do.</summary>
    public bool HasWork => !_failed && (_behind || _merging);

    /// <summary>A pack of this process has been committed.</summary>
    public void Added(long pack, long question, ReadOnlySpan<byte> keys)
    {
        _failed = false;
        if (_behind || pack != _index.SeenTo + 1 || !MakeRoom())
        {
            _behind = true; // other processes' packs come first, or the table is full: loaded from the file later
            return;
        }

        _index.View.Active.Add(pack, question, keys);
        _index.SeenTo = pack;
    }

    /// <summary>Completes the operation when everything committed by now is indexed.</summary>
    public void CatchUp(WriteOp op)
    {
        _failed = false;
        _behind = true;
        _waiting.Add(op);
    }

    /// <summary>Does a bounded piece of the work that is due.</summary>
    /// <returns>True when it committed something.</returns>
    public bool Step()
    {
        if (_merging)
        {
            MergeSlice();
            return true;
        }

        if (MakeRoom()) LoadSlice();
        return false;
    }

    /// <summary>A step failed: whoever waits learns it; the next pack or search tries again.</summary>
    public void Fail(Exception failure)
    {
        _failed = true;
        foreach (var op in _waiting) op.Fail(failure);
        _waiting.Clear();
    }

    private bool MakeRoom()
    {
        var active = _index.View.Active;
        if (active.Count < _options.MemtableRows) return true;
        if (_merging) return false;
        if (_hashes.Length < active.Count) (_hashes, _packs) = (new long[active.Capacity / 2], new long[active.Capacity / 2]);
        active.Sort(_hashes, _packs);
        _merged = 0;
        _merging = true;
        _index.Show(new IndexView(_spare ?? new Memtable(active.Capacity), active));
        _spare = null;
        return true;
    }

    private void LoadSlice()
    {
        _load ??= _connection.Prepare("SELECT id, question, keys FROM packs WHERE id > ?1 ORDER BY id");
        var active = _index.View.Active;
        var end = Math.Min(active.Count + _options.SliceRows, _options.MemtableRows);
        _load.Bind(1, _index.SeenTo);
        while (_load.Step())
        {
            active.Add(_load.Int64(0), _load.Int64(1), _load.Blob(2));
            _index.SeenTo = _load.Int64(0);
            if (active.Count < end) continue;
            _load.Reset();
            return;
        }

        _behind = false;
        foreach (var op in _waiting) op.Complete();
        _waiting.Clear();
    }

    private void MergeSlice()
    {
        _insert ??= _connection.Prepare("INSERT OR IGNORE INTO pack_index (h, pack) VALUES (?1, ?2)");
        _mark ??= _connection.Prepare("UPDATE meta SET value = max(value, ?1) WHERE name = 'indexed_to'");
        _readMark ??= _connection.Prepare("SELECT value FROM meta WHERE name = 'indexed_to'");
        var frozen = _index.View.Frozen!;
        var end = Math.Min(_merged + _options.SliceRows, frozen.Count);

        _connection.Execute("BEGIN IMMEDIATE");
        _ = _readMark.Step();
        var done = _readMark.Int64(0); // another process may have merged the same packs
        _readMark.Reset();
        for (var i = _merged; i < end; i++)
        {
            if (_packs[i] > done) _insert.Bind(1, _hashes[i]).Bind(2, _packs[i]).Run();
        }

        var last = end == frozen.Count;
        if (last) _mark.Bind(1, frozen.LastPack).Run();
        _connection.Execute("COMMIT");

        _merged = end;
        if (!last) return;
        _merging = false;
        if (!_index.Show(_index.View with { Frozen = null })) return;
        frozen.Clear();
        _spare = frozen;
    }
}
