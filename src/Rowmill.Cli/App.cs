using System.CommandLine;
using Rowmill.Cli.Commands;
using Rowmill.Cli.Console;
using Rowmill.Core;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Cli;

/// <summary>The program: reads the command line, runs the command, turns what went wrong into words and an exit code.</summary>
internal static class App
{
    /// <summary>Runs one command line.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, CliHost host)
    {
        // First, while no meter has been made.
        await using var export = OtlpExport.Start(host.Variable, host.Clock, problem => host.Error.WriteLine($"warning: {problem}"));
        var parsed = CommandLine.Create(host).Parse(args);
        var output = new CommandOutput(host, json: args.Contains("--json") || args.Contains("--events"));
        var mistakes = CommandLine.Check(parsed);
        if (mistakes.Count > 0) return output.Fail(ExitCode.UserError, mistakes);
        try
        {
            var configuration = new InvocationConfiguration
            {
                Output = host.Out,
                Error = host.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(configuration, host.Stop);
        }
        catch (ProblemException e)
        {
            return output.Fail(ExitCode.UserError, await ModelChoices.AdviseAsync(host, e.Problems));
        }
        catch (AlreadyRunningException e)
        {
            return output.Fail(ExitCode.AlreadyRunning, [new Problem($"{Words.Sentence(e.Message)} Wait for it, or stop it.")]);
        }
        catch (OperationCanceledException) when (host.Stop.IsCancellationRequested)
        {
            return output.Fail(ExitCode.Interrupted, [new Problem("Interrupted; everything paid for is stored.")]);
        }
        catch (StoreException e) when (e.WrongPath)
        {
            return output.Fail(ExitCode.UserError, [new Problem(Words.Sentence(e.Message))]);
        }
        catch (Exception e) when (e is StoreException or LeaseLostException or IOException or UnauthorizedAccessException)
        {
            return output.Fail(ExitCode.Failure, [new Problem(Words.Sentence(e.Message))]);
        }
        catch (Exception e)
        {
            // A bug. Nothing stored is lost by it; the stack tells those who mend it where.
            host.Error.WriteLine(e.StackTrace);
            return output.Fail(ExitCode.Failure, [new Problem($"internal error: {e.GetType().Name}: {e.Message}") { Fix = "Please report it. What is stored stays stored." }]);
        }
    }
}
