using System.Diagnostics;
using System.Runtime.Versioning;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>The launcher, against a stand-in for <c>dotnet</c> that "publishes" a program which says who it is.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class LauncherTests : IDisposable
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // A file named "broken" beside the sources makes its build fail.
    private const string StandIn = """
        #!/bin/sh
        here=$(dirname "$0")
        if [ "$1" = --list-runtimes ]; then echo "Microsoft.NETCore.App 10.0.1 [$here/shared/Microsoft.NETCore.App]"; exit; fi
        echo "$@" >>"$here/builds"
        project=$2
        while [ "$1" != -o ]; do shift; done
        if [ -e "$project/broken" ]; then echo 'error CS0000: broken'; exit 1; fi
        mkdir -p "$2"
        printf '#!/bin/sh\necho "$$ $DOTNET_ROOT $(cat "%s")"\nfor a in "$@"; do echo "<$a>"; done\nexit 3\n' "$project/text" >"$2/rowmill-cli"
        chmod +x "$2/rowmill-cli"
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("rowmill launcher ").FullName;

    public LauncherTests()
    {
        Directory.CreateDirectory(Source);
        File.WriteAllText(Path.Combine(Source, "text"), "first");
        Directory.CreateDirectory(Path.Combine(_folder, "sdk"));
        Write("sdk/dotnet", StandIn);
        foreach (var file in (string[])["rowmill", "global.json", "Directory.Build.props", ".editorconfig", "BannedSymbols.txt"])
            File.Copy(Path.Combine(ProgramRun.Repository, file), Path.Combine(_folder, file));
        foreach (var entry in Directory.EnumerateFileSystemEntries(_folder, "*", SearchOption.AllDirectories)) SetAge(entry, minutes: 60);
    }

    private string Source => Path.Combine(_folder, "src", "Rowmill.Cli");

    private int Builds => File.Exists(Path.Combine(_folder, "sdk/builds")) ? File.ReadAllLines(Path.Combine(_folder, "sdk/builds")).Length : 0;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_real_program_starts_through_a_link_from_anywhere()
    {
        var link = Path.Combine(_folder, "linked rowmill");
        File.CreateSymbolicLink(link, Path.Combine(ProgramRun.Repository, "rowmill"));

        var run = await RunAsync(link, path: null, "--help");

        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public async Task It_becomes_the_program_and_hands_over_arguments_and_exit_code()
    {
        var run = await StartAsync("a b", "*", "");

        Assert.Equal(3, run.ExitCode);
        Assert.Equal([$"{run.Id} {_folder}/sdk first", "<a b>", "<*>", "<>"], run.Output);
        Assert.Equal("rowmill: building…", run.Error.Trim());
    }

    [Fact]
    public async Task It_builds_again_only_when_a_source_changed_or_went()
    {
        await StartAsync();
        var second = await StartAsync();
        Assert.Equal(1, Builds);
        Assert.Empty(second.Error);

        Edit("text", "second");
        Assert.EndsWith(" second", (await StartAsync()).Output[0], StringComparison.Ordinal);
        Assert.Equal(2, Builds);
        await StartAsync();
        Assert.Equal(2, Builds);

        Edit("gone", "");
        await StartAsync();
        Edit("gone", null);
        await StartAsync();
        Assert.Equal(4, Builds);
        await StartAsync();
        Assert.Equal(4, Builds);
    }

    [Fact]
    public async Task A_failed_build_shows_its_output_and_leaves_the_next_start_to_try_again()
    {
        await StartAsync();
        Edit("broken", "");

        var broken = await StartAsync();
        Assert.Equal(1, broken.ExitCode);
        Assert.Empty(broken.Output);
        Assert.Contains("error CS0000: broken", broken.Error, StringComparison.Ordinal);

        Assert.Equal(1, (await StartAsync()).ExitCode);
        Edit("broken", null);
        Edit("text", "mended");
        Assert.EndsWith(" mended", (await StartAsync()).Output[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task First_starts_at_the_same_time_build_once()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StartAsync()));

        Assert.All(runs, run => Assert.Equal(3, run.ExitCode));
        Assert.Equal(1, Builds);
    }

    [Fact]
    public async Task Without_an_sdk_it_says_which_one_is_needed()
    {
        var tools = Path.Combine(_folder, "tools");
        Directory.CreateDirectory(tools);
        foreach (var tool in (string[])["sh", "find", "sed", "mkdir", "readlink", "flock"])
        {
            var real = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(f => Path.Combine(f, tool)).FirstOrDefault(File.Exists);
            if (real is not null) File.CreateSymbolicLink(Path.Combine(tools, tool), real);
        }

        var run = await RunAsync(Path.Combine(_folder, "rowmill"), tools);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(".NET SDK 10.0", run.Error, StringComparison.Ordinal);
    }

    private Task<Run> StartAsync(params string[] arguments) => RunAsync(
        Path.Combine(_folder, "rowmill"), $"{_folder}/sdk:{Environment.GetEnvironmentVariable("PATH")}", arguments);

    private async Task<Run> RunAsync(string program, string? path, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        if (path is not null)
        {
            start.Environment["PATH"] = path;
            start.Environment["HOME"] = _folder;
            start.Environment.Remove("DOTNET_ROOT");
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        // Long enough for a first build of the real program.
        await process.WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
        return new Run(process.Id, process.ExitCode, (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries), await error);
    }

    private void Write(string file, string text)
    {
        File.WriteAllText(Path.Combine(_folder, file), text);
        File.SetUnixFileMode(Path.Combine(_folder, file), Executable);
    }

    // Changes or deletes a source a minute after the last build: file times are too coarse for a test that does not wait.
    private void Edit(string file, string? text)
    {
        SetAge(Path.Combine(_folder, "artifacts/bin-rowmill/stamp"), minutes: 1);
        if (text is null) File.Delete(Path.Combine(Source, file));
        else File.WriteAllText(Path.Combine(Source, file), text);
    }

    private static void SetAge(string file, int minutes) =>
        File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-minutes));

    private sealed record Run(int Id, int ExitCode, string[] Output, string Error);
}
