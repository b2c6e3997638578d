using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Rowmill.SystemTests.Support;

/// <summary>One start of the real program, through its launcher.</summary>
internal sealed class ProgramRun : IDisposable
{
    /// <summary>No start of the program takes so long unless it hangs; the first one builds it.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(4);

    private const string Kit = "Rowmill.KillKit";

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private ProgramRun(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The process, which the launcher has become by exec.</summary>
    public int Id => _process.Id;

    /// <summary>The repository's root.</summary>
    public static string Repository { get; } = FindRepository();

    public static ProgramRun Start(string folder, IReadOnlyDictionary<string, string> variables, params IReadOnlyList<string> arguments) =>
        StartFile(Path.Combine(Repository, "rowmill"), folder, variables, arguments);

    /// <summary>Through the shell, after some of its words, which end in <c>exec</c> or a program that does: for limits and signals.</summary>
    public static ProgramRun StartAfter(
        string shell, string folder, IReadOnlyDictionary<string, string> variables, params IReadOnlyList<string> arguments) =>
        StartFile("/bin/sh", folder, variables, ["-c", shell + " \"$0\" \"$@\"", Path.Combine(Repository, "rowmill"), .. arguments]);

    /// <summary>Starts the kill kit: the same program with a witness at its files and a death in it.</summary>
    public static ProgramRun StartKit(string folder, IReadOnlyDictionary<string, string> variables, params IReadOnlyList<string> arguments) =>
        StartFile(Path.Combine(Repository, "artifacts", "bin", Kit, Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), Kit), folder, variables, arguments);

    /// <summary>Waits for its end.</summary>
    public async Task<ProgramResult> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(s_limit, TestContext.Current.CancellationToken);
        return new ProgramResult(_process.ExitCode, await _output, await _error);
    }

    /// <summary>True when it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>kill -9.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Sends a signal by its name.</summary>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {_process.Id.ToString(CultureInfo.InvariantCulture)}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    private static ProgramRun StartFile(string file, string folder, IReadOnlyDictionary<string, string> variables, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (var key in start.Environment.Keys.Where(k => k.EndsWith("_API_KEY", StringComparison.Ordinal)).ToList()) start.Environment.Remove(key);
        foreach (var (name, value) in variables) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new ProgramRun(process);
    }

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Rowmill.slnx"))) folder = Path.GetDirectoryName(folder.TrimEnd('/'))!;
        return folder;
    }
}

/// <summary>What a start of the program left.</summary>
internal sealed record ProgramResult(int ExitCode, string Output, string Error)
{
    /// <summary>Stdout, which must be exactly one JSON document.</summary>
    public JsonElement Document() => Parse(Output);

    /// <summary>Stdout, each line of which must be a JSON object.</summary>
    public IReadOnlyList<JsonElement> Lines() => [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    /// <summary>This, when it ended with the code.</summary>
    public ProgramResult Ended(int code)
    {
        Assert.True(ExitCode == code, $"exit {ExitCode}, expected {code}\n{Output}\n{Error}");
        return this;
    }

    private JsonElement Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException($"not one JSON document ({e.Message}):\n{text}\nexit {ExitCode}, stderr:\n{Error}", e);
        }
    }
}
