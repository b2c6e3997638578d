using System.CommandLine;
using Rowmill.Core.Quality;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill eval</c>: the stored answers against labelled columns of the source. Asks nothing.</summary>
internal static class EvalCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("eval", "Compare the answers with a labelled column. Sends nothing.");
        var job = new JobArguments(host, command);
        var gold = new Option<string[]>("--gold")
        {
            Description = "The column that holds what is right, COLUMN=PROPERTY where the answer's property has another name. Repeatable.",
            HelpName = "COLUMN",
        };
        var model = new Option<string?>("--model") { Description = "Only the answers of this model of the job.", HelpName = "ROUTE" };
        var report = ReportPath.Option();
        foreach (var option in new Option[] { gold, model, report }) command.Options.Add(option);
        command.SetAction((parsed, _) => RunAsync(host, job, parsed, parsed.GetValue(gold) ?? [], parsed.GetValue(model), parsed.GetValue(report)));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, JobArguments arguments, ParseResult parsed, string[] gold, string? model, string? reportTo)
    {
        var words = arguments.Output(parsed);
        var job = await arguments.LoadAsync(parsed);
        var path = ReportPath.Of(host, job, reportTo);
        var plan = await OpenedJob.OpenAsync(job, model, host.Stop);
        var columns = GoldColumn.Read(gold, plan);
        await using var engine = await arguments.OpenAsync(parsed, job);
        var report = await JobEval.RunAsync(plan, columns, engine.Environment.Answers, host.Stop);
        ReportPath.Write(path, (to, form) => EvalText.Write(to, report, form));
        words.Document(EvalJson.Write(report));
        EvalText.Write(words.People, report, ReportForm.Plain);
        return (int)ExitCode.Done;
    }
}
