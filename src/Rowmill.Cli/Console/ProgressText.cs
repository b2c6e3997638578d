using System.Globalization;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Console;

/// <summary>A run's progress in words.</summary>
internal static class ProgressText
{
    private static readonly CultureInfo s_plain = CultureInfo.InvariantCulture;

    /// <summary>One line: rows, pace, calls, tokens, money, time left, what it waits for.</summary>
    public static string Line(RunProgress p)
    {
        var done = p.Rows.Total - p.Rows.Pending;
        var line = string.Create(s_plain, $"{done:N0} of {p.Rows.Total:N0} rows, {Pace(p)}, {p.Calls.Sent:N0} calls, {Tokens(p)}{Money(p)}");
        if (p.Rows.Failed + p.Rows.Invalid > 0) line += string.Create(s_plain, $", {p.Rows.Failed:N0} failed, {p.Rows.Invalid:N0} invalid");
        if (p.Phase == RunPhase.Writing) return $"{line}, writing the output";
        if (Waiting(p) is { } waiting) return $"{line}, {waiting}";
        return p.Remaining is { } left ? $"{line}, {Time(left)} left" : line;
    }

    /// <summary>Rows per second.</summary>
    public static string Pace(RunProgress p) => string.Create(s_plain, $"{p.RowsPerSecond:#,0.#} rows/s");

    /// <summary>Tokens in and out.</summary>
    public static string Tokens(RunProgress p) => string.Create(s_plain, $"{p.Tokens.Input:N0} tokens in, {p.Tokens.Output:N0} out");

    /// <summary>Money, after a comma; empty when unknown or none.</summary>
    public static string Money(RunProgress p) => p.Usd is > 0 ? string.Create(s_plain, $", {p.Usd:0.####} USD") : "";

    /// <summary>What it waits for and until when; null when it does not wait.</summary>
    public static string? Waiting(RunProgress p) =>
        p.WaitingFor is null ? null : $"waiting until {p.WaitingUntil?.ToLocalTime().ToString("HH:mm:ss", s_plain)} for {p.WaitingFor}";

    /// <summary>A span of time as people say it.</summary>
    public static string Time(TimeSpan span) => span switch
    {
        { TotalSeconds: < 90 } => string.Create(s_plain, $"{Math.Ceiling(span.TotalSeconds):0} s"),
        { TotalMinutes: < 90 } => string.Create(s_plain, $"{Math.Ceiling(span.TotalMinutes):0} min"),
        { TotalHours: < 48 } => string.Create(s_plain, $"{span.TotalHours:0.#} h"),
        _ => string.Create(s_plain, $"{span.TotalDays:0.#} days"),
    };
}
