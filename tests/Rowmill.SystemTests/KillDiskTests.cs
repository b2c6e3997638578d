using System.Text;
using Rowmill.KillKit;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>The model of a power cut.</summary>
public sealed class KillDiskTests
{
    private const int Db = 1;
    private const int Log = 2;

    private readonly List<DiskRecord> _records = [Name(Db, "folder/x.db"), Name(Log, "folder/x.db-wal")];

    [Fact]
    public void What_was_written_since_the_last_fsync_is_gone()
    {
        Write(Db, 0, "kept");
        Sync(Db, 1);
        Write(Db, 2, "lost");
        Write(Log, 0, "lost");

        Assert.Equal(["folder/x.db: kept"], Left(CutKind.Dropped));
    }

    [Fact]
    public void An_fsync_confirms_only_what_was_written_before_it_began_and_only_when_it_ended()
    {
        Write(Db, 0, "old!");
        _records.Add(new DiskRecord(DiskRecordKind.SyncBegan, Db, 1, default));
        Write(Db, 0, "new!");
        _records.Add(new DiskRecord(DiskRecordKind.SyncEnded, Db, 1, default));
        Assert.Equal(["folder/x.db: old!"], Left(CutKind.Dropped));

        _records.Add(new DiskRecord(DiskRecordKind.SyncBegan, Db, 2, default));
        Assert.Equal(["folder/x.db: old!"], Left(CutKind.Dropped));
    }

    [Fact]
    public void A_removal_is_undone_until_its_folder_has_been_on_the_disk()
    {
        Write(Db, 0, "db");
        Write(Log, 0, "log");
        Sync(Db, 1);
        Sync(Log, 2);
        _records.Add(new DiskRecord(DiskRecordKind.Delete, Log, 0, default));
        Write(Log, 0, "new");
        Assert.Equal(["folder/x.db: db", "folder/x.db-wal: log"], Left(CutKind.Dropped));

        Sync(Db, 3);
        Assert.Equal(["folder/x.db: db"], Left(CutKind.Dropped));
    }

    [Fact]
    public void A_torn_write_ends_between_two_sectors()
    {
        Write(Db, 0, new string('a', 2048));
        Sync(Db, 1);
        Write(Db, 100, new string('b', 1500));
        var seen = new HashSet<int>();
        for (var seed = 0; seed < 200; seed++)
        {
            var text = new DiskHistory(Nothing, _records).AfterCut(CutKind.Prefix, new Random(seed)).Files["folder/x.db"];
            seen.Add(text.Count(b => b == 'b'));
        }

        Assert.Equal([0, 412, 924, 1436], seen.Order());
    }

    [Fact]
    public void A_file_that_is_not_what_was_written_to_it_is_told()
    {
        Write(Db, 0, "first");
        Write(Db, 5, "second");
        var history = new DiskHistory(Nothing, _records);

        // What was done last may be undone or half done; nothing else may differ.
        Assert.Empty(history.Missed(Image("firstsecond")));
        Assert.Empty(history.Missed(Image("first")));
        Assert.Empty(history.Missed(Image("firstsec")));
        Assert.Single(history.Missed(Image("fIrstsecond")));
        Assert.Single(history.Missed(Image("firstsecond and more")));
    }

    private static DiskImage Nothing { get; } = new(new Dictionary<string, byte[]>(StringComparer.Ordinal));

    private static DiskImage Image(string text) =>
        new(new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["folder/x.db"] = Encoding.UTF8.GetBytes(text) });

    private static DiskRecord Name(int file, string name) => new(DiskRecordKind.Name, file, 0, Encoding.UTF8.GetBytes(name));

    private IEnumerable<string> Left(CutKind kind) => new DiskHistory(Nothing, _records).AfterCut(kind, new Random(1)).Files
        .OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}: {Encoding.UTF8.GetString(f.Value)}");

    private void Write(int file, long offset, string text) =>
        _records.Add(new DiskRecord(DiskRecordKind.Write, file, offset, Encoding.UTF8.GetBytes(text)));

    private void Sync(int file, long number)
    {
        _records.Add(new DiskRecord(DiskRecordKind.SyncBegan, file, number, default));
        _records.Add(new DiskRecord(DiskRecordKind.SyncEnded, file, number, default));
    }
}
