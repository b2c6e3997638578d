using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Outputs;

namespace Rowmill.Cli.Commands;

/// <summary><c>--output PATH</c>: the job's output, elsewhere; the file's ending decides the form.</summary>
internal static class OutputPath
{
    /// <summary>The job's output with another path.</summary>
    /// <exception cref="ProblemException">The path is the source's.</exception>
    public static OutputOptions Apply(Job job, string path)
    {
        if (path == job.Source.Path)
            throw new ProblemException(new Problem("the output would overwrite the source") { Key = "--output", Fix = "Give another path." });
        var kind = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".jsonl" or ".ndjson" => OutputKind.Jsonl,
            ".csv" => OutputKind.Csv,
            _ => job.Output.Kind,
        };
        return job.Output with { Path = path, Kind = kind };
    }
}
