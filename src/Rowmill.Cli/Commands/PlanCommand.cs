using System.CommandLine;
using Rowmill.Cli.Console;
using Rowmill.Core.Models;
using Rowmill.Core.Planning;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill plan</c>: calls, tokens, money and finish time before the first call, with the bound that nobody could beat. Sends nothing and needs no key.</summary>
internal static class PlanCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("plan", "Tell calls, tokens, money and finish time of a job, per model and pack size. Sends nothing.");
        var job = new JobArguments(host, command);
        var limit = new Option<long?>("--limit") { Description = "Only this many rows.", HelpName = "N" };
        var offset = new Option<long>("--offset") { Description = "Leave out this many rows at the beginning.", HelpName = "N" };
        var model = new Option<string?>("--model") { Description = "Only this model of the job; only its own stored answers count.", HelpName = "ROUTE" };
        var fresh = new Option<bool>("--fresh") { Description = "As if nothing was answered yet." };
        RowArguments.NotNegative(limit);
        RowArguments.NotNegative(offset);
        foreach (var option in new Option[] { limit, offset, model, fresh }) command.Options.Add(option);
        command.SetAction((parsed, _) => RunAsync(host, job, parsed, new RunOptions
        {
            Limit = parsed.GetValue(limit),
            Offset = parsed.GetValue(offset),
            Model = parsed.GetValue(model),
            Fresh = parsed.GetValue(fresh),
        }));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, JobArguments arguments, ParseResult parsed, RunOptions options)
    {
        var words = arguments.Output(parsed);
        var job = await arguments.LoadAsync(parsed);
        var opened = await OpenedJob.OpenAsync(job, options.Model, host.Stop);
        await using var engine = await arguments.OpenAsync(parsed, job);
        var plan = await JobPlanner.PlanAsync(opened, options, engine.Environment, host.Stop);
        plan = plan with { Assumptions = [.. plan.Assumptions, .. plan.Rows.ToAsk == 0 ? [] : KeylessNotes(host, opened.Routes)] };
        words.Document(PlanJson.Write(plan));
        PlanText.Write(words.People, plan);
        return (int)ExitCode.Done;
    }

    /// <summary>The windows belong to the key's account: without the key nobody knows what is left of them.</summary>
    private static IEnumerable<string> KeylessNotes(CliHost host, IReadOnlyList<Route> routes) => routes
        .Where(r => r.Limits.Account is null && r.ApiKeyEnv is { } variable && string.IsNullOrEmpty(host.Variable(variable)))
        .Select(r => $"{r.ApiKeyEnv} is not set, so the limits of {r.Name} are taken to be unused; a run needs the key.");
}
