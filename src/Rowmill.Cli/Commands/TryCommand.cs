using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill try</c>: asks a few random rows and prints question and answers side by side. What it pays for is stored like any answer.</summary>
internal static class TryCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("try", "Ask a few random rows and print question and answers side by side.");
        var job = new JobArguments(host, command);
        var sample = new Option<int>("--sample") { Description = "How many rows.", HelpName = "N", DefaultValueFactory = _ => 10 };
        var model = new Option<string?>("--model") { Description = "Only this model of the job.", HelpName = "ROUTE" };
        command.Options.Add(sample);
        command.Options.Add(model);
        command.SetAction((parsed, _) => RunAsync(host, job, parsed, parsed.GetValue(sample), parsed.GetValue(model)));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, JobArguments arguments, ParseResult parsed, int sample, string? model)
    {
        if (sample is < 1 or > 1000) throw new ProblemException(new Problem("Write a number from 1 to 1000.") { Key = "--sample" });
        var words = arguments.Output(parsed);
        var job = await arguments.LoadAsync(parsed);
        await using var engine = await arguments.OpenAsync(parsed, job);
        var plan = await OpenedJob.OpenAsync(job, model, host.Stop);
        var options = new RunOptions { Rows = Draw(plan.Profile.Rows, sample, host.Chance), Model = model, WriteOutput = false };
        await using var display = RunDisplay.Create(host, words, job, events: false);
        var summary = await engine.Runner.RunAsync(job, options, display, host.Stop, host.Abort);
        await display.DisposeAsync();
        await using var shown = new Collector(options.Rows, job.Source.Fields);
        await plan.PassAsync(engine.Environment.Answers, shown, cancellationToken: host.Stop);
        words.Document(new JsonObject { ["summary"] = SummaryJson.Write(summary), ["rows"] = shown.Rows });
        if (!words.IsJson)
        {
            foreach (var row in shown.Rows) Print(words.People, row!.AsObject());
            SummaryText.Write(words.People, summary);
        }

        return (int)SummaryJson.ExitCode(summary);
    }

    /// <summary>Distinct positions, by Floyd's method: no list of all rows is needed.</summary>
    private static HashSet<long> Draw(long rows, int sample, Func<double> chance)
    {
        var drawn = new HashSet<long>();
        for (var i = Math.Max(0, rows - sample); i < rows; i++)
        {
            var at = (long)(chance() * (i + 1));
            if (!drawn.Add(Math.Min(at, i))) drawn.Add(i);
        }

        return drawn;
    }

    private static void Print(TextWriter people, JsonObject row)
    {
        people.WriteLine($"row {row["row"]}  {string.Join(" · ", row["shown"]!.AsObject().Select(f => $"{f.Key}: {f.Value}"))}");
        if (row["answer"] is JsonObject answer)
            foreach (var (name, value) in answer) people.WriteLine($"    {name}: {value?.ToJsonString().Trim('"')}");
        else people.WriteLine($"    {row["status"]}: {row["error"]}");
        people.WriteLine();
    }

    /// <summary>Keeps the rows drawn, as JSON.</summary>
    private sealed class Collector(IReadOnlySet<long> positions, IReadOnlyList<string> fields) : IRowSink
    {
        public JsonArray Rows { get; } = [];

        public ValueTask WriteAsync(Row row, RowVerdict verdict, CancellationToken cancellationToken = default)
        {
            if (!positions.Contains(row.Index)) return default;
            var shown = new JsonObject();
            foreach (var name in fields.Count > 0 ? fields : row.Columns.Names)
            {
                if (row.Columns.IndexOf(name) is >= 0 and var column)
                    shown[name] = row.Columns.Format == CellFormat.Json ? JsonNode.Parse(row[column]) : Encoding.UTF8.GetString(row[column]);
            }

            Rows.Add(new JsonObject
            {
                ["row"] = row.Index + 1,
                ["shown"] = shown,
                ["status"] = verdict.Status.ToString().ToLowerInvariant(),
                ["error"] = verdict.Error,
                ["answer"] = verdict.Answer.IsEmpty ? null : JsonNode.Parse(verdict.Answer.Span),
            });
            return default;
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken = default) => default;

        public ValueTask DisposeAsync() => default;
    }
}
