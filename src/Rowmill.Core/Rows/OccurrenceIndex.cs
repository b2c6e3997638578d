using System.Buffers.Binary;
using System.Numerics;
using Microsoft.Win32.SafeHandles;

namespace Rowmill.Core.Rows;

/// <summary>
/// Counts exactly how often each key was seen, in memory that does not grow with the number of keys: an open-addressing table in
/// a sparse temporary file, whose pages the system caches as it can.
/// </summary>
internal sealed class OccurrenceIndex : IDisposable
{
    /// <summary>A slot is the key and how often it was seen; 0 when it is free.</summary>
    private const int SlotSize = RowKey.Size + sizeof(long);

    /// <summary>Slots read at once; the table's size is a multiple of it.</summary>
    private const int Cluster = 16;

    private readonly string _folder;
    private readonly byte[] _read = new byte[Cluster * SlotSize];
    private readonly byte[] _slot = new byte[SlotSize];
    private FileStream _file;
    private long _slots;
    private long _used;

    /// <summary>Creates the table.</summary>
    /// <param name="folder">An existing folder for the temporary file, on a disk rather than in memory.</param>
    /// <param name="rows">About how many rows will be counted; 36 to 72 bytes of disk each. More make the table grow.</param>
    /// <exception cref="IOException">The folder cannot be used, here or when a key is counted; the message says what to do.</exception>
    public OccurrenceIndex(string folder, long rows)
    {
        _folder = folder;
        _slots = (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(Cluster, rows + (rows / 2)));
        _file = CreateFile();
    }

    /// <summary>How often the key was seen before: 0 the first time, 1 the second, …</summary>
    public long Next(RowKey key)
    {
        if (_used >= _slots - (_slots / 4)) Grow();
        var seen = Find(key, out var position);
        if (seen == 0) _used++;
        Write(position, key, seen + 1);
        return seen;
    }

    /// <summary>Whether the key was seen.</summary>
    public bool Contains(RowKey key) => Find(key, out _) > 0;

    public void Dispose() => _file.Dispose();

    /// <summary>Finds the key's slot, or the free one it belongs into.</summary>
    private long Find(RowKey key, out long position)
    {
        // Keys are evenly spread already.
        var slot = (long)(key.Low & (ulong)(_slots - 1));
        while (true)
        {
            var cluster = _read.AsSpan(0, (int)Math.Min(Cluster, _slots - slot) * SlotSize);
            ReadAll(_file.SafeFileHandle, cluster, slot * SlotSize);
            for (var at = 0; at < cluster.Length; at += SlotSize, slot++)
            {
                var count = BinaryPrimitives.ReadInt64BigEndian(cluster[(at + RowKey.Size)..]);
                if (count != 0 && RowKey.Read(cluster[at..]) != key) continue;
                position = slot * SlotSize;
                return count;
            }

            slot &= _slots - 1;
        }
    }

    private void Write(long position, RowKey key, long count)
    {
        key.Write(_slot);
        BinaryPrimitives.WriteInt64BigEndian(_slot.AsSpan(RowKey.Size), count);
        try
        {
            RandomAccess.Write(_file.SafeFileHandle, _slot, position);
        }
        catch (IOException e)
        {
            throw Unusable(e);
        }
    }

    private IOException Unusable(Exception e) => new(
        $"the temporary folder {_folder} cannot be used: {e.Message}; free some space there, or name another folder in {(OperatingSystem.IsWindows() ? "TMP" : "TMPDIR")}", e);

    private void Grow()
    {
        using var old = _file;
        var oldLength = _slots * SlotSize;
        _slots *= 2;
        _file = CreateFile();
        var chunk = new byte[Cluster * SlotSize];
        for (long offset = 0; offset < oldLength; offset += chunk.Length)
        {
            ReadAll(old.SafeFileHandle, chunk, offset);
            for (var at = 0; at < chunk.Length; at += SlotSize)
            {
                var count = BinaryPrimitives.ReadInt64BigEndian(chunk.AsSpan(at + RowKey.Size));
                if (count == 0) continue;
                var key = RowKey.Read(chunk.AsSpan(at));
                Find(key, out var position);
                Write(position, key, count);
            }
        }
    }

    /// <summary>The file has no name from its first moment where the system allows it, so that not even a kill leaves it behind.</summary>
    private FileStream CreateFile()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Delete,
            BufferSize = 0,
            Options = FileOptions.DeleteOnClose | FileOptions.RandomAccess,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        FileStream? file = null;
        try
        {
            file = new FileStream(Path.Combine(_folder, $".rowmill-{Path.GetRandomFileName()}"), options);
            file.SetLength(_slots * SlotSize);
            if (!OperatingSystem.IsWindows()) File.Delete(file.Name);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw Unusable(e);
        }
    }

    private static void ReadAll(SafeFileHandle file, Span<byte> target, long offset)
    {
        while (target.Length > 0)
        {
            var read = RandomAccess.Read(file, target, offset);
            if (read == 0) throw new EndOfStreamException("The temporary table of row keys was cut short.");
            target = target[read..];
            offset += read;
        }
    }
}
