using System.Text;

namespace Rowmill.Core.Jobs;

/// <summary>Small text files that belong to a job: the job file itself, prompts, label lists.</summary>
internal static class TextFile
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads UTF-8 (or what a byte order mark says) with line ends as LF.</summary>
    /// <exception cref="DecoderFallbackException">The bytes are not UTF-8.</exception>
    public static string Read(string path)
    {
        using var reader = new StreamReader(path, s_strict, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    /// <summary>The name of the file beside a missing one that was probably meant, or null.</summary>
    public static string? Nearest(string missing)
    {
        try
        {
            var folder = Path.GetDirectoryName(missing);
            return Directory.Exists(folder)
                ? NearestName.Find(Path.GetFileName(missing), Directory.EnumerateFiles(folder).Take(1000).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal))
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
