using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.KillKit;

namespace Rowmill.SystemTests.Support;

/// <summary>What many kills came to.</summary>
internal static class KillFigures
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    /// <summary>The figures as one document.</summary>
    public static JsonObject Of(IReadOnlyList<KillReport> reports)
    {
        var kills = reports.SelectMany(r => r.Kills).ToList();
        return new JsonObject
        {
            ["cases"] = reports.Count,
            ["kills"] = kills.Count,
            ["not_met"] = reports.Sum(r => r.Plan.Strokes.Count) - kills.Count,
            ["by_kind"] = Counts(kills.Select(k => k.Stroke.Kind.ToString())),
            ["by_moment"] = Counts(kills.Select(k => k.Stroke.Where)),
            ["by_fault"] = Counts(reports.SelectMany(r => r.Kills.Select(_ => r.Plan.Fault))),
            ["rows_lost"] = reports.Sum(r => r.Lost),
            ["answers_misplaced"] = reports.Sum(r => r.Misplaced),
            ["calls_asked_before_kills"] = kills.Sum(k => k.Asked.Count),
            ["calls_in_flight_at_kills"] = Sums(kills.Select(k => k.InFlight)),
            ["calls_stored_but_cut_off"] = Sums(kills.Select(k => k.Unsynced)),
            ["calls_paid_twice"] = Sums(reports.Select(r => r.PaidTwice)),
            ["calls_paid_twice_beyond_the_bound"] = reports.Sum(r => r.Beyond),
            ["calls_in_doubt"] = Sums(kills.Select(k => k.Doubt)),
            ["calls_in_doubt_in_truth"] = Sums(kills.Select(k => k.Truth)),
            ["doubt_below_truth"] = kills.Sum(k => Math.Max(0, k.Truth - k.Doubt)),
            ["seconds_off_the_disk_at_most"] = kills.Count == 0 ? 0 : kills.Max(k => k.History.Unsynced("rowmill.db-wal")) / (double)DiskRecord.BeatsPerSecond,
            ["problems"] = new JsonArray([.. reports.Where(r => r.Problems.Count > 0).Select(r => (JsonNode)$"{r.Plan}: {string.Join("; ", r.Problems)}")]),
        };
    }

    /// <summary>Writes the document, and its lines, where the results of tests are kept.</summary>
    public static void Write(JsonObject figures)
    {
        var folder = Path.Combine(ProgramRun.Repository, "artifacts", "test-results");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "kill-figures.json"), figures.ToJsonString(s_indented) + "\n");
        File.WriteAllText(Path.Combine(folder, "kill-figures.txt"), Text(figures));
    }

    /// <summary>The document as lines that people read.</summary>
    public static string Text(JsonObject figures)
    {
        var text = new StringBuilder("What the kills came to\n");
        foreach (var (name, value) in figures)
        {
            var words = value is JsonObject counts ? string.Join(", ", counts.Select(c => $"{c.Key} {c.Value}")) : value?.ToString();
            text.Append(CultureInfo.InvariantCulture, $"  {name.Replace('_', ' ')}: {words}\n");
        }

        return text.ToString();
    }

    private static JsonObject Counts(IEnumerable<string> names) =>
        new(names.GroupBy(n => n, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => KeyValuePair.Create(g.Key, (JsonNode?)g.Count())));

    private static JsonObject Sums(IEnumerable<int> values)
    {
        var list = values.ToList();
        return new JsonObject { ["sum"] = list.Sum(), ["most"] = list.DefaultIfEmpty().Max() };
    }
}
