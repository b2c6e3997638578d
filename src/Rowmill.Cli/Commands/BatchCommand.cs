using System.CommandLine;
using Rowmill.Cli.Console;
using Rowmill.Core.Batches;
using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill batch</c>: a job through the providers' batch APIs, the whole way or step by step.</summary>
internal static class BatchCommand
{
    public static Command Create(CliHost host) => new("batch", "Take a job through a provider's batch API: half the price, within hours.")
    {
        Prepare(host),
        Step(host, "submit", "Send prepared batches, as far as the provider's queue admits them.", (runner, job, options, display) => runner.SubmitAsync(job, options, display, host.Stop)),
        Step(host, "poll", "Look once at every batch that was sent.", (runner, job, options, display) => runner.PollAsync(job, options, display, host.Stop)),
        Fetch(host),
        Run(host),
        List(host),
        Cancel(host),
    };

    private static Command Prepare(CliHost host)
    {
        var command = new Command("prepare", "Write the request files, one for each batch; nothing is sent.");
        var job = new JobArguments(host, command);
        var rows = new RowArguments(command);
        var file = new Option<string?>("--for") { Description = "One file for another machine to run, with its checksum beside it; nothing of it is sent from here.", HelpName = "FILE" };
        command.Options.Add(file);
        command.SetAction((parsed, _) => StepAsync(host, job, parsed, "prepare", null, (runner, opened, display) => parsed.GetValue(file) is { } path
            ? runner.HandAsync(opened, rows.Read(parsed), host.Absolute(path), display, host.Stop)
            : runner.PrepareAsync(opened, rows.Read(parsed), display, host.Stop)));
        return command;
    }

    private static Command Step(
        CliHost host, string name, string description, Func<BatchRunner, Job, RunOptions, RunDisplay, Task<BatchReport>> step)
    {
        var command = new Command(name, description);
        var job = new JobArguments(host, command);
        command.SetAction((parsed, _) => StepAsync(host, job, parsed, name, null, (runner, opened, display) => step(runner, opened, new RunOptions(), display)));
        return command;
    }

    private static Command Fetch(CliHost host)
    {
        var command = new Command("fetch", "Bring the results of what is over into the store, and write the output.");
        var job = new JobArguments(host, command);
        var file = new Option<string?>("--from") { Description = "A result file that another machine wrote for a file of prepare --for.", HelpName = "FILE" };
        var output = OutputOption();
        foreach (var option in new Option[] { file, output }) command.Options.Add(option);
        command.SetAction((parsed, _) => StepAsync(host, job, parsed, null, parsed.GetValue(output), (runner, opened, display) => parsed.GetValue(file) is { } path
            ? runner.ReadAsync(opened, host.Absolute(path), display, host.Stop, host.Abort)
            : runner.FetchAsync(opened, new RunOptions(), display, host.Stop, host.Abort)));
        return command;
    }

    private static Command Run(CliHost host)
    {
        var command = new Command("run", "Prepare, send, wait and fetch until every row has ended; it can be killed anywhere and goes on with the same command.");
        var job = new JobArguments(host, command);
        var rows = new RowArguments(command);
        var detach = new Option<bool>("--detach") { Description = "Leave as soon as all that can be sent now is sent." };
        var events = new Option<bool>("--events") { Description = "Print every event as NDJSON on stdout, the summary last." };
        var output = OutputOption();
        foreach (var option in new Option[] { detach, output, events }) command.Options.Add(option);
        command.SetAction((parsed, _) => StepAsync(
            host, job, parsed, null, parsed.GetValue(output),
            (runner, opened, display) => runner.RunAsync(
                opened, rows.Read(parsed) with { ConfirmUnused = unused => display.ConfirmUnused(unused) }, parsed.GetValue(detach), display, host.Stop, host.Abort),
            parsed.GetValue(events), stays: !parsed.GetValue(detach)));
        return command;
    }

    private static Command List(CliHost host)
    {
        var command = new Command("list", "Tell where the job's batches stand, from the store alone.");
        var job = new JobArguments(host, command);
        command.SetAction(async (parsed, _) =>
        {
            var words = job.Output(parsed);
            var opened = await job.LoadAsync(parsed);
            await using var engine = await job.OpenAsync(parsed, opened);
            var batches = await new BatchRunner(engine.Environment).ListAsync(opened, host.Stop);
            words.Document(BatchReport.ListJson(opened.Name, batches, engine.Environment, host.Clock.GetUtcNow()));
            BatchText.Write(words.People, opened.Name, batches, host.Clock.GetUtcNow());
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static Command Cancel(CliHost host)
    {
        var command = new Command("cancel", "Ask for batches to be cancelled; what has been answered by then is fetched all the same.");
        var job = new JobArguments(host, command);
        var names = new Option<string[]>("--batch") { Description = "Only this batch, by the name that list tells; may be given several times.", HelpName = "NAME" };
        command.Options.Add(names);
        command.SetAction((parsed, _) => StepAsync(
            host, job, parsed, "cancel", null, (runner, opened, display) => runner.CancelAsync(opened, parsed.GetValue(names) ?? [], display, host.Stop)));
        return command;
    }

    private static Option<string?> OutputOption() => new("--output") { Description = "Where to write the output, instead of the job's output.", HelpName = "PATH" };

    /// <summary>Takes a step with everything a person or a program sees of it; one without a name ends as a run does, with an output.</summary>
    private static async Task<int> StepAsync(
        CliHost host, JobArguments arguments, ParseResult parsed, string? step, string? output, Func<BatchRunner, Job, RunDisplay, Task<BatchReport>> take,
        bool events = false, bool stays = false)
    {
        var words = arguments.Output(parsed, events);
        var job = await arguments.LoadAsync(parsed);
        if (output is not null) job = job with { Output = OutputPath.Apply(job, host.Absolute(output)) };
        await using var engine = await arguments.OpenAsync(parsed, job);
        await using var display = RunDisplay.Create(host, words, job, events);
        var report = await take(new BatchRunner(engine.Environment), job, display);
        report = report with { Summary = await RunCommand.CloseAsync(engine, report.Summary) };
        await display.DisposeAsync();
        var document = step is null ? report.ToJson() : report.ToJson(step);
        if (events) words.Line(document);
        else words.Document(document);
        if (step is null) SummaryText.Write(words.People, report.Summary);
        else if (report.Summary.Message is { } message) words.People.WriteLine($"{job.Name}: {Words.Sentence(message)}");
        else if (report.Touched.Count == 0) words.People.WriteLine($"{job.Name}: There is nothing to {step} now.");
        BatchText.Write(words.People, job.Name, report.Batches, report.At);
        // What leaves batches under way, and was told to, has done what it is there for; the state says that it is not the end.
        return (int)(report.Summary.State == RunState.InBatches && !stays ? ExitCode.Done : SummaryJson.ExitCode(report.Summary));
    }
}
