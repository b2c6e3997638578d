using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Rowmill.Cli.Commands;
using Rowmill.Core;

namespace Rowmill.Cli;

/// <summary>The words a person types: every command, and what is wrong with a line that is none.</summary>
internal static class CommandLine
{
    private const string Program = "rowmill";

    /// <summary>The program with its commands. A plain command: the root command of the library takes the executable's name.</summary>
    public static Command Create(CliHost host)
    {
        var version = new Option<bool>("--version") { Description = "Show the version." };
        var program = new Command(Program, "Asks a language model the same question about every row of a table.")
        {
            DemoCommand.Create(host),
            InitCommand.Create(host),
            CheckCommand.Create(host),
            TryCommand.Create(host),
            PlanCommand.Create(host),
            RunCommand.Create(host),
            BatchCommand.Create(host),
            StatusCommand.Create(host),
            ExportCommand.Create(host),
            CallsCommand.Create(host),
            EvalCommand.Create(host),
            AuditCommand.Create(host),
            ModelsCommand.Create(host),
            LimitsCommand.Create(host),
            MergeCommand.Create(host),
            SimulateCommand.Create(host),
        };
        program.Options.Add(new HelpOption());
        program.Options.Add(version);
        program.SetAction(parsed =>
        {
            if (!parsed.GetValue(version)) return new HelpAction().Invoke(parsed);
            host.Out.WriteLine(typeof(CommandLine).Assembly.GetName().Version!.ToString(3));
            return 0;
        });
        return program;
    }

    /// <summary>What is wrong with a command line, in the words of a person; empty when it can be run.</summary>
    public static IReadOnlyList<Problem> Check(ParseResult parsed)
    {
        if (parsed.Action is HelpAction || parsed.Errors.Count == 0) return [];
        var command = parsed.CommandResult;
        var given = command.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value).Concat(parsed.UnmatchedTokens);
        var unknown = given.Where(t => t.Length > 1 && t[0] == '-' && !char.IsAsciiDigit(t[1])).ToList();
        if (unknown.Count > 0) return [.. unknown.Select(t => UnknownOption(command.Command, t))];
        if (parsed.UnmatchedTokens.Count > 0) return [TooMany(command.Command, parsed.UnmatchedTokens[0])];
        return [.. parsed.Errors.Select(e => Told(command.Command, e)).Distinct()];
    }

    private static Problem UnknownOption(Command command, string text)
    {
        var name = text.Split('=', ':')[0];
        var known = command.Options.Select(o => o.Name).Append("--help").Distinct().ToList();
        return new Problem($"{Name(command)} has no option '{name}'.") { Fix = NearestName.Suggest(name, known, See(command)) };
    }

    private static Problem TooMany(Command command, string text) => command.Subcommands.Count == 0
        ? new Problem($"{Name(command)} does not take '{text}' as well.") { Fix = See(command) }
        : new Problem($"There is no command '{text}'.") { Fix = NearestName.Suggest(text, [.. command.Subcommands.Select(c => c.Name)]) };

    private static Problem Told(Command command, ParseError error) => error.SymbolResult switch
    {
        // A check of ours names its option itself.
        OptionResult { Tokens: [] } option => new Problem("The option needs a value.") { Key = option.Option.Name, Fix = See(command) },
        OptionResult { Tokens: [var only] } option when !only.Value.Contains(' ') && error.Message.StartsWith("Cannot parse", StringComparison.Ordinal) =>
            new Problem($"'{only.Value}' is not a whole number.") { Key = option.Option.Name },
        OptionResult option => new Problem(error.Message) { Key = option.Option.Name },
        ArgumentResult { Tokens: [] } argument => new Problem($"{Name(command)} needs a {argument.Argument.Name}.") { Fix = See(command) },
        CommandResult => new Problem($"{Name(command)} needs a {command.Arguments.FirstOrDefault()?.Name ?? "command"}.") { Fix = See(command) },
        _ => new Problem(error.Message) { Fix = See(command) },
    };

    private static string Name(Command command) => command.Parents.OfType<Command>().FirstOrDefault() is { } above ? $"{Name(above)} {command.Name}" : Program;

    private static string See(Command command) => $"See: {Name(command)} --help";
}
