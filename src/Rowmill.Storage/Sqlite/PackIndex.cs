namespace Rowmill.Storage.Sqlite;

/// <summary>The in-memory parts of the index at one moment.</summary>
/// <param name="Active">Takes new packs.</param>
/// <param name="Frozen">Is being merged into the file; null when none is.</param>
internal sealed record IndexView(Memtable Active, Memtable? Frozen)
{
    public void Find(long hash, List<long> packs)
    {
        Active.Find(hash, packs);
        Frozen?.Find(hash, packs);
    }
}

/// <summary>What readers see of the index in memory; the writer's thread changes it.</summary>
/// <remarks>A reader enters before it takes its snapshot of the file: then every pack up to SeenTo is in the view or in the
/// file's index, for a table leaves the view only after its merge was committed.</remarks>
internal sealed class PackIndex
{
    private readonly Lock _gate = new();
    private IndexView _view = new(new Memtable(), null);
    private long _seenTo;
    private int _readers;

    /// <summary>The tables; for the writer's thread.</summary>
    public IndexView View => _view;

    /// <summary>Every pack up to this one is indexed, in memory or in the file. Raised by the writer's thread.</summary>
    public long SeenTo
    {
        get => Volatile.Read(ref _seenTo);
        set => Volatile.Write(ref _seenTo, value);
    }

    /// <summary>A reader begins; it must leave.</summary>
    public IndexView Enter(out long seenTo)
    {
        lock (_gate)
        {
            _readers++;
            seenTo = SeenTo;
            return _view;
        }
    }

    /// <summary>A reader has ended.</summary>
    public void Leave()
    {
        lock (_gate) _readers--;
    }

    /// <summary>Shows readers other tables.</summary>
    /// <returns>True when no reader looks at the tables shown before.</returns>
    public bool Show(IndexView view)
    {
        lock (_gate)
        {
            _view = view;
            return _readers == 0;
        }
    }
}
