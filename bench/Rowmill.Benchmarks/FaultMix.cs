using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Benchmarks.Limits;

namespace Rowmill.Benchmarks;

/// <summary>What a run through a mix of faults left: rows, wrong answers, and what the faults cost in calls.</summary>
internal static class FaultMix
{
    /// <summary>Extra calls over the clean minimum, as a share of it, that are within the aim.</summary>
    private const double AimedShare = 0.25;

    /// <summary>Extra calls that a poison row may cost besides 2⌈log₂ pack⌉, which find it: the tries alone, and one.</summary>
    private const int PoisonTries = 6;

    /// <summary>Compares an output with a clean run's, row by row, and prints the figures as one JSON object.</summary>
    /// <param name="truth">The output of a run without faults; it may have been packed in another way.</param>
    /// <param name="output">The output of the run.</param>
    /// <param name="summary">The JSON that the run ended with.</param>
    /// <param name="pack">Rows per request.</param>
    public static int Run(string truth, string output, string summary, int pack)
    {
        if (JsonNode.Parse(File.ReadAllText(summary)) is not JsonObject run) throw new InvalidDataException($"no summary in {summary}");
        long rows = 0, answerable = 0, answered = 0, wrong = 0, poison = 0, poisonFailed = 0, failed = 0;
        var reasons = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var poisonReasons = new SortedDictionary<string, long>(StringComparer.Ordinal);
        using var left = OutputCheck.Records(truth).GetEnumerator();
        using var right = OutputCheck.Records(output).GetEnumerator();
        left.MoveNext();
        right.MoveNext();
        var (status, error) = (right.Current.IndexOf("ai_status"), right.Current.IndexOf("ai_error"));
        while (left.MoveNext())
        {
            if (!right.MoveNext()) break;
            rows++;
            var (ended, own) = (right.Current[status], left.Current);
            var poisoned = own[0].StartsWith(SongTable.Poison, StringComparison.Ordinal);
            if (poisoned) poison++;
            else answerable++;
            if (ended == "answered")
            {
                if (!poisoned) answered++;
                // Another source row, or another answer than the clean run gave this one.
                if (!own.SequenceEqual(right.Current)) wrong++;
            }
            else
            {
                if (ended == "failed" && poisoned && right.Current[error].Length > 0) poisonFailed++;
                if (ended == "failed" && !poisoned) failed++;
                var of = poisoned ? poisonReasons : reasons;
                var reason = $"{ended}: {right.Current[error]}";
                of[reason] = of.GetValueOrDefault(reason) + 1;
            }
        }

        var sent = (long)Number(run, "calls", "sent");
        var clean = (rows + pack - 1) / pack;
        var perPoison = 2 * (int)Math.Ceiling(Math.Log2(pack)) + PoisonTries;
        var bound = AimedShare * clean + (double)perPoison * poison;
        var figures = new JsonObject
        {
            ["answerable"] = answerable,
            ["answered"] = answered,
            ["wrong"] = wrong,
            ["failed_answerable"] = failed,
            ["poison"] = poison,
            ["poison_failed"] = poisonFailed,
            ["calls"] = sent,
            ["clean_calls"] = clean,
            ["extra_calls"] = sent - clean,
            ["extra_share"] = Math.Round((double)(sent - clean) / clean, 4),
            ["bound_calls"] = bound,
            ["calls_per_poison"] = perPoison,
            ["rate_limited"] = Number(run, "calls", "rate_limited"),
            ["state"] = run["state"]?.GetValue<string>(),
            ["poison_reasons"] = Counts(poisonReasons),
            ["other_reasons"] = Counts(reasons),
        };
        Console.WriteLine(figures.ToJsonString());
        return 0;
    }

    /// <summary>The section on faults: every run, as the seeds differ.</summary>
    public static void Summarize(IReadOnlyList<JsonObject> all)
    {
        List<JsonObject> runs = [.. all.Where(r => Word(r, "workload") == "faults")];
        if (runs.Count == 0) return;
        Console.WriteLine(Text(
            $"""

            ## A mix of faults

            `bench/run.sh faults`: {Number(runs[0], "rows"):N0} songs, one in 500 of them poison (whatever pack holds it gets garbage), against `rowmill simulate`
            with {Word(runs[0], "mix")}.
            Wrong answers by comparison with a run of the same seed without faults. Bound on the extra calls: 25 % of the clean minimum, and
            2⌈log₂ pack⌉ + {PoisonTries} per poison row.

            """));
        var table = new MarkdownTable(
            "pack, seed", "answered of answerable", "poison failed", "wrong", "calls", "clean", "extra", "extra %", "bound", "refused by limits", "seconds", "exit");
        foreach (var run in runs.OrderByDescending(r => Number(r, "pack")))
        {
            table.Add(
                Text($"{Number(run, "pack")}, {Number(run, "seed")}"), Text($"{Number(run, "answered"):N0} / {Number(run, "answerable"):N0}"),
                Text($"{Number(run, "poison_failed")} / {Number(run, "poison")}"), Text($"{Number(run, "wrong")}"), Text($"{Number(run, "calls"):N0}"),
                Text($"{Number(run, "clean_calls"):N0}"), Text($"{Number(run, "extra_calls"):N0}"), Text($"{Number(run, "extra_share") * 100:0.0}"),
                Text($"{Number(run, "bound_calls"):N0}"), Text($"{Number(run, "rate_limited")}"), Text($"{Number(run, "wall_s"):0.0}"), Text($"{Number(run, "rc")}"));
        }

        table.Write(Console.Out);
        Console.WriteLine();
        foreach (var (group, name) in (ReadOnlySpan<(string, string)>)[("poison_reasons", "poison rows"), ("other_reasons", "other rows without an answer")])
        {
            var counts = runs.Select(r => r[group]).OfType<JsonObject>().SelectMany(o => o).GroupBy(p => p.Key, p => p.Value!.GetValue<double>(), StringComparer.Ordinal);
            foreach (var reason in counts.OrderByDescending(g => g.Sum())) Console.WriteLine(Text($"- {name}, all runs: {reason.Sum():0} {reason.Key}"));
        }
    }

    private static JsonObject Counts(SortedDictionary<string, long> counts) =>
        new(counts.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)JsonValue.Create(c.Value))));

    private static double Number(JsonObject run, string group, string name) => run[group] is JsonObject inner ? Number(inner, name) : 0;

    private static double Number(JsonObject run, string name) => Measurements.Number(run, name) ?? 0;

    private static string? Word(JsonObject run, string name) => run[name]?.GetValue<string>();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
