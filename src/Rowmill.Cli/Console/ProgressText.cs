using System.Globalization;
using Rowmill.Core;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Console;

/// <summary>A run's progress in words.</summary>
internal static class ProgressText
{
    private static readonly CultureInfo s_plain = CultureInfo.InvariantCulture;

    /// <summary>One line: rows, pace, calls, tokens, money, time left, what it waits for.</summary>
    public static string Line(RunProgress p, DateTimeOffset now)
    {
        if (p.Rows.Total == 0) return Doing(p, now);
        var line = string.Create(s_plain, $"{Done(p):N0} of {Counted.Of(p.Rows.Total, "row")}, {Pace(p)}, {Counted.Of(p.Calls.Sent, "call")}, {Tokens(p)}{Money(p)}");
        if (p.Rows.Failed + p.Rows.Invalid > 0) line += string.Create(s_plain, $", {p.Rows.Failed:N0} failed, {p.Rows.Invalid:N0} invalid");
        return $"{line}, {Doing(p, now)}";
    }

    /// <summary>Rows that need nothing more.</summary>
    public static long Done(RunProgress p) => p.Rows.Total - p.Rows.Pending;

    /// <summary>Rows per second.</summary>
    public static string Pace(RunProgress p) => string.Create(s_plain, $"{p.RowsPerSecond:#,0.#} rows/s");

    /// <summary>Tokens in and out.</summary>
    public static string Tokens(RunProgress p) => string.Create(s_plain, $"{p.Tokens.Input:N0} tokens in, {p.Tokens.Output:N0} out");

    /// <summary>Money, after a comma; empty when unknown or none.</summary>
    public static string Money(RunProgress p) => p.Usd is > 0 ? $", {Words.Usd(p.Usd.Value)}" : "";

    /// <summary>What it waits for and how long still; null when it does not wait.</summary>
    public static string? Waiting(RunProgress p, DateTimeOffset now)
    {
        if (p.WaitingFor is null || p.WaitingUntil is not { } until) return null;
        var left = until > now ? until - now : TimeSpan.Zero;
        return $"waiting {Words.Span(left)} (until {until.ToLocalTime().ToString("HH:mm:ss", s_plain)}): {p.WaitingFor}";
    }

    /// <summary>What it does at this moment, or how long the rest takes.</summary>
    public static string Doing(RunProgress p, DateTimeOffset now) => p.Phase switch
    {
        RunPhase.Reading => "reading the source",
        RunPhase.Writing => "writing the output",
        _ => Waiting(p, now) ?? (p.Remaining is { } left ? $"about {Words.Span(left)} left" : "asking"),
    };
}
