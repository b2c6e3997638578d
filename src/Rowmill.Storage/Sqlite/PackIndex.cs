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
/// <remarks>A reader takes <see cref="SeenTo"/>, then <see cref="View"/>, then its snapshot of the file: then every pack up to
/// SeenTo is in the view or in the file's index, for a table leaves the view only after its merge was committed.</remarks>
internal sealed class PackIndex
{
    private IndexView _view = new(new Memtable(), null);
    private long _seenTo;

    /// <summary>The tables.</summary>
    public IndexView View
    {
        get => Volatile.Read(ref _view);
        set => Volatile.Write(ref _view, value);
    }

    /// <summary>Every pack up to this one is indexed, in memory or in the file.</summary>
    public long SeenTo
    {
        get => Volatile.Read(ref _seenTo);
        set => Volatile.Write(ref _seenTo, value);
    }
}
