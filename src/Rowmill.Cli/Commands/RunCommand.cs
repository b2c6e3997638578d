using System.CommandLine;
using Rowmill.Cli.Console;
using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill run</c>: runs or resumes a job, with live progress.</summary>
internal static class RunCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("run", "Run a job, or resume it: what is answered is not asked again.");
        var job = new JobArguments(host, command);
        var rows = new RowArguments(command);
        var fresh = new Option<bool>("--fresh") { Description = "Ask again even what is already answered." };
        var wait = new Option<bool>("--wait") { Description = "Stay through any limit, days if need be, instead of stopping." };
        var gate = new Option<string?>("--gate") { Description = "From 100 rows on, stop when fewer than this many per cent of them ended well.", HelpName = "P" };
        var output = new Option<string?>("--output") { Description = "Where to write the output, instead of the job's output.", HelpName = "PATH" };
        var events = new Option<bool>("--events") { Description = "Print every event as NDJSON on stdout, the summary last." };
        RowArguments.Number(gate, n => n is > 0 and <= 100, "Write per cent, more than 0 and at most 100, such as 95.");
        foreach (var option in new Option[] { fresh, wait, gate, output, events }) command.Options.Add(option);
        command.SetAction((parsed, _) => RunAsync(host, job.Output(parsed, parsed.GetValue(events)), job, parsed, rows.Read(parsed) with
        {
            Fresh = parsed.GetValue(fresh),
            Wait = parsed.GetValue(wait),
            Gate = (double?)RowArguments.Read(parsed.GetValue(gate)),
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
        foreach (var warning in await LocalPreflight.CheckAsync(engine, job, options, host.Stop)) words.People.WriteLine($"warning: {warning}");
        await using var display = RunDisplay.Create(host, words, job, events);
        options = options with { ConfirmUnused = unused => display.ConfirmUnused(unused) };
        var summary = await CloseAsync(engine, await engine.Runner.RunAsync(job, options, display, host.Stop, host.Abort));
        await display.DisposeAsync();
        if (events) words.Line(SummaryJson.Write(summary));
        else words.Document(SummaryJson.Write(summary));
        SummaryText.Write(words.People, summary);
        return (int)SummaryJson.ExitCode(summary);
    }

    /// <summary>Closes the store before anybody is told how the run ended: only then is all of it on the disk.</summary>
    public static async Task<RunSummary> CloseAsync(RowmillEngine engine, RunSummary summary)
    {
        try
        {
            await engine.DisposeAsync();
            return summary;
        }
        catch (StoreException e)
        {
            // A run that its store has stopped says so already.
            return summary.State == RunState.Failed ? summary
                : summary with { State = RunState.Failed, Message = $"what was stored last may not be on the disk: {e.Message}" };
        }
    }
}
