using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core.Outputs;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill merge a.csv b.csv -o all.csv</c>: one file of several with the same columns.</summary>
internal static class MergeCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("merge", "Make one file of several with the same columns: one header, equal rows once.");
        var files = new Argument<string[]>("files") { Description = "The files, CSV or JSONL; rows come in their order.", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string>("--output", "-o") { Description = "The file to write.", HelpName = "PATH", Required = true };
        var key = new Option<string[]>("--key")
        {
            Description = "The columns that tell rows apart; by default all that do not begin with the prefix.",
            HelpName = "COLUMN,…",
        };
        var prefix = new Option<string>("--prefix")
        {
            Description = "What the names of the columns begin with that a run added; ai_ by default.",
            HelpName = "TEXT",
            DefaultValueFactory = _ => "ai_",
        };
        var keep = new Option<bool>("--keep-duplicates") { Description = "Write every row; equal ones are told all the same." };
        var json = JobArguments.JsonOption();
        command.Arguments.Add(files);
        foreach (var option in new Option[] { output, key, prefix, keep, json }) command.Options.Add(option);
        command.SetAction((parsed, _) => RunAsync(host, new CommandOutput(host, parsed.GetValue(json)), new MergeOptions
        {
            Inputs = [.. parsed.GetValue(files)!.Select(f => new MergeInput(host.Absolute(f), f))],
            Output = host.Absolute(parsed.GetValue(output)!),
            Key = parsed.GetValue(key) ?? [],
            Prefix = parsed.GetValue(prefix)!,
            KeepDuplicates = parsed.GetValue(keep),
        }));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, CommandOutput words, MergeOptions options)
    {
        var report = await RowMerge.RunAsync(options, host.Stop);
        words.Document(new JsonObject
        {
            ["output"] = options.Output,
            ["files"] = new JsonArray([.. report.Files.Select(f => (JsonNode)new JsonObject { ["path"] = f.Input.Path, ["rows"] = f.Rows })]),
            ["rows"] = report.Rows,
            ["kept"] = report.Kept,
            ["duplicates"] = report.Duplicates,
            ["replaced"] = report.Replaced,
            ["duplicate_rows"] = new JsonArray([.. report.Listed.Select(d => (JsonNode)Json(d))]),
        });
        if (!words.IsJson) Print(words.People, options, report);
        return (int)ExitCode.Done;
    }

    private static JsonObject Json(DuplicateRow row) => new()
    {
        ["file"] = row.Place.File,
        ["line"] = row.Place.Line,
        ["first_file"] = row.First.File,
        ["first_line"] = row.First.Line,
        ["kept"] = row.Kept,
    };

    private static void Print(TextWriter people, MergeOptions options, MergeReport report)
    {
        foreach (var row in report.Listed)
        {
            var kept = options.KeepDuplicates ? "both are kept" : row.Kept ? "this one is kept, for it has an answer" : "left out";
            people.WriteLine($"  {row.Place.File}:{row.Place.Line} is the row of {row.First.File}:{row.First.Line}: {kept}");
        }

        if (report.Duplicates > report.Listed.Count) people.WriteLine($"  and {Amount(report.Duplicates - report.Listed.Count)} more like these");
        var files = report.Files.Count == 1 ? "1 file" : $"{report.Files.Count} files";
        var duplicates = report.Duplicates switch { 0 => "no duplicates", 1 => "1 duplicate", var n => $"{Amount(n)} duplicates" };
        if (report.Duplicates > 0) duplicates += options.KeepDuplicates ? ", kept" : ", one of each kept (--keep-duplicates keeps all)";
        people.WriteLine($"{Amount(report.Rows)} {(report.Rows == 1 ? "row" : "rows")} of {files}, {duplicates}: {Amount(report.Kept)} written\n  output {options.Output}");
    }

    private static string Amount(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
