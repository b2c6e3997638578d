using System.Globalization;
using System.Text.Json.Nodes;

namespace Rowmill.Benchmarks.Limits;

/// <summary>The results about limits as Markdown: the last run of each case.</summary>
internal static class LimitsSummary
{
    /// <summary>Writes the sections that there are results for.</summary>
    public static void Write(IReadOnlyList<JsonObject> runs)
    {
        Cases(Last(runs, "limits"));
        ScenarioTable(Last(runs, "limits-scenario"));
    }

    private static void Cases(List<JsonObject> runs)
    {
        if (runs.Count == 0) return;
        Console.WriteLine("\n## Limits on the simulated clock\n");
        var table = new MarkdownTable("case", "rows", "calls", "refused", "bound", "achieved", "efficiency", "aim");
        foreach (var run in runs)
        {
            var efficiency = Measurements.Number(run, "efficiency");
            table.Add(
                Word(run, "case"), Count(run, "rows"), Count(run, "calls"), Count(run, "refused"), Span(run, "bound_s"), Span(run, "achieved_s"),
                efficiency is { } e ? Text($"{e:0.000}") : $"{Word(run, "state")}, {Count(run, "answered")} answered", Text($"{Measurements.Number(run, "aim"):0.00}"));
        }

        table.Write(Console.Out);
        var known = runs.Where(r => r["learns"]?.GetValue<bool>() == false).Sum(r => Measurements.Number(r, "refused") ?? 0);
        var same = runs.Count(r => r["same_twice"]?.GetValue<bool>() == true);
        var below = runs.Count(r => (Measurements.Number(r, "efficiency") ?? 0) < Measurements.Number(r, "aim"));
        Console.WriteLine(Text($"\n- {runs.Count - below} of {runs.Count} reach their aim; refusals where the limits are written: {known:0}"));
        Console.WriteLine(Text($"- {same} of {runs.Count} cases run twice with one seed gave the same ledger, call by call"));
    }

    private static void ScenarioTable(List<JsonObject> runs)
    {
        if (runs.Count == 0) return;
        Console.WriteLine("\n## The five source systems on the simulated clock\n");
        var table = new MarkdownTable("scenario", "program", "rows a call", "calls", "refused", "finish", "bound") { Words = 2 };
        foreach (var scenario in runs.GroupBy(r => Word(r, "case")))
        {
            var name = scenario.Key;
            foreach (var run in scenario)
            {
                var done = Word(run, "state") == "completed";
                table.Add(
                    name, Word(run, "program"), Text($"{Measurements.Number(run, "pack"):0.#}"), Count(run, "calls"), Count(run, "refused"),
                    done ? Span(run, "achieved_s") : $"{Word(run, "state")}, {Count(run, "answered")} answered",
                    Measurements.Number(run, "bound_s") is null ? "" : Span(run, "bound_s"));
                name = "";
            }
        }

        table.Write(Console.Out);
    }

    /// <summary>The last run of each case and program, in the order of the first.</summary>
    private static List<JsonObject> Last(IReadOnlyList<JsonObject> runs, string workload) =>
        [.. runs.Where(r => Word(r, "workload") == workload).GroupBy(r => (Word(r, "case"), Word(r, "program"))).Select(g => g.Last())];

    private static string Word(JsonObject run, string name) => run[name]?.GetValue<string>() ?? "";

    private static string Count(JsonObject run, string name) => Text($"{Measurements.Number(run, name):N0}");

    private static string Span(JsonObject run, string name)
    {
        var span = TimeSpan.FromSeconds(Measurements.Number(run, name) ?? 0);
        return span.TotalDays >= 1 ? Text($"{span.Days} d {span.Hours:00} h {span.Minutes:00} m")
            : span.TotalHours >= 1 ? Text($"{span.Hours} h {span.Minutes:00} m {span.Seconds:00} s")
            : span.TotalMinutes >= 1 ? Text($"{span.Minutes} m {span.Seconds:00}.{span.Milliseconds / 100} s")
            : Text($"{span.TotalSeconds:0.00} s");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
