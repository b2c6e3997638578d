using System.Globalization;
using System.Text;
using System.Text.Json;
using Rowmill.KillKit;
using Rowmill.Simulator;

namespace Rowmill.SystemTests.Support;

/// <summary>A folder of a test's own with tables and jobs, the simulators it started, and the program run in it.</summary>
internal sealed class Workshop : IAsyncDisposable
{
    private readonly List<SimulatorServer> _servers = [];
    private readonly List<ProgramRun> _runs = [];

    public Workshop()
    {
        Folder = Directory.CreateTempSubdirectory("rowmill system ").FullName;
        Variables["XDG_STATE_HOME"] = Path.Combine(Folder, "state");
    }

    public string Folder { get; }

    /// <summary>Environment variables of the program.</summary>
    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    public async Task<SimulatorServer> SimulateAsync(SimulatorOptions? options = null, TimeProvider? clock = null)
    {
        var server = await SimulatorServer.StartAsync(options ?? new SimulatorOptions(), clock ?? TimeProvider.System);
        _servers.Add(server);
        return server;
    }

    /// <summary>Another simulator at the same address, so that stored answers still belong to it.</summary>
    public async Task<SimulatorServer> ReplaceAsync(SimulatorServer server, SimulatorOptions options)
    {
        await server.DisposeAsync();
        return await SimulateAsync(options with { Port = server.BaseAddress.Port });
    }

    public string PathOf(string name) => Path.Combine(Folder, name);

    public string Read(string name) => File.ReadAllText(PathOf(name));

    public void Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public void Write(string name, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllBytes(PathOf(name), bytes);
    }

    /// <summary>Writes a table of songs, each with a title of its own.</summary>
    public void WriteSongs(int rows, string name = "songs.csv", string word = "Song")
    {
        var text = new StringBuilder("title,artist,note\n");
        for (var i = 1; i <= rows; i++) text.Append(CultureInfo.InvariantCulture, $"{Title(i, word)},\"Artist, the {i % 7}th\",\"say \"\"{i}\"\"\"\n");
        Write(name, text.ToString());
    }

    public static string Title(int row, string word = "Song") => string.Create(CultureInfo.InvariantCulture, $"{word} {row:0000}");

    /// <summary>Writes a job that asks a simulator about the songs.</summary>
    public void WriteJob(SimulatorServer server, JobText? job = null, string name = "songs.yaml") => Write(name, (job ?? new JobText()).For(server));

    public ProgramRun Start(params IReadOnlyList<string> arguments) => Keep(ProgramRun.Start(Folder, Variables, arguments));

    /// <summary>Starts the kill kit.</summary>
    /// <param name="moment">When it kills itself; null for never.</param>
    /// <param name="journal">The file for what it does to its databases; it must not be there.</param>
    /// <param name="arguments">The command line.</param>
    public ProgramRun StartKit(KillMoment? moment, string journal, params IReadOnlyList<string> arguments)
    {
        var variables = new Dictionary<string, string>(Variables, StringComparer.Ordinal)
        {
            [DiskRecord.Variable] = PathOf(journal),
            [KillMoment.Variable] = moment?.ToString() ?? "",
        };
        return Keep(ProgramRun.StartKit(Folder, variables, arguments));
    }

    public ProgramRun StartAfter(string shell, params IReadOnlyList<string> arguments) =>
        Keep(ProgramRun.StartAfter(shell, Folder, Variables, arguments));

    public Task<ProgramResult> RunAsync(params IReadOnlyList<string> arguments) => Start(arguments).EndAsync();

    /// <summary>The titles that the store answers, as a new export tells them.</summary>
    public async Task<HashSet<string>> StoredAsync(string job = "songs.yaml")
    {
        (await RunAsync("export", job, "--output", "stored.jsonl", "--json")).Ended(0).Document();
        var stored = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(PathOf("stored.jsonl")))
        {
            using var row = JsonDocument.Parse(line);
            if (row.RootElement.GetProperty("ai_status").GetString() == "answered") stored.Add(row.RootElement.GetProperty("title").GetString()!);
        }

        return stored;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var run in _runs) run.Dispose();
        foreach (var server in _servers) await server.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private ProgramRun Keep(ProgramRun run)
    {
        _runs.Add(run);
        return run;
    }
}

/// <summary>A job file of songs; what a test says nothing about stays as it is here.</summary>
internal sealed record JobText
{
    public string Name { get; init; } = "songs";

    public string Table { get; init; } = "songs.csv";

    /// <summary>Further keys of <c>source</c>.</summary>
    public string Source { get; init; } = "fields: [title, artist]";

    public int Pack { get; init; } = 5;

    public string Patience { get; init; } = "2m";

    public string Limits { get; init; } = "concurrency: 4";

    /// <summary>Further lines of the model.</summary>
    public string Model { get; init; } = "timeout: 60s";

    public string Output { get; init; } = "out.csv";

    public string For(SimulatorServer server) => $$"""
        name: {{Name}}
        source: { csv: {{Table}}, {{Source}} }
        prompt: How much energy has each song?
        answer:
          type: object
          required: [energy, tags, reasoning]
          additionalProperties: false
          properties:
            energy: { enum: [Very Low, Low, Medium, High, Very High] }
            tags: { type: array, minItems: 1, maxItems: 3, items: { enum: [a, b, c, d, e, f] } }
            reasoning: { type: string, maxLength: 200 }
        pack: { rows: {{Pack}} }
        patience: {{Patience}}
        models:
          - model: simulator/demo
            base_url: {{server.BaseAddress}}
            {{Model}}
            limits: { {{Limits}} }
        output: { csv: {{Output}} }

        """;
}
