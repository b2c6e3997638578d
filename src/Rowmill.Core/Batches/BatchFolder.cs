using System.Security.Cryptography;

namespace Rowmill.Core.Batches;

/// <summary>The folder for the files of batches. They hold people's data: only their owner reads them.</summary>
/// <param name="path">Absolute path; it need not exist.</param>
internal sealed class BatchFolder(string path)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>A batch's request file.</summary>
    public string Requests(string batch) => Path.Combine(path, $"{batch}.jsonl");

    /// <summary>What a batch's request file is, with its checksum.</summary>
    public string Manifest(string batch) => Path.Combine(path, $"{batch}.manifest.json");

    /// <summary>A result file of a batch.</summary>
    public string Results(string batch, bool errors) => Path.Combine(path, $"{batch}.{(errors ? "errors" : "results")}.jsonl");

    /// <summary>Begins a file, which is not there under its name until <see cref="Finish"/>.</summary>
    public FileStream Begin(string file)
    {
        CreateFolder();
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(Part(file), options);
    }

    /// <summary>Puts a file on the disk and gives it its name; the stream is closed.</summary>
    public static void Finish(FileStream stream, string file)
    {
        using (stream) stream.Flush(flushToDisk: true);
        File.Move(Part(file), file, overwrite: true);
    }

    /// <summary>Gives a file up that was begun.</summary>
    public static void Abandon(FileStream stream, string file)
    {
        stream.Dispose();
        File.Delete(Part(file));
    }

    /// <summary>Keeps a request file that somebody has changed out of the way.</summary>
    /// <returns>Its name there.</returns>
    public string SetAside(string batch)
    {
        var aside = $"{batch}.changed.jsonl";
        File.Move(Requests(batch), Path.Combine(path, aside), overwrite: true);
        return aside;
    }

    /// <summary>Deletes a batch's request file and what describes it.</summary>
    public void Delete(string batch)
    {
        if (!Directory.Exists(path)) return;
        File.Delete(Requests(batch));
        File.Delete(Manifest(batch));
    }

    /// <summary>The checksum of a file, 64 hexadecimal digits in lower case; null when there is none.</summary>
    public static async ValueTask<string?> ChecksumAsync(string file, CancellationToken cancellationToken)
    {
        if (!File.Exists(file)) return null;
        var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
        await using (stream.ConfigureAwait(false))
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
    }

    private static string Part(string file) => file + ".part";

    private void CreateFolder()
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
