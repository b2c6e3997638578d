using System.Globalization;
using Rowmill.Core;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Console;

/// <summary>A run's summary in words.</summary>
internal static class SummaryText
{
    /// <summary>Writes it.</summary>
    public static void Write(TextWriter people, RunSummary s)
    {
        people.WriteLine($"{s.Job}: {Words.Sentence(s.Message ?? Word(s.State))}");
        people.WriteLine($"  {Rows(s.Rows)}");
        people.WriteLine($"  {Calls(s)}");
        if (s.InDoubt.Calls > 0) people.WriteLine($"  in doubt from earlier runs: {Doubt(s.InDoubt)}, {Words.Usd(s.InDoubt.Usd)} at most");
        if (s.Cleared.Calls > 0) people.WriteLine($"  cleared now: {Counted.Of(s.Cleared.Calls, "call")} in doubt; {Words.Usd(s.Cleared.Usd)} stay counted for them");
        if (s.Cleared.Left > 0) people.WriteLine($"  {Counted.Of(s.Cleared.Left, "call")} {(s.Cleared.Left == 1 ? "stays" : "stay")} in doubt (see: rowmill calls --in-doubt)");
        if (s.ResumeAt is { } at)
            people.WriteLine($"  {(s.State == RunState.InBatches ? "look again" : "the next call fits")} at {Words.Time(at)}{(s.FinishAt is { } end ? $", the rest would be done by {Words.Time(end)}" : "")}");
        if (s.Simulated) people.WriteLine("  SIMULATED: the labels come from the simulator and mean nothing.");
        if (s.Output is not null) people.WriteLine($"  output {s.Output}");
    }

    /// <summary>Calls in doubt and their rows, in words.</summary>
    public static string Doubt(Doubt doubt) => $"{Counted.Of(doubt.Calls, "call")} with {Counted.Of(doubt.Rows, "row")}"
        + (doubt.Batches == 0 ? "" : $" ({Counted.Batches(doubt.Batches)} among them)");

    /// <summary>Row counts in words.</summary>
    public static string Rows(RowCounts r)
    {
        var parts = new List<string> { string.Create(CultureInfo.InvariantCulture, $"{r.Answered:N0} of {Counted.Of(r.Total, "row")} answered") };
        Add(r.Abstained, "abstained");
        Add(r.Invalid, "invalid");
        Add(r.Failed, "failed");
        Add(r.Pending, "pending");
        Add(r.FromCache, "known from earlier runs");
        return string.Join(", ", parts);

        void Add(long count, string what)
        {
            if (count > 0) parts.Add(string.Create(CultureInfo.InvariantCulture, $"{count:N0} {what}"));
        }
    }

    private static string Calls(RunSummary s)
    {
        var calls = Counted.Of(s.Calls.Sent, "call");
        if (s.Calls.Sent == 0) return calls;
        var bad = new List<string>();
        if (s.Calls.Failed > 0) bad.Add($"{s.Calls.Failed} failed");
        if (s.Calls.RateLimited > 0) bad.Add($"{s.Calls.RateLimited} refused by a limit");
        if (bad.Count > 0) calls += $" ({string.Join(", ", bad)})";
        var money = s.Usd is { } usd ? Words.Usd(usd) : "cost unknown";
        return string.Create(
            CultureInfo.InvariantCulture, $"{calls}, {s.Tokens.Input:N0} tokens in, {s.Tokens.Output:N0} out, {money}, {s.Elapsed.TotalSeconds:0.0} s");
    }

    private static string Word(RunState state) => state switch
    {
        RunState.Completed => "completed",
        RunState.CompletedWithGaps => "finished, with gaps",
        _ => SummaryJson.Word(state).Replace('_', ' '),
    };
}
