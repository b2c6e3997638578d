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
        var root = new RootCommand("Asks a language model the same question about every row of a table.")
        {
            DemoCommand.Create(host),
            InitCommand.Create(host),
            CheckCommand.Create(host),
            TryCommand.Create(host),
            RunCommand.Create(host),
            StatusCommand.Create(host),
            ExportCommand.Create(host),
            CallsCommand.Create(host),
            SimulateCommand.Create(host),
        };
        var parsed = root.Parse(args);
        var output = new CommandOutput(host, json: args.Contains("--json") || args.Contains("--events"));
        if (parsed.Errors.Count > 0 && parsed.Action is not System.CommandLine.Help.HelpAction)
        {
            return output.Fail(
                ExitCode.UserError,
                [.. parsed.Errors.Select(e => new Problem(e.Message) { Fix = $"See rowmill {parsed.CommandResult.Command.Name} --help." })]);
        }

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
            return output.Fail(ExitCode.UserError, e.Problems);
        }
        catch (AlreadyRunningException e)
        {
            return output.Fail(ExitCode.AlreadyRunning, [new Problem(e.Message) { Fix = "Wait for it, or stop it." }]);
        }
        catch (OperationCanceledException) when (host.Stop.IsCancellationRequested)
        {
            return output.Fail(ExitCode.Interrupted, [new Problem("interrupted; everything paid for is stored")]);
        }
        catch (Exception e) when (e is StoreException or LeaseLostException or IOException or UnauthorizedAccessException)
        {
            return output.Fail(ExitCode.Failure, [new Problem(e.Message)]);
        }
        catch (Exception e)
        {
            // A bug. Nothing stored is lost by it; the stack tells those who mend it where.
            host.Error.WriteLine(e.StackTrace);
            return output.Fail(ExitCode.Failure, [new Problem($"internal error: {e.GetType().Name}: {e.Message}") { Fix = "Please report it. What is stored stays stored." }]);
        }
    }
}
