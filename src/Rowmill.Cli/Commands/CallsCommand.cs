using System.CommandLine;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill calls</c>: the ledger: every call, its rows, tokens, money, outcome; with <c>--row</c> one row's receipt.</summary>
internal static class CallsCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("calls", "List every call: its rows, tokens, money and outcome.");
        var job = new JobArguments(host, command);
        var row = new Option<string?>("--row")
        {
            Description = "One row's receipt and calls: its number in the source, the value of its key (or of a field), or its id.",
            HelpName = "KEY",
        };
        var doubt = new Option<bool>("--in-doubt") { Description = "Only calls whose process died before they ended, and batches that the provider may have: they may have been paid for." };
        command.Options.Add(row);
        command.Options.Add(doubt);
        command.SetAction((parsed, _) => RunAsync(host, job, parsed, parsed.GetValue(row), parsed.GetValue(doubt)));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, JobArguments arguments, ParseResult parsed, string? row, bool doubt)
    {
        var words = arguments.Output(parsed);
        var job = await arguments.LoadAsync(parsed);
        await using var engine = await arguments.OpenAsync(parsed, job);
        var look = await engine.Environment.Leases.LookAsync(job.Name, host.Stop);
        var query = new CallQuery(job.Name) { Look = look };
        return row is null
            ? await ListAsync(words, engine.Environment, query with { State = doubt ? CallState.InDoubt : null }, host.Stop)
            : await ReceiptsAsync(words, engine.Environment, job, query, row, doubt, host.Stop);
    }

    private static async Task<int> ListAsync(CommandOutput words, RunEnvironment environment, CallQuery query, CancellationToken cancellationToken)
    {
        var calls = new JsonArray();
        var none = true;
        await foreach (var call in environment.Calls.ReadAsync(query, cancellationToken))
        {
            none = false;
            Show(words, calls, call);
        }

        // A live run looks after its batches itself.
        var batches = query is { State: CallState.InDoubt, Look.Held: null } ? await environment.Batches.ReadAsync(query.Job, cancellationToken) : [];
        foreach (var batch in batches.Where(b => b.IsInDoubt))
        {
            none = false;
            if (words.IsJson) calls.Add(CallText.Json(batch));
            else words.People.WriteLine(CallText.Line(batch));
        }

        if (none) words.People.WriteLine("No such call.");
        words.Document(new JsonObject { ["job"] = query.Job, ["calls"] = calls });
        return (int)ExitCode.Done;
    }

    private static async Task<int> ReceiptsAsync(
        CommandOutput words, RunEnvironment environment, Job job, CallQuery query, string row, bool doubt, CancellationToken cancellationToken)
    {
        var plan = await OpenedJob.OpenAsync(job, cancellationToken: cancellationToken);
        var last = await environment.Runs.LastAsync(job.Name, cancellationToken);
        await using var found = new RowMatches(job.Source.Key, row);
        await plan.PassAsync(
            environment.Answers, found, last?.RunId, calls: environment.Calls, wanted: found.Takes, cancellationToken: cancellationToken);
        if (found.Rows.Count == 0)
        {
            throw new ProblemException(new Problem($"No row of {plan.Source.Name} is '{row}'.")
            {
                Key = "--row",
                Fix = "Give its number, the whole value of a key column, or several joined with ', '.",
            });
        }

        var calls = new JsonArray();
        var receipts = new JsonArray();
        var shown = new HashSet<RowKey>();
        var all = await RowCalls.ReadAsync(environment.Calls, query, found.Rows.Select(m => m.Verdict.Key), cancellationToken);
        foreach (var match in found.Rows)
        {
            var mine = all[match.Verdict.Key];
            receipts.Add(ReceiptText.Json(match, mine.Cost));
            if (!words.IsJson) ReceiptText.Write(words.People, match, mine.Cost);
            if (!shown.Add(match.Verdict.Key)) continue;
            foreach (var call in mine.Calls.Where(c => !doubt || c.State == CallState.InDoubt)) Show(words, calls, call);
        }

        var document = new JsonObject { ["job"] = query.Job };
        foreach (var (name, value) in receipts[0]!.AsObject()) document[name] = value?.DeepClone();
        if (receipts.Count > 1) document["receipts"] = receipts;
        if (found.More > 0)
        {
            document["more_rows"] = found.More;
            words.People.WriteLine($"{Counted.Of(found.More, "more row")} {(found.More == 1 ? "is" : "are")} '{row}' too; name one by its number.");
        }

        document["calls"] = calls;
        words.Document(document);
        return (int)ExitCode.Done;
    }

    private static void Show(CommandOutput words, JsonArray calls, CallRecord call)
    {
        if (words.IsJson) calls.Add(CallText.Json(call));
        else words.People.WriteLine(CallText.Line(call));
    }
}
