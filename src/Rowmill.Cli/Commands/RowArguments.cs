using System.CommandLine;
using System.Globalization;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Commands;

/// <summary>Which rows a run asks, of whom and for how much: what a run takes, request by request or in batches.</summary>
internal sealed class RowArguments
{
    private readonly Option<long?> _limit = new("--limit") { Description = "Only this many rows, which then are all the run counts.", HelpName = "N" };
    private readonly Option<long> _offset = new("--offset") { Description = "Leave out this many rows at the beginning.", HelpName = "N" };
    private readonly Option<string?> _model = new("--model") { Description = "Only this model of the job; only its own stored answers count.", HelpName = "ROUTE" };
    private readonly Option<string?> _retry = new("--retry") { Description = "Ask the rows again that failed.", HelpName = "failed" };
    private readonly Option<string?> _maxUsd = new("--max-usd") { Description = "Stop before this run would cost more than this many USD.", HelpName = "X" };

    /// <summary>Adds the options to a command.</summary>
    public RowArguments(Command command)
    {
        _retry.Validators.Add(r =>
        {
            if (r.Tokens is [var only] && only.Value != "failed") r.AddError($"'{only.Value}' cannot be asked for again; write --retry failed.");
        });
        NotNegative(_limit);
        NotNegative(_offset);
        Number(_maxUsd, n => n >= 0, "Write USD, 0 or more, such as 2.50.");
        foreach (var option in new Option[] { _limit, _offset, _model, _retry, _maxUsd }) command.Options.Add(option);
    }

    /// <summary>What was given.</summary>
    public RunOptions Read(ParseResult parsed) => new()
    {
        Limit = parsed.GetValue(_limit),
        Offset = parsed.GetValue(_offset),
        Model = parsed.GetValue(_model),
        RetryFailed = parsed.GetValue(_retry) == "failed",
        MaxUsd = Read(parsed.GetValue(_maxUsd)),
    };

    /// <summary>An option that takes a number takes none below zero.</summary>
    public static void NotNegative(Option option) => option.Validators.Add(r =>
    {
        if (r.Tokens is [{ Value: ['-', ..] } only]) r.AddError($"{only.Value} is negative; write 0 or more.");
    });

    /// <summary>A decimal number, written the same way in every country; bounds are in the fix.</summary>
    public static void Number(Option<string?> option, Func<decimal, bool> within, string fix) => option.Validators.Add(r =>
    {
        if (r.Tokens is not [var only]) return;
        if (Read(only.Value) is not { } number) r.AddError($"'{only.Value}' is not a number. {fix}");
        else if (!within(number)) r.AddError($"{only.Value} is out of range. {fix}");
    });

    /// <summary>The number that <see cref="Number"/> let pass; null for none.</summary>
    public static decimal? Read(string? text) => decimal.TryParse(
        text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
