using System.CommandLine;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill init</c>: writes a commented job file from a table's columns.</summary>
internal static class InitCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("init", "Write a commented job file from a table's columns.");
        var table = new Argument<string>("table") { Description = "The table: CSV, or JSONL with one object a line." };
        var output = new Option<string?>("--output", "-o") { Description = "The job file to write; by default the table's name with .yaml, beside it.", HelpName = "PATH" };
        var force = new Option<bool>("--force") { Description = "Overwrite a job file that is there." };
        var json = JobArguments.JsonOption();
        command.Arguments.Add(table);
        foreach (var option in new Option[] { output, force, json }) command.Options.Add(option);
        command.SetAction((parsed, _) => RunAsync(
            host, new CommandOutput(host, parsed.GetValue(json)), parsed.GetValue(table)!, parsed.GetValue(output), parsed.GetValue(force)));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, CommandOutput words, string table, string? output, bool force)
    {
        var path = host.Absolute(table);
        var target = output is null ? Path.ChangeExtension(path, ".yaml") : host.Absolute(output);
        if (File.Exists(target) && !force)
            throw new ProblemException(new Problem("The file is there already.") { File = target, Fix = "Use --force to overwrite it, or --output to write another." });
        var guess = await SourceSniffer.DetectAsync(path, table, host.Stop);
        if (guess.Problems.Count > 0) throw new ProblemException(guess.Problems);
        // A mistake in the user's table is told now, not when the job is run.
        var models = host.LoadModels();
        var local = ModelChoices.WithKey(host).Count > 0 ? null : await ModelChoices.FindLocalAsync(host);
        var file = Path.GetRelativePath(Path.GetDirectoryName(target)!, path).Replace('\\', '/');
        var text = JobTemplate.Write(file, guess, name => host.Key(name) is not null, local?.Route);
        var job = JobFile.Parse(text, target, Path.GetDirectoryName(target)!, new JobFileOptions { Models = models }).Job;
        var found = job?.Routes ?? [];
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        await File.WriteAllTextAsync(target, text, host.Stop);
        words.Document(new JsonObject
        {
            ["job_file"] = target,
            ["columns"] = new JsonArray([.. guess.Columns.Select(c => (JsonNode)c.Name)]),
            ["models"] = new JsonArray([.. found.Select(r => (JsonNode)new JsonObject { ["model"] = r.Name, ["api_key_env"] = r.ApiKeyEnv, ["base_url"] = r.BaseUrl })]),
        });
        if (words.IsJson) return (int)ExitCode.Done;
        if (local is null && ModelChoices.WithKey(host).Count == 0) ModelChoices.Write(words.People, "No key is set and no Ollama server runs here, so the job asks the simulator. To ask a model, choose:");
        foreach (var route in found.Where(r => r.Provider != "simulator"))
            words.People.WriteLine($"Model: {route.Name}, {(route.ApiKeyEnv is { } key ? $"its key is set in {key}" : $"of the Ollama server at {route.BaseUrl}")}.");
        if (local is { Route: null }) words.People.WriteLine(local.Said);
        words.People.WriteLine($"Wrote {target}. Edit the prompt and the answer, then: rowmill check {Path.GetRelativePath(host.Directory, target)}");
        return (int)ExitCode.Done;
    }
}
