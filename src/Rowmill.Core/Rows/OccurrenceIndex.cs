namespace Rowmill.Core.Rows;

/// <summary>Counts exactly how often each key was seen, in memory that does not grow with the number of keys.</summary>
/// <param name="folder">An existing folder for the temporary file, on a disk rather than in memory.</param>
/// <param name="rows">About how many rows will be counted.</param>
/// <exception cref="IOException">The folder cannot be used, here or when a key is counted; the message says what to do.</exception>
internal sealed class OccurrenceIndex(string folder, long rows) : IDisposable
{
    private readonly RowTable _seen = new(folder, rows);

    /// <summary>How often the key was seen before: 0 the first time, 1 the second, …</summary>
    public long Next(RowKey key)
    {
        var seen = _seen.Find(key, out var slot);
        _seen.Put(slot, key, seen, seen + 1);
        return seen;
    }

    /// <summary>Whether the key was seen.</summary>
    public bool Contains(RowKey key) => _seen.Find(key, out _) > 0;

    public void Dispose() => _seen.Dispose();
}
