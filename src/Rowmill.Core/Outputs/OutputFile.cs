namespace Rowmill.Core.Outputs;

/// <summary>
/// A file that appears under its name at once and whole. It is written beside its name and renamed at the end; the mode of a file
/// that is replaced, and a symbolic link that points to it, are kept.
/// </summary>
internal sealed class OutputFile : IDisposable
{
    private const string Suffix = ".tmp";
    private const int FlushAt = 1 << 17;

    private readonly string _target;
    private readonly string _temporary;
    private readonly FileStream _stream;
    private bool _completed;

    private OutputFile(string target, string temporary, FileStream stream)
    {
        _target = target;
        _temporary = temporary;
        _stream = stream;
    }

    /// <summary>What is written next.</summary>
    public ByteBuffer Buffer { get; } = new();

    /// <summary>Begins the file, and creates its folder when it is missing.</summary>
    /// <exception cref="ProblemException">The name is a folder, or its folder cannot be written.</exception>
    public static OutputFile Create(string path)
    {
        try
        {
            var target = Resolve(path);
            if (Directory.Exists(target)) throw Fail(path, "The output is a folder, not a file.", "Name a file within it.");
            var folder = Path.GetDirectoryName(target)!;
            Directory.CreateDirectory(folder);
            var prefix = $".{Path.GetFileName(target)}.";
            DeleteAbandoned(folder, prefix);
            var temporary = Path.Combine(folder, prefix + Path.GetRandomFileName() + Suffix);
            var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            return new OutputFile(target, temporary, stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Fail(path, $"The output cannot be written: {e.Message}", "Choose another path, or allow this user to write there.");
        }
    }

    /// <summary>The file a path stands for, through symbolic links.</summary>
    public static string Resolve(string path)
    {
        var file = new FileInfo(path);
        return file.LinkTarget is null ? file.FullName : file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName;
    }

    /// <summary>A line ends in the buffer: now and then the buffer goes to the file.</summary>
    public void EndLine()
    {
        if (Buffer.Length >= FlushAt) Flush();
    }

    /// <summary>Brings what was written to the disk and renames it. Nothing can be written afterwards.</summary>
    public void Complete()
    {
        Flush();
        _stream.Flush(flushToDisk: true);
        if (!OperatingSystem.IsWindows() && File.Exists(_target)) File.SetUnixFileMode(_temporary, File.GetUnixFileMode(_target));
        // Windows renames no open file; elsewhere the lock is held to the end, so nobody takes the file for abandoned.
        if (OperatingSystem.IsWindows()) _stream.Dispose();
        File.Move(_temporary, _target, overwrite: true);
        _completed = true;
        _stream.Dispose();
    }

    /// <summary>Removes the temporary file unless it was completed.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        if (_completed) return;
        _completed = true;
        File.Delete(_temporary);
    }

    private void Flush()
    {
        _stream.Write(Buffer.Written);
        Buffer.Clear();
    }

    /// <summary>Removes what a killed process left. A file that is still being written is locked, so opening it fails.</summary>
    private static void DeleteAbandoned(string folder, string prefix)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*" + Suffix, new EnumerationOptions { AttributesToSkip = FileAttributes.None }))
        {
            if (!Path.GetFileName(file).StartsWith(prefix, StringComparison.Ordinal)) continue;
            try
            {
                using (new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is in use, or another's: leave it.
            }
        }
    }

    private static ProblemException Fail(string path, string message, string fix) =>
        new(new Problem(message) { File = path, Key = "output", Fix = fix });
}
