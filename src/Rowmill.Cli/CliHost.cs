using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Providers.Ollama;

namespace Rowmill.Cli;

/// <summary>What the program touches of the outside: so that a test can hold it in its hands.</summary>
internal sealed record CliHost
{
    /// <summary>Data, when there is any for programs; otherwise what people read.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>What people read when <see cref="Out"/> carries data, and every error.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>An environment variable, or null.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>The folder that paths on the command line start from.</summary>
    public required string Directory { get; init; }

    /// <summary>The file of the limits' usage; null for the user's own.</summary>
    public string? LimitsPath { get; init; }

    /// <summary>Where a provider is when nobody says otherwise; null where it has no address of its own.</summary>
    public Func<KnownProvider, string?> Address { get; init; } = provider => provider.BaseUrl;

    /// <summary>Bytes of memory that programs can have; null where the system does not tell.</summary>
    public Func<long?> FreeMemory { get; init; } = LocalServers.FreeMemory;

    /// <summary>True when a person watches <see cref="Error"/> on a screen.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>How many columns the screen has at this moment.</summary>
    public Func<int> Width { get; init; } = () => 80;

    /// <summary>Asks the person a question; null when nobody can answer.</summary>
    public Func<string, bool>? Confirm { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Chance, from 0 up to 1.</summary>
    public required Func<double> Chance { get; init; }

    /// <summary>Is told of every moment a run passes; null for nobody.</summary>
    public Action<Transition>? Passed { get; init; }

    /// <summary>Asks for a clean stop.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>Gives up what is still going on.</summary>
    public CancellationToken Abort { get; init; }

    /// <summary>An absolute path for one on the command line.</summary>
    public string Absolute(string path) => Path.GetFullPath(path, Directory);

    /// <summary>What is known of models, the user's own file first.</summary>
    /// <exception cref="Core.ProblemException">Everything that is wrong with that file.</exception>
    public ModelTables LoadModels() => ModelTables.Load(ModelTables.DefaultPath(Variable));

    /// <summary>The value of the variable with a provider's key, or null when it is not set.</summary>
    public string? Key(string? variable) => variable is null || Variable(variable) is not { Length: > 0 } key ? null : key;

    /// <summary>The real process.</summary>
    public static CliHost ForProcess(Interrupts interrupts)
    {
        var terminal = !System.Console.IsErrorRedirected;
        return new CliHost
        {
            Out = System.Console.Out,
            Error = System.Console.Error,
            Variable = Environment.GetEnvironmentVariable,
            Directory = Environment.CurrentDirectory,
            IsTerminal = terminal && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb"),
            Width = () => System.Console.WindowWidth is > 0 and var width ? width : 80,
            Confirm = terminal && !System.Console.IsInputRedirected ? question => Ask(question, interrupts.Stop) : null,
            Chance = () => System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue,
            Stop = interrupts.Stop,
            Abort = interrupts.Abort,
        };
    }

    private static bool Ask(string question, CancellationToken stop)
    {
        System.Console.Error.Write($"{question} [y/N] ");
        var line = Task.Run(System.Console.In.ReadLine, stop);
        try
        {
            line.Wait(stop);
            return line.Result?.Trim() is "y" or "Y" or "yes";
        }
        catch (OperationCanceledException)
        {
            System.Console.Error.WriteLine();
            return false;
        }
    }
}
