using System.Text.Json;
using Rowmill.Cli;
using Rowmill.Simulator;

namespace Rowmill.Tests.Cli;

/// <summary>What one command line left behind.</summary>
internal sealed record CliResult(int Exit, string Out, string Error)
{
    /// <summary>Stdout as the one JSON document it must be.</summary>
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;
}

/// <summary>A folder with a table, a job and a simulator to ask, and the program to run there.</summary>
internal sealed class CliFolder : IAsyncDisposable
{
    public const string Secret = "sk-a-secret-of-twenty-four";

    // Run ids are drawn from it: within a second two runs must not draw alike.
    private double _chance;

    private CliFolder(SimulatorServer server) => Server = server;

    public SimulatorServer Server { get; }

    public string Path { get; } = Directory.CreateTempSubdirectory("rowmill-cli-").FullName;

    public TimeProvider Clock { get; set; } = TimeProvider.System;

    public bool IsTerminal { get; set; }

    public Func<string, bool>? Confirm { get; set; }

    public Action<Core.Runs.Transition>? Passed { get; set; }

    public static async Task<CliFolder> CreateAsync(SimulatorOptions? options = null)
    {
        var folder = new CliFolder(await SimulatorServer.StartAsync(options ?? new SimulatorOptions(), TimeProvider.System));
        folder.Write("songs.csv", "title,artist\nAdorn,Miguel\nNikes,Frank Ocean\nCranes,Solange\nAdorn,Miguel\n,Nobody\n");
        folder.WriteJob();
        return folder;
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Write(string name, string text) => System.IO.File.WriteAllText(File(name), text);

    public void WriteJob(string more = "", string prompt = "Label the song.") => Write("job.yaml", $$"""
        name: songs
        source: { csv: songs.csv, key: [title, artist], require: [title] }
        prompt: {{prompt}}
        answer:
          type: object
          required: [label]
          properties:
            label: { enum: [Good, Poor] }
        models:
          - model: openai-compatible/pretend
            base_url: {{Server.BaseAddress.ToString().TrimEnd('/')}}
            api_key_env: PRETEND_KEY
            price: { input: 1, output: 2 }
        output: { csv: out.csv }
        {{more}}
        """);

    public async Task<CliResult> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var host = new CliHost
        {
            Out = output,
            Error = error,
            Variable = name => name == "PRETEND_KEY" ? Secret : Variables.GetValueOrDefault(name),
            Directory = Path,
            LimitsPath = File("state/limits.db"),
            Clock = Clock,
            IsTerminal = IsTerminal,
            Confirm = Confirm,
            Passed = Passed,
            Chance = () => _chance = (_chance + 0.618) % 1,
            Stop = Stop,
        };
        var exit = await App.RunAsync(args, host);
        return new CliResult(exit, output.ToString(), error.ToString());
    }

    public CancellationToken Stop { get; set; }

    /// <summary>The environment beside the key.</summary>
    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(Path, recursive: true);
    }
}
