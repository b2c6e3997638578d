using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Rowmill.KillKit;

/// <summary>
/// Writes down, in one file and in order, what this process does to its databases. Every record is handed to the system at once, so the
/// journal survives the kill as the databases do. Safe for concurrent use.
/// </summary>
internal sealed class DiskJournal(string path)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _files = new(StringComparer.Ordinal);
    private readonly SafeFileHandle _handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
    private byte[] _buffer = new byte[16 * 1024];
    private long _end;
    private long _syncs;

    /// <summary>The number of a file.</summary>
    public int FileOf(string name)
    {
        lock (_gate)
        {
            if (_files.TryGetValue(name, out var file)) return file;
            file = _files.Count + 1;
            _files.Add(name, file);
            Append(DiskRecordKind.Name, file, 0, Encoding.UTF8.GetBytes(name));
            return file;
        }
    }

    /// <summary>Adds a record.</summary>
    public void Add(DiskRecordKind kind, int file = 0, long offset = 0, ReadOnlySpan<byte> bytes = default)
    {
        lock (_gate) Append(kind, file, offset, bytes);
    }

    /// <summary>An fsync begins.</summary>
    /// <returns>Its number.</returns>
    public long SyncBegan(int file)
    {
        lock (_gate)
        {
            Append(DiskRecordKind.SyncBegan, file, ++_syncs, default);
            return _syncs;
        }
    }

    private void Append(DiskRecordKind kind, int file, long offset, ReadOnlySpan<byte> bytes)
    {
        var size = DiskRecord.HeaderSize + bytes.Length;
        if (_buffer.Length < size) _buffer = new byte[2 * size];
        DiskRecord.WriteHeader(_buffer, kind, file, offset, bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(DiskRecord.HeaderSize));
        RandomAccess.Write(_handle, _buffer.AsSpan(0, size), _end);
        _end += size;
    }
}
