using System.CommandLine;
using Rowmill.Cli.Console;
using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill run</c>: runs or resumes a job, with live progress.</summary>
internal static class RunCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("run", "Run a job, or resume it: what is answered is not asked again.");
        var job = new JobArguments(host, command);
        var limit = new Option<long?>("--limit") { Description = "Only this many rows, which then are all the run counts.", HelpName = "N" };
        var offset = new Option<long>("--offset") { Description = "Leave out this many rows at the beginning.", HelpName = "N" };
        var model = new Option<string?>("--model") { Description = "Only this model of the job; only its own stored answers count.", HelpName = "ROUTE" };
        var retry = new Option<string?>("--retry") { Description = "Ask the rows again that failed.", HelpName = "failed" };
        var fresh = new Option<bool>("--fresh") { Description = "Ask again even what is already answered." };
        var output = new Option<string?>("--output") { Description = "Where to write the output, instead of the job's output.", HelpName = "PATH" };
        var events = new Option<bool>("--events") { Description = "Print every event as NDJSON on stdout, the summary last." };
        retry.Validators.Add(r =>
        {
            if (r.Tokens is [var only] && only.Value != "failed") r.AddError($"'{only.Value}' cannot be asked for again; write --retry failed.");
        });
        NotNegative(limit);
        NotNegative(offset);
        foreach (var option in new Option[] { limit, offset, model, retry, fresh, output, events }) command.Options.Add(option);
        command.SetAction((parsed, _) => RunAsync(host, job.Output(parsed, parsed.GetValue(events)), job, parsed, new RunOptions
        {
            Limit = parsed.GetValue(limit),
            Offset = parsed.GetValue(offset),
            Model = parsed.GetValue(model),
            RetryFailed = parsed.GetValue(retry) == "failed",
            Fresh = parsed.GetValue(fresh),
        }, parsed.GetValue(output), parsed.GetValue(events)));
        return command;
    }

    private static async Task<int> RunAsync(
        CliHost host, CommandOutput words, JobArguments arguments, ParseResult parsed, RunOptions options, string? output, bool events)
    {
        var job = await arguments.LoadAsync(parsed);
        if (output is not null) job = job with { Output = OutputPath.Apply(job, host.Absolute(output)) };
        await using var engine = await arguments.OpenAsync(parsed, job);
        return await RunAsync(host, words, engine, job, options, events);
    }

    /// <summary>Runs a job with everything a person or a program sees of it.</summary>
    public static async Task<int> RunAsync(CliHost host, CommandOutput words, RowmillEngine engine, Job job, RunOptions options, bool events)
    {
        await using var display = RunDisplay.Create(host, words, job, events);
        options = options with { ConfirmUnused = unused => display.ConfirmUnused(unused) };
        var summary = await engine.Runner.RunAsync(job, options, display, host.Stop, host.Abort);
        await display.DisposeAsync();
        if (events) words.Line(SummaryJson.Write(summary));
        else words.Document(SummaryJson.Write(summary));
        SummaryText.Write(words.People, summary);
        return (int)SummaryJson.ExitCode(summary);
    }

    /// <summary>An option that takes a number takes none below zero.</summary>
    public static void NotNegative(Option option) => option.Validators.Add(r =>
    {
        if (r.Tokens is [{ Value: ['-', ..] } only]) r.AddError($"{only.Value} is negative; write 0 or more.");
    });
}
