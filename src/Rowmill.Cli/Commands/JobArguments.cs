using System.CommandLine;
using Rowmill.Cli.Console;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Models;

namespace Rowmill.Cli.Commands;

/// <summary>What every command on a job takes: the job file, the store, the form of its output.</summary>
internal sealed class JobArguments
{
    private readonly CliHost _host;

    private readonly Argument<string> _job = new("job") { Description = "The job file (YAML)." };

    private readonly Option<string?> _store = new("--store")
    {
        Description = "An SQLite file for answers and calls; by default .rowmill/rowmill.db beside the job file.",
        HelpName = "PATH",
    };

    private ModelTables? _models;

    private readonly Option<bool> _json = JsonOption();

    /// <summary>Adds the arguments to a command.</summary>
    public JobArguments(CliHost host, Command command)
    {
        _host = host;
        command.Arguments.Add(_job);
        command.Options.Add(_store);
        command.Options.Add(_json);
    }

    /// <summary>The option every command takes.</summary>
    public static Option<bool> JsonOption() => new("--json") { Description = "Print one JSON document on stdout; what people read goes to stderr." };

    /// <summary>What is known of models, the user's own file first.</summary>
    /// <exception cref="ProblemException">Everything that is wrong with that file.</exception>
    public ModelTables Models => _models ??= _host.LoadModels();

    /// <summary>Where the command's words go.</summary>
    public CommandOutput Output(ParseResult parsed, bool events = false) => new(_host, parsed.GetValue(_json) || events);

    /// <summary>Reads the job file.</summary>
    /// <exception cref="ProblemException">Every mistake in it.</exception>
    public async Task<Job> LoadAsync(ParseResult parsed)
    {
        var name = parsed.GetValue(_job)!;
        var result = JobFile.Load(name, new JobFileOptions { Directory = _host.Directory, Models = Models });
        return result.Job ?? throw new ProblemException(await result.WithSourceProblemsAsync(_host.Stop));
    }

    /// <summary>Opens the store and what else a run needs.</summary>
    public Task<RowmillEngine> OpenAsync(ParseResult parsed, Job job)
    {
        var path = parsed.GetValue(_store);
        if (path?.StartsWith("postgres", StringComparison.OrdinalIgnoreCase) == true)
            throw new ProblemException(new Problem("A PostgreSQL store is not in this version yet.") { Key = "--store", Fix = "Give the path of an SQLite file." });
        return RowmillEngine.OpenAsync(new EngineOptions
        {
            StorePath = path is null ? EngineOptions.DefaultStorePath(job) : _host.Absolute(path),
            LimitsPath = _host.LimitsPath,
            Variable = _host.Variable,
            Clock = _host.Clock,
            Chance = _host.Chance,
            Passed = _host.Passed,
        });
    }
}
