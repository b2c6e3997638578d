using System.Buffers.Binary;
using System.Text;

namespace Rowmill.KillKit;

/// <summary>What a record of the disk's journal tells.</summary>
internal enum DiskRecordKind
{
    /// <summary>A file's path, once before anything else of it; its number is the record's file.</summary>
    Name = 1,

    /// <summary>Bytes about to be written at an offset.</summary>
    Write,

    /// <summary>The file is about to be cut to the length in the offset.</summary>
    Truncate,

    /// <summary>An fsync begins; the offset is its number.</summary>
    SyncBegan,

    /// <summary>That fsync has ended well.</summary>
    SyncEnded,

    /// <summary>The file is about to be removed; the offset is 1 when its folder is put on the disk too.</summary>
    Delete,

    /// <summary>A moment of the run has been passed; its name.</summary>
    Passed,

    /// <summary>Some time has gone by for this process: a thread that does nothing else has slept a while.</summary>
    Beat,
}

/// <summary>One record of what a process did to the disk: a header of little-endian numbers, then the bytes.</summary>
/// <param name="Kind">What it tells.</param>
/// <param name="File">The file's number; 0 for none.</param>
/// <param name="Offset">See <see cref="DiskRecordKind"/>.</param>
/// <param name="Bytes">What was written, or a name in UTF-8.</param>
internal readonly record struct DiskRecord(DiskRecordKind Kind, int File, long Offset, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderSize = 20;

    /// <summary>Beats a second at most.</summary>
    public const int BeatsPerSecond = 20;

    /// <summary>The environment variable that says where the journal is written.</summary>
    public const string Variable = "ROWMILL_KILL_JOURNAL";

    /// <summary>Its bytes as a name.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>Writes a header.</summary>
    public static void WriteHeader(Span<byte> to, DiskRecordKind kind, int file, long offset, int length)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, (int)kind);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], file);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], offset);
        BinaryPrimitives.WriteInt32LittleEndian(to[16..], length);
    }

    /// <summary>Reads a journal; the last record may be cut short by the kill, and is left out then.</summary>
    public static IReadOnlyList<DiskRecord> ReadAll(ReadOnlyMemory<byte> journal)
    {
        var records = new List<DiskRecord>();
        while (journal.Length >= HeaderSize)
        {
            var header = journal.Span;
            var length = BinaryPrimitives.ReadInt32LittleEndian(header[16..]);
            if (journal.Length < HeaderSize + length) break;
            var kind = (DiskRecordKind)BinaryPrimitives.ReadInt32LittleEndian(header);
            if (!Enum.IsDefined(kind)) throw new InvalidDataException($"record {records.Count} of the journal is none");
            records.Add(new DiskRecord(
                kind, BinaryPrimitives.ReadInt32LittleEndian(header[4..]), BinaryPrimitives.ReadInt64LittleEndian(header[8..]),
                journal.Slice(HeaderSize, length)));
            journal = journal[(HeaderSize + length)..];
        }

        return records;
    }
}
