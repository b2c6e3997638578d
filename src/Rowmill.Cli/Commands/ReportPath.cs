using System.CommandLine;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Quality;

namespace Rowmill.Cli.Commands;

/// <summary>The option that writes a report as Markdown besides.</summary>
internal static class ReportPath
{
    private const string Name = "--report";

    /// <summary>The option.</summary>
    public static Option<string?> Option() => new(Name) { Description = "Write the report as Markdown as well.", HelpName = "PATH" };

    /// <summary>The absolute path; null when none was given.</summary>
    /// <exception cref="ProblemException">The report would overwrite what the job is made of.</exception>
    public static string? Of(CliHost host, Job job, string? given)
    {
        if (given is null) return null;
        var path = host.Absolute(given);
        var taken = new[] { job.Source.Path, job.Output.Path, job.File is null ? null : host.Absolute(job.File) };
        return taken.Contains(path) ? throw new ProblemException(new Problem("The report would overwrite a file of the job.") { Key = Name, Fix = "Choose another file." }) : path;
    }

    /// <summary>Writes it, when a path was given.</summary>
    public static void Write(string? path, Action<TextWriter, ReportForm> write)
    {
        if (path is not null) ReportFile.Write(path, to => write(to, ReportForm.Markdown));
    }
}
