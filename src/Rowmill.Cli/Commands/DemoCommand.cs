using System.CommandLine;
using System.Reflection;
using Rowmill.Cli.Console;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;
using Rowmill.Simulator;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill demo</c>: runs the sample job against the built-in simulator, nothing to configure.</summary>
internal static class DemoCommand
{
    private const string Resources = "samples/songs/";

    public static Command Create(CliHost host)
    {
        var command = new Command("demo", "Run the sample job against the built-in simulator; nothing to configure. Its labels are made up.");
        var folder = new Option<string>("--folder") { Description = "Where the sample and its output go.", HelpName = "PATH", DefaultValueFactory = _ => "rowmill-demo" };
        var json = JobArguments.JsonOption();
        command.Options.Add(folder);
        command.Options.Add(json);
        command.SetAction((parsed, _) => RunAsync(host, new CommandOutput(host, parsed.GetValue(json)), host.Absolute(parsed.GetValue(folder)!)));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, CommandOutput words, string folder)
    {
        Unpack(folder);
        await using var server = await SimulatorServer.StartAsync(
            new SimulatorOptions { Latency = TimeSpan.FromMilliseconds(300), LatencyJitter = TimeSpan.FromMilliseconds(300), LedgerCapacity = 0 }, host.Clock);
        var file = Path.Combine(folder, "demo.yaml");
        var loaded = JobFile.Load(file);
        if (loaded.Job is not { } job) throw new ProblemException(loaded.Problems);
        job = job with { Routes = [.. job.Routes.Select(r => r with { BaseUrl = server.BaseAddress.ToString().TrimEnd('/') })] };
        words.People.WriteLine($"""
            The sample job {file} asks the built-in SIMULATOR about every row of {job.Source.Name}.
            The run is real, over HTTP; the labels are SIMULATED: made up, and worth nothing.

            """);
        await using var engine = await RowmillEngine.OpenAsync(new EngineOptions
        {
            StorePath = EngineOptions.DefaultStorePath(job),
            LimitsPath = host.LimitsPath,
            Variable = host.Variable,
            Clock = host.Clock,
            Chance = host.Chance,
        });
        var code = await RunCommand.RunAsync(host, words, engine, job, new RunOptions(), events: false);
        if (!words.IsJson)
        {
            words.People.WriteLine($"""

                Look at {Path.GetRelativePath(host.Directory, job.Output.Path)}; run the demo again and nothing is asked twice.
                With a key: edit {Path.GetRelativePath(host.Directory, Path.Combine(folder, "songs.yaml"))}, then rowmill check, try and run it.
                """);
        }

        return code;
    }

    /// <summary>Writes the sample's files where they are missing; what a person edited stays.</summary>
    private static void Unpack(string folder)
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Resources, StringComparison.Ordinal)))
        {
            var path = Path.Combine(folder, name[Resources.Length..]);
            if (File.Exists(path)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var resource = assembly.GetManifestResourceStream(name)!;
            using var file = File.Create(path);
            resource.CopyTo(file);
        }
    }
}
