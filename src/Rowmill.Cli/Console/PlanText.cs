using System.Globalization;
using Rowmill.Core;
using Rowmill.Core.Planning;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Console;

/// <summary>A plan in words: a table, then what it rests on.</summary>
internal static class PlanText
{
    private static readonly CultureInfo s_plain = CultureInfo.InvariantCulture;
    private static readonly string[] s_head = ["model", "rows/call", "calls", "tokens in", "tokens out", "USD", "at least", "expected", "done", "waits for"];
    private static readonly bool[] s_right = [false, true, true, true, true, true, true, true, false, false];

    /// <summary>Writes it.</summary>
    public static void Write(TextWriter people, JobPlan plan)
    {
        people.WriteLine($"{plan.Job}: {Rows(plan.Rows)}");
        if (plan.Rows.ToAsk == 0)
        {
            people.WriteLine("  There is nothing to ask.");
            return;
        }

        var lines = new List<string[]> { s_head };
        foreach (var route in plan.Routes)
        {
            lines.Add(Line(route.Work.Model, route.Work, plan.At));
            foreach (var size in route.PackSizes)
                if (size.PackRows != route.Work.PackRows) lines.Add(Line("", size, plan.At));
            if (route.InBatches is { } batches) lines.Add(Line(Batches(batches), batches.Work, plan.At));
        }

        if (plan.Routes.Count > 1) lines.Add(Line("all as the job uses them", plan.Whole, plan.At));
        people.WriteLine();
        Table(people, lines);
        people.WriteLine();
        foreach (var assumption in plan.Assumptions) people.WriteLine($"  {assumption}");
    }

    private static string Rows(RowTally rows)
    {
        var parts = new List<string> { $"{(rows.Exact ? "" : "about ")}{Counted.Of(rows.ToAsk, "row")} to ask of {rows.Total.ToString("N0", s_plain)}" };
        Add(rows.FromCache, "known already");
        Add(rows.Equal, "equal to another");
        Add(rows.InBatches, "in batches");
        Add(rows.Invalid, "invalid");
        Add(rows.Failed, "failed earlier");
        return string.Join(", ", parts);

        void Add(long count, string what)
        {
            if (count > 0) parts.Add(string.Create(s_plain, $"{count:N0} {what}"));
        }
    }

    private static string[] Line(string model, PlannedWork work, DateTimeOffset now) =>
    [
        model,
        work.PackRows.ToString("N0", s_plain),
        work.Calls.ToString("N0", s_plain),
        Tokens(work.Input),
        Tokens(work.Output),
        work.Usd is { } usd ? usd.Expected.ToString(usd.Expected < 1 ? "0.00##" : "N2", s_plain) : "unknown",
        work.IsBatch ? "" : work.LowerBound is { } bound ? Words.Span(bound) : "never",
        work.Finish is { } finish ? Words.Span(finish) : "never",
        work.Finish is { } left ? LimitWords.Time(now + left, now, TimeZoneInfo.Local) : "",
        work.Finish is null ? "" : work.BindingWindow is { } window ? LimitWords.Name(window) : work.IsBatch ? "the service" : "nothing but the model",
    ];

    private static string Batches(PlannedBatches batches) => $"  in {Counted.Batches(batches.Batches)}";

    private static string Tokens(Estimate tokens) => tokens.Expected.ToString("N0", s_plain);

    private static void Table(TextWriter people, List<string[]> lines)
    {
        var widths = s_head.Select((_, c) => lines.Max(l => l[c].Length)).ToArray();
        foreach (var line in lines)
            people.WriteLine(("  " + string.Join("  ", line.Select((cell, c) => s_right[c] ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c])))).TrimEnd());
    }
}
