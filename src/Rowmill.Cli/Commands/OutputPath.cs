using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Outputs;

namespace Rowmill.Cli.Commands;

/// <summary><c>--output PATH</c>: the job's output, elsewhere; the file's ending decides the form.</summary>
internal static class OutputPath
{
    /// <summary>The job's output with another path.</summary>
    /// <exception cref="ProblemException">The path cannot be written, or is the source's.</exception>
    public static OutputOptions Apply(Job job, string path)
    {
        var kind = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".jsonl" or ".ndjson" => OutputKind.Jsonl,
            ".csv" => OutputKind.Csv,
            _ => job.Output.Kind,
        };
        var output = job.Output with { Path = path, Kind = kind };
        var problems = RowSinks.Check(output, job.Source);
        return problems.Count == 0 ? output : throw new ProblemException([.. problems.Select(p => p with { Key = "--output" })]);
    }
}
