using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rowmill.Cli;
using Rowmill.Cli.Console;
using Rowmill.Core.Jobs;
using Rowmill.Core.Stores;

namespace Rowmill.Tests.Cli;

public sealed class RunDisplayTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_requests_in_flight_together_run_into_is_told_once(bool terminal)
    {
        string[] told = ["one", "two", "one: gone", "one"];
        var said = await TellAsync(terminal, [
            Limited("one"), Limited("one"), Limited("two"), Limited("one"), Limited("two"),
            Event("refused", "one", "gone"), Event("refused", "one", "gone"), Event("answered", null, ""), Limited("one"), Limited("one"),
        ]);
        Assert.Equal(told, said);
    }

    [Fact]
    public async Task A_limit_of_a_model_that_went_on_meanwhile_is_told_again() =>
        Assert.Equal(["one", "one"], await TellAsync(terminal: false, [Limited("one"), Event("reopened", "one", ""), Limited("one")]));

    [Fact]
    public async Task Programs_hear_of_every_event()
    {
        using var output = new StringWriter();
        await TellAsync(terminal: false, [Limited("one"), Limited("one"), Limited("one")], output);
        Assert.Equal(3, Regex.Count(output.ToString(), "\"kind\":\"limited\""));
    }

    private static RunEvent Limited(string model) => Event("limited", model, model);

    private static RunEvent Event(string kind, string? model, string reason) =>
        new("run", 1, DateTimeOffset.UnixEpoch, kind, new JsonObject { ["model"] = model, ["reason"] = reason });

    /// <summary>The lines told of some events, without what stands around a limit's.</summary>
    private static async Task<string[]> TellAsync(bool terminal, RunEvent[] events, StringWriter? output = null)
    {
        using var error = new StringWriter();
        var host = new CliHost
        {
            Out = output ?? error,
            Error = error,
            Variable = _ => null,
            Directory = "",
            IsTerminal = terminal,
            Chance = () => 0,
        };
        // Nothing is drawn before a run has started, so there need be no job.
        await using (var display = RunDisplay.Create(host, new CommandOutput(host, json: output is not null), (Job)null!, events: output is not null))
            foreach (var e in events) display.Happened(e);
        var lines = error.ToString().Replace("\u001b[K", "", StringComparison.Ordinal).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => Regex.Replace(line, @"^Limit reached: (.*)\.$", "$1"))];
    }
}
