using System.Text;

namespace Rowmill.Core.Rows;

/// <summary>Opens a source file as UTF-8 text, whatever it is encoded in.</summary>
internal static class SourceText
{
    /// <summary>The longest record or line, in bytes. It bounds memory when a quote is never closed; no request takes a row this large.</summary>
    public const int MaxRecordBytes = 64 << 20;

    /// <summary>Opens the file; null when it cannot be, and then the reason is among the problems.</summary>
    public static Utf8Stream? Open(SourceOptions options, SourceProblems problems)
    {
        var encoding = TextEncodings.Find(options.Encoding);
        if (encoding is null)
        {
            problems.Add(
                null, $"The encoding {options.Encoding} is not known.", NearestName.Suggest(options.Encoding, TextEncodings.Names), "source.encoding");
            return null;
        }

        var file = OpenFile(options, problems);
        if (file is null) return null;
        try
        {
            var (mark, length) = ReadMark(file);
            file.Position = length;
            if (mark is not null) encoding = TextEncodings.Find(mark)!;
            return new Utf8Stream(
                encoding.CodePage == Encoding.UTF8.CodePage
                    ? file
                    : Encoding.CreateTranscodingStream(file, encoding, new UTF8Encoding(false)));
        }
        catch (IOException e)
        {
            file.Dispose();
            problems.Add(null, $"The file cannot be read: {e.Message}");
            return null;
        }
    }

    /// <summary>Opens the bytes of the file; null when it cannot be, and then the reason is among the problems, with the key that names the file.</summary>
    public static FileStream? OpenFile(SourceOptions options, SourceProblems problems)
    {
        try
        {
            if (Directory.Exists(options.Path))
            {
                problems.Add(null, "This is a folder, not a file.", "Name the file within it.", options.FileKey);
                return null;
            }

            var file = new FileStream(
                options.Path,
                new FileStreamOptions { BufferSize = 0, Share = FileShare.ReadWrite | FileShare.Delete, Options = FileOptions.SequentialScan });
            if (file.CanSeek) return file;
            file.Dispose();
            problems.Add(null, "This is no regular file, and a source is read more than once.", "Save it to a file first.", options.FileKey);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            problems.Add(null, "The file does not exist.", "Paths in a job file are relative to the job file.", options.FileKey);
        }
        catch (UnauthorizedAccessException)
        {
            problems.Add(null, "There is no permission to read the file.", "Allow this user to read it.", options.FileKey);
        }
        catch (IOException e)
        {
            problems.Add(null, $"The file cannot be opened: {e.Message}", key: options.FileKey);
        }

        return null;
    }

    /// <summary>A short text that differs when the file was changed: its size and time of change.</summary>
    public static string Stamp(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? $"{file.Length:x}-{file.LastWriteTimeUtc.Ticks:x}" : "missing";
    }

    /// <summary>The byte order mark at the beginning of a file; see <see cref="TextEncodings.ReadBom"/>.</summary>
    public static (string? Name, int Length) ReadMark(FileStream file)
    {
        Span<byte> head = stackalloc byte[4];
        return TextEncodings.ReadBom(head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)]);
    }
}
