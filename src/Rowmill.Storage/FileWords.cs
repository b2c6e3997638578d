using Rowmill.Core.Stores;
using SQLitePCL;

namespace Rowmill.Storage;

/// <summary>What is said of a database file that cannot be used: its name, what is wrong, what helps.</summary>
internal sealed class FileWords
{
    /// <summary>Less than this is a full disk: SQLite's shared memory alone takes 32 KiB.</summary>
    private const long FullBelow = 64 * 1024;

    private readonly string _name;
    private readonly string _elsewhere;
    private readonly Func<string, string> _rescue;

    private FileWords(string name, string elsewhere, Func<string, string> rescue)
    {
        _name = name;
        _elsewhere = elsewhere;
        _rescue = rescue;
    }

    /// <summary>Answers and calls.</summary>
    public static FileWords Store { get; } = new("the store", "name another store with --store", path =>
        $"save what can be saved with a recent sqlite3: sqlite3 {Quoted(path)} .recover | sqlite3 {Quoted(path + ".saved")}, "
        + "and go on with --store on what it saved");

    /// <summary>The windows of a user. What it held is soon known again.</summary>
    public static FileWords Limits { get; } = new(
        "the limits' file", "name another folder in XDG_STATE_HOME", _ => "move it away to start with full windows");

    /// <summary>SQLite's result codes in words that help (https://www.sqlite.org/rescode.html).</summary>
    /// <param name="code">The result code, extended or not.</param>
    /// <param name="path">The file.</param>
    /// <param name="detail">SQLite's own words.</param>
    public StoreException Describe(int code, string path, string detail) => (code & 0xff) switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
            new($"{_name} {path} has been locked by another process for too long; stop that process or try again later") { Locked = true },
        raw.SQLITE_FULL => Full(path),
        raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH =>
            new($"{_name} {path} cannot be written; allow this user to write the file and its folder, or {_elsewhere}"),
        raw.SQLITE_CANTOPEN =>
            new($"{_name} {path} cannot be opened; check that its folder exists and that this user may write there, or {_elsewhere}"),
        raw.SQLITE_CORRUPT => Damaged(path, detail),
        raw.SQLITE_NOTADB => new(
            $"{path} is not an SQLite database and is left as it is; {_elsewhere}. If it was {_name}, its beginning is damaged: {_rescue(path)}")
        {
            WrongPath = true,
        },
        raw.SQLITE_IOERR when IsFull(path) => Full(path),
        raw.SQLITE_IOERR => new($"{_name} {path} could not be read or written ({detail}, code {code}); check the disk, then run again"),
        _ => new($"{_name} {path} failed: {detail} (code {code})"),
    };

    /// <summary>It holds what was never written there.</summary>
    public StoreException Damaged(string path, string detail) => new(
        $"{_name} {path} is damaged ({detail.TrimEnd('.')}); {_rescue(path)}, or {_elsewhere}");

    /// <summary>A folder has its name.</summary>
    public StoreException IsFolder(string path) => new($"{_name} {path} is a folder, not a file; {_elsewhere}") { WrongPath = true };

    /// <summary>It is not there and cannot be made.</summary>
    public StoreException NotCreated(string path, Exception why)
    {
        for (var above = Path.GetDirectoryName(path); above is { Length: > 0 }; above = Path.GetDirectoryName(above))
        {
            if (File.Exists(above)) return new($"{_name} {path} cannot be created: {above} is a file, not a folder; {_elsewhere}") { WrongPath = true };
        }

        return IsFull(path) ? Full(path) : new($"{_name} {path} cannot be created: {why.Message}; allow this user to write there, or {_elsewhere}");
    }

    /// <summary>It was written by a version that knows more.</summary>
    public StoreException Newer(string path, long version, long known) => new(
        $"{_name} {path} was written by a newer Rowmill (version {version}, this one knows {known}); update Rowmill or {_elsewhere}");

    /// <summary>It is a database, but none of ours.</summary>
    public StoreException Foreign(string path) => new($"{path} is a database of another program; {_elsewhere}") { WrongPath = true };

    private StoreException Full(string path) => new(
        $"{_name} {path} cannot grow: the disk is full. Free some space and run again; what was stored before is kept");

    private static bool IsFull(string path)
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace < FullBelow;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // Nobody knows: what SQLite says must do.
            return false;
        }
    }

    private static string Quoted(string path) => $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
