namespace Rowmill.Core.Rows;

/// <summary>A file for what does not fit into memory: this user's alone, and gone when it is closed.</summary>
internal static class TemporaryFile
{
    /// <summary>Creates one. It has no name from its first moment where the system allows it, so that not even a kill leaves it behind.</summary>
    /// <param name="folder">An existing folder, on a disk rather than in memory.</param>
    /// <param name="access">How it will be read.</param>
    /// <param name="bufferSize">Bytes that the stream keeps back; 0 for none.</param>
    /// <exception cref="IOException">The folder cannot be used; the message says what to do.</exception>
    public static FileStream Create(string folder, FileOptions access, int bufferSize)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Delete,
            BufferSize = bufferSize,
            Options = FileOptions.DeleteOnClose | access,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        FileStream? file = null;
        try
        {
            file = new FileStream(Path.Combine(folder, $".rowmill-{Path.GetRandomFileName()}"), options);
            if (!OperatingSystem.IsWindows()) File.Delete(file.Name);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw Unusable(folder, e);
        }
    }

    /// <summary>What is said of a folder that a temporary file cannot be written to.</summary>
    public static IOException Unusable(string folder, Exception e) => new(
        $"the temporary folder {folder} cannot be used: {e.Message}; free some space there, or name another folder in {(OperatingSystem.IsWindows() ? "TMP" : "TMPDIR")}", e);
}
