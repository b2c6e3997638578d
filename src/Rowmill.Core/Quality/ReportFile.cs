using Rowmill.Core.Outputs;

namespace Rowmill.Core.Quality;

/// <summary>A report as a file that appears at once and whole.</summary>
public static class ReportFile
{
    /// <summary>Writes one.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="write">Writes the report.</param>
    /// <exception cref="ProblemException">The file cannot be written there.</exception>
    public static void Write(string path, Action<TextWriter> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var text = new StringWriter { NewLine = "\n" };
        write(text);
        using var file = OutputFile.Create(path);
        file.Buffer.Append(text.ToString());
        file.Complete();
    }
}
