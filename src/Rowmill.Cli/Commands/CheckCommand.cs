using System.CommandLine;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill check</c>: everything that can be wrong before spending; prints the first request exactly as it would be sent.</summary>
internal static class CheckCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("check", "Find everything that can be wrong before spending, and print the first request.");
        var job = new JobArguments(host, command);
        var live = new Option<bool>("--live") { Description = "Ask one row now; it costs what one row costs, and its answer is kept." };
        command.Options.Add(live);
        command.SetAction((parsed, _) => RunAsync(host, job, parsed, parsed.GetValue(live)));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, JobArguments arguments, ParseResult parsed, bool live)
    {
        var words = arguments.Output(parsed);
        var job = await arguments.LoadAsync(parsed);
        var plan = await OpenedJob.OpenAsync(job, cancellationToken: host.Stop);
        await using var engine = await arguments.OpenAsync(parsed, job);
        plan.RequireAdmission();
        var client = plan.Clients(engine.Environment)[0];
        var local = await LocalPreflight.CheckAsync(engine, job, host.Stop);
        var rows = await CheckWarnings.RowsAsync(plan, engine.Environment.Answers, host.Stop);
        var batches = new CheckBatches(job, engine.Environment.BatchCaps);
        IReadOnlyList<Problem> warnings =
        [
            .. CheckWarnings.Models(job, arguments.Models), .. local, .. CheckRoutes.Warnings(job, arguments.Models), .. batches.Warnings(), .. CheckWarnings.Of(plan, rows),
        ];
        var document = new JsonObject
        {
            ["job"] = job.Name,
            ["ok"] = true,
            ["rows"] = rows.Json(),
            ["models"] = new JsonArray([.. job.Routes.Select(r => (JsonNode)r.Name)]),
            ["routes"] = batches.AddTo(CheckRoutes.Json(job, arguments.Models)),
            ["warnings"] = CommandOutput.Json(warnings),
        };
        words.People.WriteLine($"{job.Name}: the job file, its files, {Counted.Of(plan.Profile.Rows, "row")} of {plan.Source.Name} and the keys are in order.");
        foreach (var line in CheckRoutes.Lines(job, arguments.Models).Concat(batches.Lines())) words.People.WriteLine(line);
        foreach (var warning in warnings) words.People.WriteLine($"warning: {warning}");
        if (await plan.FirstRequestAsync(client.StructuredOutput, cancellationToken: host.Stop) is { } first)
            Describe(words, document, client, first.Request, first.Rows, rows.Counts.Pending);
        else words.People.WriteLine("No row would be sent.");

        var code = ExitCode.Done;
        if (live) code = await LiveCheck.AskAsync(host, words, engine, job, rows.FirstPending, document);
        words.Document(document);
        return (int)code;
    }

    private static void Describe(CommandOutput words, JsonObject document, IModelClient client, ModelRequest request, int rows, long pending)
    {
        var preview = client.Preview(request);
        var losses = client.Losses(request);
        document["rows_in_request"] = rows;
        document["schema_losses"] = new JsonArray([.. losses.Select(l => (JsonNode)l)]);
        document["request"] = new JsonObject
        {
            ["method"] = preview.Method,
            ["url"] = preview.Url,
            ["headers"] = new JsonObject(preview.Headers.Select(h => KeyValuePair.Create(h.Key, (JsonNode?)h.Value))),
            ["body"] = JsonNode.Parse(preview.Body),
        };
        if (words.IsJson) return;
        foreach (var loss in losses) words.People.WriteLine($"note: {loss}");
        words.People.WriteLine($"\n{Counted.Of(pending, "row")} to ask, about {rows} in a request. The first request:\n\n{preview.Method} {preview.Url}");
        foreach (var (name, value) in preview.Headers) words.People.WriteLine($"{name}: {value}");
        words.People.WriteLine($"\n{preview.Body}");
    }
}
