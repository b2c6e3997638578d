using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;
using Rowmill.Providers.Ollama;

namespace Rowmill.Cli.Commands;

/// <summary>Looks at the local servers of a job before anything is sent to them.</summary>
internal static class LocalPreflight
{
    /// <summary>Looks at all servers of a job.</summary>
    /// <returns>What a person should know.</returns>
    /// <exception cref="ProblemException">A model cannot work as the job has it.</exception>
    public static async Task<IReadOnlyList<Problem>> CheckAsync(RowmillEngine engine, Job job, CancellationToken stop)
    {
        var findings = await FindAsync(engine, job, null, stop);
        if (findings.Any(f => f.IsFatal)) throw new ProblemException([.. findings.Where(f => f.IsFatal).Select(f => f.Problem)]);
        return [.. findings.Select(f => f.Problem)];
    }

    /// <summary>The same before a run: with nothing left to ask, no server need be there.</summary>
    public static async Task<IReadOnlyList<Problem>> CheckAsync(RowmillEngine engine, Job job, RunOptions options, CancellationToken stop)
    {
        var findings = await FindAsync(engine, job, options.Model, stop);
        if (!findings.Any(f => f.IsFatal)) return [.. findings.Select(f => f.Problem)];
        if (!options.Fresh && !options.RetryFailed)
        {
            var plan = await OpenedJob.OpenAsync(job, options.Model, stop);
            if ((await plan.PassAsync(engine.Environment.Answers, null, options: options, cancellationToken: stop)).Pending == 0) return [];
        }

        throw new ProblemException([.. findings.Where(f => f.IsFatal).Select(f => f.Problem)]);
    }

    private static async Task<IReadOnlyList<LocalFinding>> FindAsync(RowmillEngine engine, Job job, string? only, CancellationToken stop) =>
        [.. (await engine.Local.CheckAsync(job.Routes, only, stop)).Select(f => f with { Problem = job.Locate(f.Problem) })];
}
