using System.Globalization;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Console;

/// <summary>A run's summary in words.</summary>
internal static class SummaryText
{
    /// <summary>Writes it.</summary>
    public static void Write(TextWriter people, RunSummary s)
    {
        var plain = CultureInfo.InvariantCulture;
        people.WriteLine(s.Message is null ? $"{s.Job}: {Words(s.State)}." : $"{s.Job}: {s.Message}.");
        people.WriteLine($"  {Rows(s.Rows)}");
        var money = s.Usd is { } usd ? string.Create(plain, $", {usd:0.######} USD") : ", cost unknown";
        people.WriteLine(string.Create(
            plain, $"  {s.Calls.Sent:N0} calls ({s.Calls.Failed:N0} failed, {s.Calls.RateLimited:N0} at a limit), {s.Tokens.Input:N0} tokens in, {s.Tokens.Output:N0} out{money}, {s.Elapsed.TotalSeconds:0.0} s"));
        if (s.InDoubt.Calls > 0) people.WriteLine($"  in doubt from earlier runs: {s.InDoubt.Calls:N0} calls (rowmill calls --in-doubt)");
        if (s.ResumeAt is { } at) people.WriteLine($"  go on after {at.ToLocalTime():yyyy-MM-dd HH:mm:ss}");
        if (s.Simulated) people.WriteLine("  SIMULATED: the labels come from the built-in simulator and mean nothing.");
        if (s.Output is not null) people.WriteLine($"  output {s.Output}");
    }

    /// <summary>Row counts in words.</summary>
    public static string Rows(RowCounts r)
    {
        var parts = new List<string> { string.Create(CultureInfo.InvariantCulture, $"{r.Answered:N0} of {r.Total:N0} rows answered") };
        Add(r.Abstained, "abstained");
        Add(r.Invalid, "invalid");
        Add(r.Failed, "failed");
        Add(r.Pending, "pending");
        Add(r.FromCache, "of them from the store");
        return string.Join(", ", parts);

        void Add(long count, string what)
        {
            if (count > 0) parts.Add(string.Create(CultureInfo.InvariantCulture, $"{count:N0} {what}"));
        }
    }

    private static string Words(RunState state) => state switch
    {
        RunState.Completed => "completed",
        RunState.CompletedWithGaps => "finished, with gaps",
        _ => SummaryJson.Word(state).Replace('_', ' '),
    };
}
