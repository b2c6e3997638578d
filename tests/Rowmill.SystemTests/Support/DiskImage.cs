namespace Rowmill.SystemTests.Support;

/// <summary>The databases' files of a test, by path, as they are at one moment. What SQLite shares between processes only (-shm) is no part of them.</summary>
internal sealed class DiskImage(IReadOnlyDictionary<string, byte[]> files)
{
    public IReadOnlyDictionary<string, byte[]> Files => files;

    /// <summary>The files in some folders, which need not be there.</summary>
    public static DiskImage Of(params IReadOnlyList<string> folders) => new(Paths(folders)
        .Where(p => !p.EndsWith("-shm", StringComparison.Ordinal))
        .ToDictionary(p => p, File.ReadAllBytes, StringComparer.Ordinal));

    /// <summary>Makes the folders hold this and nothing else.</summary>
    public void PutBack(params IReadOnlyList<string> folders)
    {
        foreach (var path in Paths(folders).Where(p => !files.ContainsKey(p)).ToList()) File.Delete(path);
        foreach (var (path, bytes) in files)
        {
            // Written in place, so that its mode stays.
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var file = new FileStream(path, options);
            file.SetLength(0);
            file.Write(bytes);
        }
    }

    /// <summary>Writes one folder's files into another one.</summary>
    public void CopyTo(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var (path, bytes) in files.Where(f => Path.GetDirectoryName(f.Key) == from)) File.WriteAllBytes(Path.Combine(to, Path.GetFileName(path)), bytes);
    }

    private static IEnumerable<string> Paths(IReadOnlyList<string> folders) => folders.Where(Directory.Exists).SelectMany(Directory.GetFiles);
}
