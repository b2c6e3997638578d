using System.Globalization;

namespace Rowmill.Storage;

/// <summary>
/// Looks at a database file beside SQLite, which takes a cut file for a shorter or an empty one. The file itself is not opened: closing it
/// would drop the locks that other connections of this process hold on it.
/// </summary>
internal static class FileLook
{
    /// <summary>Before the first connection: what SQLite would make worse by opening it.</summary>
    /// <exception cref="Core.Stores.StoreException">It is a folder, or empty while its log is not.</exception>
    public static void Before(string path, FileWords words)
    {
        if (Directory.Exists(path)) throw words.IsFolder(path);
        // SQLite deletes the log of an empty file. A log is begun when the file's first page is on the disk: the log is looked at first, or
        // another process that makes the file now would look like damage.
        if (LengthOf(path + "-wal") > 0 && LengthOf(path) == 0) throw words.Damaged(path, $"it is empty, but its log {path}-wal is not");
    }

    /// <summary>When SQLite has read the header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pageSize">Bytes of a page.</param>
    /// <param name="words">What is said of it.</param>
    /// <exception cref="Core.Stores.StoreException">Its last page is not whole, and no log is there to write it again.</exception>
    public static void After(string path, long pageSize, FileWords words)
    {
        // A log first: whoever carries it into the file may be in the middle of a page when the disk is full.
        if (LengthOf(path + "-wal") > 0 || LengthOf(path) is not { } length || length % pageSize == 0) return;
        throw words.Damaged(path, string.Create(CultureInfo.InvariantCulture, $"it ends in the middle of a page, at {length} bytes"));
    }

    private static long? LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : null;
}
