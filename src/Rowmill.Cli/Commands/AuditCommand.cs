using System.CommandLine;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Planning;
using Rowmill.Core.Quality;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill audit</c>: asks a random sample again, alone and packed in another order, and says which pack size to trust.</summary>
internal static class AuditCommand
{
    /// <summary>Seeds drawn by chance are short enough to be typed again.</summary>
    private const int Seeds = 1_000_000;

    public static Command Create(CliHost host)
    {
        var command = new Command("audit", "Ask a random sample again, alone and packed in another order, and tell which pack size to trust.");
        var job = new JobArguments(host, command);
        var sample = new Option<int>("--sample") { Description = "How many rows, up to 1000.", HelpName = "N", DefaultValueFactory = _ => 50 };
        var seed = new Option<long?>("--seed") { Description = "Draw the same rows and orders as the audit that printed this seed; what it asked is not asked again.", HelpName = "N" };
        var model = new Option<string?>("--model") { Description = "The model to audit; by default the first of the job that has answers.", HelpName = "ROUTE" };
        var pack = new Option<int[]>("--pack") { Description = "A pack size to judge; by default the size the answers came in, half and a quarter of it. Repeatable.", HelpName = "N" };
        var margin = new Option<string?>("--margin") { Description = "A fall of agreement, in points of per cent, that is tolerated; by default 5.", HelpName = "P" };
        var wait = new Option<bool>("--wait") { Description = "Stay through any limit, days if need be, instead of stopping." };
        var report = ReportPath.Option();
        RowArguments.NotNegative(seed);
        RowArguments.Number(margin, n => n is > 0 and <= 50, "Write points of per cent, more than 0 and at most 50, such as 5.");
        foreach (var option in new Option[] { sample, seed, model, pack, margin, wait, report }) command.Options.Add(option);
        command.SetAction((parsed, _) =>
        {
            var options = new AuditOptions
            {
                Sample = parsed.GetValue(sample),
                Seed = parsed.GetValue(seed) ?? (long)(host.Chance() * Seeds),
                Model = parsed.GetValue(model),
                PackRows = parsed.GetValue(pack) ?? [],
                Margin = (double)(RowArguments.Read(parsed.GetValue(margin)) ?? 5m),
            };
            return RunAsync(host, job, parsed, options, parsed.GetValue(wait), parsed.GetValue(report));
        });
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, JobArguments arguments, ParseResult parsed, AuditOptions options, bool wait, string? reportTo)
    {
        Check(options);
        var words = arguments.Output(parsed);
        var job = await arguments.LoadAsync(parsed);
        var path = ReportPath.Of(host, job, reportTo);
        var opened = await OpenedJob.OpenAsync(job, options.Model, host.Stop);
        await using var engine = await arguments.OpenAsync(parsed, job);
        var audit = await JobAudit.DrawAsync(opened, options, engine.Environment, host.Stop);
        await TellCostAsync(host, audit, options, job, engine);
        foreach (var arm in audit.Arms)
        {
            await using var display = RunDisplay.Create(host, words, job, events: false);
            var summary = await audit.AskAsync(arm, wait, display, host.Stop, host.Abort);
            await display.DisposeAsync();
            if (SummaryJson.ExitCode(summary) is ExitCode.Done or ExitCode.Gaps) continue;
            return Stopped(words, audit, arm, options, summary);
        }

        var report = await audit.ReportAsync(host.Stop);
        ReportPath.Write(path, (to, form) => AuditText.Write(to, report, form));
        words.Document(AuditJson.Write(report));
        AuditText.Write(words.People, report, ReportForm.Plain);
        return (int)ExitCode.Done;
    }

    private static void Check(AuditOptions options)
    {
        var problems = new List<Problem>();
        if (options.Sample is < 1 or > AuditOptions.MostRows) problems.Add(new Problem($"Write a number from 1 to {AuditOptions.MostRows}.") { Key = "--sample" });
        if (options.PackRows.Any(rows => rows < 2)) problems.Add(new Problem("A pack to judge has at least 2 rows; rows are asked alone in any case.") { Key = "--pack" });
        if (problems.Count > 0) throw new ProblemException(problems);
    }

    /// <summary>What it will cost, before anything is asked.</summary>
    private static async Task TellCostAsync(CliHost host, JobAudit audit, AuditOptions options, Job job, RowmillEngine engine)
    {
        await host.Error.WriteLineAsync($"{job.Name}: audit of {Counted.Of(audit.Sample, "row")} by {audit.Model}, seed {options.Seed}. It will ask");
        var (calls, usd) = (0L, (double?)0);
        foreach (var arm in audit.Arms)
        {
            var plan = await JobPlanner.PlanAsync(audit.Open(arm), new RunOptions(), engine.Environment, host.Stop);
            var cost = plan.Rows.ToAsk == 0 ? 0 : plan.Whole.Usd?.Expected;
            calls += plan.Whole.Calls;
            usd += cost;
            var how = arm.Name switch { AuditArm.Alone => "each row alone", AuditArm.AloneAgain => "each row alone once more", _ => $"packs of {arm.PackRows}" };
            await host.Error.WriteLineAsync($"  {how}: {Counted.Of(plan.Whole.Calls, "call")}, {Money(cost)}");
        }

        await host.Error.WriteLineAsync($"  together about {Counted.Of(calls, "call")}, {Money(usd)}");
    }

    private static string Money(double? usd) => usd is { } known ? Words.Usd((decimal)known) : "cost unknown";

    /// <summary>An arm stopped as a run does: why, and how to go on without paying twice.</summary>
    private static int Stopped(CommandOutput words, JobAudit audit, AuditArm arm, AuditOptions options, RunSummary summary)
    {
        words.Document(new JsonObject
        {
            ["job"] = summary.Job,
            ["state"] = SummaryJson.Word(summary.State),
            ["message"] = summary.Message,
            ["sample"] = audit.Sample,
            ["seed"] = options.Seed,
            ["model"] = audit.Model,
            ["arm"] = arm.Name,
            ["summary"] = SummaryJson.Write(summary),
        });
        SummaryText.Write(words.People, summary);
        words.People.WriteLine($"  the audit is not finished; with --sample {options.Sample} --seed {options.Seed} it goes on where it stopped");
        return (int)SummaryJson.ExitCode(summary);
    }
}
