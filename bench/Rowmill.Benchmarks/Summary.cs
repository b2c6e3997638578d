using System.Globalization;
using System.Text.Json.Nodes;

namespace Rowmill.Benchmarks;

/// <summary>The results as the Markdown of <c>bench/RESULTS.md</c>: medians over the runs, against the aims.</summary>
internal static class Summary
{
    public static int Write(string results, string[] parts)
    {
        var runs = File.ReadLines(results).Select(line => (JsonObject)JsonNode.Parse(line)!).ToList();
        Console.WriteLine("# Benchmarks\n");
        foreach (var part in parts) Console.WriteLine($"- {part[..part.IndexOf('=')]}: {part[(part.IndexOf('=') + 1)..]}");
        Console.WriteLine(
            """

            The server (the shared mock, no latency) has one core, the client another. Wall time, CPU and peak memory are those of
            the whole process: CSV in, SQLite, CSV out. Medians; every run is one line of the results file behind this page. The
            floor sends as many requests of the same mean size and only reads the replies; the peer stores nothing.
            """);
        foreach (var workload in (string[])["W1", "W3"]) Workload(workload, runs);
        Memory(runs);
        Batches(runs);
        Others(runs);
        FaultMix.Summarize(runs);
        Limits.LimitsSummary.Write(runs);
        return 0;
    }

    private static void Workload(string workload, List<JsonObject> runs)
    {
        var mine = Of(runs, workload);
        if (mine.Count == 0) return;
        var first = mine[0];
        Console.WriteLine(Text(
            $"\n## {workload}: {Number(first, "rows"):N0} rows, {Number(first, "pack")} per request, {Number(first, "concurrency")} in flight\n"));
        Console.WriteLine("| program | runs | rows/s (min-max) | wall s | CPU s | CPU µs/row | peak MB | request bytes | server CPU s | answered |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        foreach (var program in (string[])["rowmill", "floor", "openai-sdk"])
        {
            var of = mine.Where(run => Word(run, "program") == program).ToList();
            if (of.Count == 0) continue;
            var rates = of.Select(Rate).Order().ToList();
            var cpu = Median(of, Cpu);
            var answered = program == "floor" ? "-" : Text($"{of.Min(run => Number(run, "answered")):N0}");
            Console.WriteLine(Text(
                $"| {program} | {of.Count} | {Median(of, Rate):N0} ({rates[0]:N0}-{rates[^1]:N0}) | {Wall(of):F2} | {cpu:F2} | {cpu * 1e6 / Number(first, "rows"):F1} | {Megabytes(of):F0} | {Median(of, r => Number(r, "body_bytes") / Math.Max(1, Number(r, "requests"))):F0} | {Median(of, r => Number(r, "server_cpu_s")):F2} | {answered} |"));
        }

        Ratio("floor", null);
        Ratio("openai-sdk", workload == "W1" ? 4 : 2);
        var rowmill = mine.Where(run => Word(run, "program") == "rowmill").ToList();
        if (rowmill.Count > 0) Console.WriteLine(Text($"- peak memory {Megabytes(rowmill):F0} MB; aim at most 150 MB"));

        void Ratio(string other, double? aim)
        {
            var a = mine.Where(run => Word(run, "program") == "rowmill").ToList();
            var b = mine.Where(run => Word(run, "program") == other).ToList();
            if (a.Count == 0 || b.Count == 0) return;
            var lead = other == "floor" ? "\n" : "";
            if (a.Any(run => Number(run, "answered") != Number(run, "rows")))
            {
                Console.WriteLine($"{lead}- rowmill / {other}: no figure, rowmill did not answer every row");
                return;
            }

            Console.WriteLine(Text(
                $"{lead}- rowmill / {other}: {Median(a, Rate) / Median(b, Rate):F2} × the rows/s{(aim is null ? "" : $" (aim at least {aim} ×)")}, {Median(a, Cpu) / Median(b, Cpu):F2} × the CPU"));
        }
    }

    private static void Memory(List<JsonObject> runs)
    {
        var of = Of(runs, "memory").GroupBy(run => Number(run, "rows")).OrderBy(group => group.Key).Select(group => group.ToList()).ToList();
        if (of.Count == 0) return;
        Console.WriteLine("\n## Memory does not grow with the table: 50 rows per request\n\n| rows | wall s | rows/s | CPU s | peak MB | answered |\n|--:|--:|--:|--:|--:|--:|");
        foreach (var run in of)
        {
            Console.WriteLine(Text(
                $"| {Number(run[0], "rows"):N0} | {Wall(run):F2} | {Median(run, Rate):N0} | {Median(run, Cpu):F2} | {Megabytes(run):F0} | {run.Min(r => Number(r, "answered")):N0} |"));
        }

        if (of.Count > 1) Console.WriteLine(Text($"\n- largest / smallest: {Megabytes(of[^1]) / Megabytes(of[0]):F2} × the memory; aim at most 1.2 ×"));
    }

    private static void Batches(List<JsonObject> runs)
    {
        var of = Of(runs, "batch-prepare").Concat(Of(runs, "batch-fetch")).ToList();
        if (of.Count == 0) return;
        Console.WriteLine("\n## Batches: request files written, results read, 20 rows per request\n\n| rows | step | wall s | rows/s | CPU s | peak MB | answered |\n|--:|---|--:|--:|--:|--:|--:|");
        foreach (var rows in of.GroupBy(run => Number(run, "rows")).OrderBy(group => group.Key))
        {
            foreach (var step in rows.GroupBy(run => Word(run, "workload")!).Select(group => group.ToList()))
            {
                var answered = Word(step[0], "workload") == "batch-fetch" ? Text($"{step.Min(r => Number(r, "answered")):N0}") : "-";
                Console.WriteLine(Text(
                    $"| {rows.Key:N0} | {Word(step[0], "workload")!["batch-".Length..]} | {Wall(step):F2} | {Median(step, Rate):N0} | {Median(step, Cpu):F2} | {Megabytes(step):F0} | {answered} |"));
            }

            var both = rows.GroupBy(run => Word(run, "workload")!).Sum(group => Wall(group.ToList()));
            Console.WriteLine(Text($"| {rows.Key:N0} | both | {both:F2} | {rows.Key / both:N0} | | | |"));
        }
    }

    private static void Others(List<JsonObject> runs)
    {
        List<JsonObject> again = Of(runs, "rerun"), help = Of(runs, "help");
        if (again.Count + help.Count == 0) return;
        Console.WriteLine("\n## Starts\n\n| what | runs | wall s | aim |\n|---|--:|--:|--:|");
        if (again.Count > 0)
        {
            Console.WriteLine(Text(
                $"| finished job of {Number(again[0], "rows"):N0} rows run again, {again.Max(r => Number(r, "requests")):N0} requests (median) | {again.Count} | {Wall(again):F2} | 3 |"));
        }

        if (help.Count > 0) Console.WriteLine(Text($"| `rowmill --help` through the launcher (best) | {help.Count} | {help.Min(run => Number(run, "wall_s")):F3} | 0.3 |"));
    }

    private static List<JsonObject> Of(List<JsonObject> runs, string workload) =>
        runs.Where(run => Word(run, "workload") == workload).ToList();

    private static string? Word(JsonObject run, string name) => run[name]?.GetValue<string>();

    private static double Number(JsonObject run, string name) => Measurements.Number(run, name) ?? 0;

    private static double Rate(JsonObject run) => Number(run, "rows") / Number(run, "wall_s");

    private static double Cpu(JsonObject run) => Number(run, "user_s") + Number(run, "sys_s");

    private static double Wall(List<JsonObject> runs) => Median(runs, run => Number(run, "wall_s"));

    private static double Megabytes(List<JsonObject> runs) => Median(runs, run => Number(run, "rss_kb") * 1024 / 1e6);

    private static double Median(List<JsonObject> runs, Func<JsonObject, double> value)
    {
        var values = runs.Select(value).Order().ToList();
        return values.Count % 2 == 1 ? values[values.Count / 2] : (values[values.Count / 2 - 1] + values[values.Count / 2]) / 2;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
