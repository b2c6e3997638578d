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
        OverHttp(Last(runs, "limits-http"));
        Quota(Last(runs, "W4"));
        Plans([.. runs.Where(r => Word(r, "workload") == "plan")]);
    }

    private static void Cases(List<JsonObject> runs)
    {
        if (runs.Count == 0) return;
        Console.WriteLine(
            """

            ## Limits on the simulated clock

            `bench/run.sh limits`: the engine itself (runs, packing, windows), memory for its stores, against a pretend service in the same
            process that enforces the limits with code of its own, behind delays drawn from a seed. The clock goes to the next timer only
            when the thread pool, which has one worker, has nothing left to do; every case runs twice and must give the same ledger. Bound: by
            the service's ledger, (what it took - what its window holds when full) / the window's rate, for calendar days the midnights
            needed, and the quickest reply once; no scheduler beats it. Achieved: until the last reply left the service.

            """);
        var table = new MarkdownTable("case", "rows", "calls", "refused", "bound", "achieved", "efficiency", "aim");
        foreach (var run in runs)
        {
            var efficiency = Measurements.Number(run, "efficiency");
            table.Add(
                Word(run, "case"), Count(run, "rows"), Count(run, "calls"), Count(run, "refused"), Span(run, "bound_s"), Span(run, "achieved_s"),
                efficiency is { } e ? Text($"{e:0.000}") : $"{Word(run, "state")}, {Count(run, "answered")} answered", Text($"{Measurements.Number(run, "aim"):0.00}"));
        }

        table.Write(Console.Out);
        Console.WriteLine();
        foreach (var run in runs.Where(r => Word(r, "case").Contains("concurrency auto", StringComparison.Ordinal)))
            Console.WriteLine($"- {Word(run, "case")}: at most {Count(run, "max_in_flight")} in flight, {Count(run, "overloaded")} turned away");
        var known = runs.Where(r => r["learns"]?.GetValue<bool>() == false).Sum(r => Measurements.Number(r, "refused") ?? 0);
        var same = runs.Count(r => r["same_twice"]?.GetValue<bool>() == true);
        var below = runs.Count(r => (Measurements.Number(r, "efficiency") ?? 0) < Measurements.Number(r, "aim"));
        Console.WriteLine(Text($"- {runs.Count - below} of {runs.Count} reach their aim; refusals where the limits are written: {known:0}"));
        Console.WriteLine(Text($"- {same} of {runs.Count} cases run twice with one seed gave the same ledger, call by call"));
    }

    private static void ScenarioTable(List<JsonObject> runs)
    {
        if (runs.Count == 0) return;
        Console.WriteLine(
            """

            ## The five source systems on the simulated clock

            `bench/run.sh limits` too, with the same pretend service. Rowmill chooses its packs and stays through every limit (`--wait`); its
            bound is that of its own calls. The loops send one request after the other with the same words and the same room for the reply,
            pause 60 s / (requests a minute) after each, and wait after a refusal as long as it says.

            """);
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
                    done && Measurements.Number(run, "bound_s") is not null ? Span(run, "bound_s") : "");
                name = "";
            }
        }

        table.Write(Console.Out);
    }

    private static void OverHttp(List<JsonObject> runs)
    {
        if (runs.Count == 0) return;
        Console.WriteLine(
            """

            ## Limits over HTTP, in real time

            `bench/run.sh limits-http`: the program against `rowmill simulate` with those limits, each on a core of its own. Bound: from the
            simulator's counts, with the reply's latency once. Achieved: the whole process, from its start to its end.

            """);
        var table = new MarkdownTable("case", "rows answered", "calls", "refused", "most in flight", "bound s", "achieved s", "efficiency");
        foreach (var run in runs)
        {
            var (bound, wall) = (HttpBound(run), Measurements.Number(run, "wall_s") ?? 0);
            var all = Value(run, "rows") * (Measurements.Number(run, "processes") ?? 1);
            var done = Value(run, "answered") >= all;
            table.Add(
                Word(run, "case"), Text($"{Value(run, "answered"):N0} of {all:N0}"), Count(run, "accepted"),
                Text($"{Value(run, "requests") - Value(run, "accepted"):N0}"), Count(run, "max_in_flight"), Text($"{bound:0.0}"), Text($"{wall:0.0}"),
                done ? Text($"{bound / wall:0.000}") : "not done");
        }

        table.Write(Console.Out);
    }

    /// <summary>From the server's own counts; see <see cref="LowerBound"/>.</summary>
    private static double HttpBound(JsonObject run)
    {
        double requests = Value(run, "accepted"), tokens = Value(run, "prompt_tokens") + Value(run, "output_tokens"), bound = 0;
        if (Measurements.Number(run, "rpm") is { } rpm) bound = Math.Max(bound, (requests - (Measurements.Number(run, "burst") ?? rpm)) / (rpm / 60));
        if (Measurements.Number(run, "tpm") is { } tpm) bound = Math.Max(bound, (tokens - tpm) / (tpm / 60));
        return Measurements.Number(run, "slots") is { } slots ? requests * Value(run, "latency_s") / slots : bound + Value(run, "latency_s");
    }

    private static void Quota(List<JsonObject> runs)
    {
        if (runs.Count == 0) return;
        Console.WriteLine("\n## W4: 1,200 rows at 1,200 requests and 400,000 tokens a minute, a burst of one second, 128 in flight\n\n`bench/run.sh W4`: the shared mock with `--rpm 1200 --tpm 400000`.\n");
        var table = new MarkdownTable("limits in the job", "rows answered", "makespan s", "efficiency", "requests sent", "429s", "client CPU s");
        foreach (var run in runs)
        {
            // 20 from the full bucket, 1,180 at 20 a second.
            const double bound = 59;
            var done = Value(run, "answered") >= Value(run, "rows");
            table.Add(
                Word(run, "program"), Text($"{Value(run, "answered"):N0} of {Value(run, "rows"):N0}"), Text($"{Value(run, "wall_s"):0.0}"),
                done ? Text($"{bound / Value(run, "wall_s"):0.000}") : "not done", Count(run, "requests"), Count(run, "status_429"),
                Text($"{Value(run, "user_s") + Value(run, "sys_s"):0.00}"));
        }

        table.Write(Console.Out);
        Console.WriteLine("\n- bound 59 s; the best peer that loses nothing: 100 s (297 refusals), the next 115 s (1,900)");
    }

    private static void Plans(List<JsonObject> runs)
    {
        if (runs.Count == 0) return;
        Console.WriteLine("\n## A month planned: `rowmill plan` of ten million rows\n\n`bench/run.sh plan10m`; the table of 10,000,000 songs is written before and removed after.\n");
        var table = new MarkdownTable("rows", "wall s", "CPU s", "peak MB", "exit") { Words = 0 };
        foreach (var run in runs.GroupBy(r => Value(r, "rows")).OrderBy(g => g.Key).Select(g => g.Last()))
        {
            table.Add(
                Count(run, "rows"), Text($"{Value(run, "wall_s"):0.00}"), Text($"{Value(run, "user_s") + Value(run, "sys_s"):0.00}"),
                Text($"{Value(run, "rss_kb") * 1024 / 1e6:0}"), Count(run, "rc"));
        }

        table.Write(Console.Out);
    }

    /// <summary>The last run of each case and program, in the order of the first.</summary>
    private static List<JsonObject> Last(IReadOnlyList<JsonObject> runs, string workload) =>
        [.. runs.Where(r => Word(r, "workload") == workload).GroupBy(r => (Word(r, "case"), Word(r, "program"))).Select(g => g.Last())];

    private static string Word(JsonObject run, string name) => run[name]?.GetValue<string>() ?? "";

    private static double Value(JsonObject run, string name) => Measurements.Number(run, name) ?? 0;

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
