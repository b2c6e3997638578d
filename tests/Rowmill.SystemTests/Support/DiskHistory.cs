using Rowmill.KillKit;

namespace Rowmill.SystemTests.Support;

/// <summary>What a power cut does to writes that no fsync has confirmed.</summary>
internal enum CutKind
{
    /// <summary>All of them are gone.</summary>
    Dropped,

    /// <summary>The disk had come a part of the way, in order; the last one is torn between two sectors.</summary>
    Prefix,

    /// <summary>The disk had taken some of them, in an order of its own; the last one is torn.</summary>
    Some,
}

/// <summary>What one process did to its databases' files, and so what a power cut at its end would have left of them.</summary>
/// <remarks>
/// A write or a cut of a file is on the disk once an fsync of that file, begun after it, has ended; the removal of a file once its
/// folder was synced, or any file of that folder was: journaling file systems write their own log in order.
/// </remarks>
/// <param name="before">The files when it started.</param>
/// <param name="records">Its journal.</param>
internal sealed class DiskHistory(DiskImage before, IReadOnlyList<DiskRecord> records)
{
    private const int Sector = 512;

    private readonly IReadOnlyDictionary<int, string> _names =
        records.Where(r => r.Kind == DiskRecordKind.Name).ToDictionary(r => r.File, r => r.Text);

    /// <summary>How often something was done to the file of this name.</summary>
    public int Count(string file, DiskRecordKind kind) => records.Count(r => r.Kind == kind && Path.GetFileName(_names[r.File]) == file);

    /// <summary>How often a moment of the run was passed.</summary>
    public int Passed(string moment) => records.Count(r => r.Kind == DiskRecordKind.Passed && r.Text == moment);

    /// <summary>Beats of the process since the oldest write to the file that is not on the disk; 0 when all are.</summary>
    public int Unsynced(string file)
    {
        var lasting = Lasting();
        var first = Enumerable.Range(0, records.Count)
            .FirstOrDefault(i => records[i].Kind == DiskRecordKind.Write && !lasting[i] && Path.GetFileName(_names[records[i].File]) == file, records.Count);
        return records.Skip(first).Count(r => r.Kind == DiskRecordKind.Beat);
    }

    /// <summary>The files with everything done to them.</summary>
    public DiskImage Whole() => Replay(_ => true);

    /// <summary>What is wrong when the files are not what the journal says: the witness missed something. What is done last may be undone, or half done.</summary>
    public IEnumerable<string> Missed(DiskImage now)
    {
        var last = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < records.Count; i++)
        {
            if (Changes(records[i])) last[_names[records[i].File]] = i;
        }

        if (last.Count == 0) yield return "no write of a database went through the witness";
        var (whole, open) = (Whole(), Replay(i => !last.ContainsValue(i)));
        foreach (var path in last.Keys.Union(now.Files.Keys))
        {
            var real = now.Files.GetValueOrDefault(path);
            if (Same(real, whole.Files.GetValueOrDefault(path)) || Same(real, open.Files.GetValueOrDefault(path))) continue;
            if (last.TryGetValue(path, out var i) && records[i].Kind == DiskRecordKind.Write && real is not null
                && Same(Without(real, records[i]), Without(whole.Files[path], records[i]))) continue;
            yield return $"{Path.GetFileName(path)} is not what was written to it";
        }
    }

    /// <summary>What a power cut at this moment leaves.</summary>
    public DiskImage AfterCut(CutKind kind, Random random)
    {
        var lasting = Lasting();
        var loose = Enumerable.Range(0, records.Count).Where(i => Changes(records[i]) && !lasting[i]).ToList();
        var kept = kind switch
        {
            CutKind.Dropped => [],
            CutKind.Prefix => loose[..random.Next(0, loose.Count + 1)],
            _ => loose.Where(_ => random.Next(2) == 0).ToList(),
        };
        foreach (var i in kept) lasting[i] = true;
        return Replay(i => lasting[i], kept.Count > 0 ? kept[^1] : -1, random);
    }

    private static bool Changes(DiskRecord record) => record.Kind is DiskRecordKind.Write or DiskRecordKind.Truncate or DiskRecordKind.Delete;

    private static bool Same(byte[]? a, byte[]? b) => (a ?? []).AsSpan().SequenceEqual(b ?? []);

    private static byte[] Without(byte[] bytes, DiskRecord write)
    {
        var end = (int)write.Offset + write.Bytes.Length;
        var rest = new byte[Math.Max(bytes.Length, end)];
        bytes.CopyTo(rest, 0);
        rest.AsSpan((int)write.Offset, write.Bytes.Length).Clear();
        return rest;
    }

    /// <summary>For each record whether what it did is on the disk for certain.</summary>
    private bool[] Lasting()
    {
        var ended = records.Where(r => r.Kind == DiskRecordKind.SyncEnded).Select(r => r.Offset).ToHashSet();
        var lasting = new bool[records.Count];
        var (files, folders) = (new HashSet<int>(), new HashSet<string>(StringComparer.Ordinal));
        for (var i = records.Count - 1; i >= 0; i--)
        {
            var record = records[i];
            if (record.Kind == DiskRecordKind.SyncBegan && ended.Contains(record.Offset))
            {
                files.Add(record.File);
                folders.Add(Path.GetDirectoryName(_names[record.File])!);
            }

            lasting[i] = record.Kind switch
            {
                DiskRecordKind.Write or DiskRecordKind.Truncate => files.Contains(record.File),
                DiskRecordKind.Delete => record.Offset == 1 || folders.Contains(Path.GetDirectoryName(_names[record.File])!),
                _ => false,
            };
        }

        return lasting;
    }

    private DiskImage Replay(Func<int, bool> kept, int torn = -1, Random? random = null)
    {
        var files = before.Files.ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal);
        var hidden = new HashSet<string>(StringComparer.Ordinal); // what follows a removal that is undone went to another file
        for (var i = 0; i < records.Count; i++)
        {
            var record = records[i];
            if (!Changes(record)) continue;
            var path = _names[record.File];
            if (record.Kind == DiskRecordKind.Delete && !kept(i)) hidden.Add(path);
            if (!kept(i) || hidden.Contains(path)) continue;
            switch (record.Kind)
            {
                case DiskRecordKind.Delete:
                    files.Remove(path);
                    break;
                case DiskRecordKind.Truncate:
                    files[path] = Sized(files.GetValueOrDefault(path), (int)record.Offset);
                    break;
                default:
                    var bytes = i == torn ? record.Bytes[..Torn(record, random!)] : record.Bytes;
                    var file = files.GetValueOrDefault(path) ?? [];
                    file = Sized(file, Math.Max(file.Length, (int)record.Offset + bytes.Length));
                    bytes.CopyTo(file.AsMemory((int)record.Offset));
                    files[path] = file;
                    break;
            }
        }

        return new DiskImage(files);
    }

    private static byte[] Sized(byte[]? file, int length)
    {
        var sized = new byte[length];
        (file ?? []).AsSpan(0, Math.Min(length, file?.Length ?? 0)).CopyTo(sized);
        return sized;
    }

    /// <summary>How many bytes of a write are there when it is torn: up to a boundary of sectors.</summary>
    private static int Torn(DiskRecord write, Random random)
    {
        var first = (int)(Sector - write.Offset % Sector);
        var boundaries = write.Bytes.Length <= first ? 1 : 2 + (write.Bytes.Length - first - 1) / Sector;
        var at = random.Next(boundaries);
        return at == 0 ? 0 : first + (at - 1) * Sector;
    }
}
