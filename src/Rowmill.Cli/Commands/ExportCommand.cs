using System.CommandLine;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill export</c>: writes the output again from the store, at any time, complete or not.</summary>
internal static class ExportCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("export", "Write the output again from the store, at any time, complete or not.");
        var job = new JobArguments(host, command);
        var output = new Option<string?>("--output") { Description = "Where to write, instead of the job's output.", HelpName = "PATH" };
        command.Options.Add(output);
        command.SetAction((parsed, _) => RunAsync(host, job, parsed, parsed.GetValue(output)));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, JobArguments arguments, ParseResult parsed, string? output)
    {
        var words = arguments.Output(parsed);
        var job = await arguments.LoadAsync(parsed);
        if (output is not null) job = job with { Output = OutputPath.Apply(job, host.Absolute(output)) };
        await using var engine = await arguments.OpenAsync(parsed, job);
        var plan = await OpenedJob.OpenAsync(job, cancellationToken: host.Stop);
        var last = job.Output.Receipt ? await engine.Environment.Runs.LastAsync(job.Name, host.Stop) : null;
        var rows = await plan.ExportAsync(engine.Environment.Answers, job.Output, last?.RunId, calls: engine.Environment.Calls, cancellationToken: host.Stop);
        words.Document(new JsonObject
        {
            ["job"] = job.Name,
            ["rows"] = SummaryJson.Rows(rows),
            ["simulated"] = plan.Simulated,
            ["store"] = engine.Environment.StoreName,
            ["output"] = job.Output.Path,
        });
        words.People.WriteLine($"{job.Name}: {SummaryText.Rows(rows)}\n  output {job.Output.Path}");
        return (int)ExitCode.Done;
    }
}
