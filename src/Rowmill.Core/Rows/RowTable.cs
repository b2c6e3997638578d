using System.Buffers.Binary;
using System.Numerics;
using Microsoft.Win32.SafeHandles;

namespace Rowmill.Core.Rows;

/// <summary>
/// A number for each key, in memory that does not grow with the number of keys: an open-addressing table in a sparse temporary
/// file, whose pages the system caches as it can.
/// </summary>
internal sealed class RowTable : IDisposable
{
    /// <summary>A slot is the key and its number; 0 when it is free.</summary>
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
    /// <param name="rows">About how many keys there will be; 36 to 72 bytes of disk each. More make the table grow.</param>
    /// <exception cref="IOException">The folder cannot be used, here or when a number is stored; the message says what to do.</exception>
    public RowTable(string folder, long rows)
    {
        _folder = folder;
        _slots = (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(Cluster, rows + (rows / 2)));
        _file = CreateFile();
    }

    /// <summary>Finds a key's number.</summary>
    /// <param name="key">The key.</param>
    /// <param name="slot">Its slot, or the free one it belongs into; until the next search.</param>
    /// <returns>The number; 0 when it has none.</returns>
    public long Find(RowKey key, out long slot)
    {
        if (_used >= _slots - (_slots / 4)) Grow();
        return Search(key, out slot);
    }

    /// <summary>Stores a key's number in the slot that was found for it.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="key">The key.</param>
    /// <param name="was">The number that was found.</param>
    /// <param name="number">The new one, not 0.</param>
    public void Put(long slot, RowKey key, long was, long number)
    {
        if (was == 0) _used++;
        Write(slot, key, number);
    }

    public void Dispose() => _file.Dispose();

    private long Search(RowKey key, out long position)
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
            throw TemporaryFile.Unusable(_folder, e);
        }
    }

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
                Search(key, out var position);
                Write(position, key, count);
            }
        }
    }

    private FileStream CreateFile()
    {
        var file = TemporaryFile.Create(_folder, FileOptions.RandomAccess, bufferSize: 0);
        try
        {
            file.SetLength(_slots * SlotSize);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw TemporaryFile.Unusable(_folder, e);
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
