using Rowmill.Core.Models;
using Rowmill.Core.Outputs;

namespace Rowmill.Core.Jobs;

/// <summary>The columns a job speaks of, against those it has.</summary>
public static class JobColumns
{
    /// <summary>Checks a job against its opened source: columns it names and the source lacks, and columns that it would add twice.</summary>
    /// <param name="job">The job.</param>
    /// <param name="columns">The source's columns in order.</param>
    /// <returns>Every problem, in the order of the job file; empty when all is well.</returns>
    public static IReadOnlyList<Problem> Check(Job job, IReadOnlyList<string> columns) =>
        Check(job, columns, job.Question.Schema.Properties);

    /// <summary><see cref="Check(Job, IReadOnlyList{string})"/> with the answer's properties given.</summary>
    internal static IReadOnlyList<Problem> Check(Job job, IReadOnlyList<string> columns, IReadOnlyList<string> properties)
    {
        var problems = new List<Problem>();
        var present = columns.ToHashSet(StringComparer.Ordinal);
        Missing("source.key", job.Source.Key);
        Missing("source.fields", job.Source.Fields);
        Missing("source.require", job.Source.Require);
        foreach (var problem in CheckAnswer(job.Output, properties, job.Routes))
            problems.Add(problem with { File = job.File, Line = Line(job, problem.Key!) });

        var collisions = Added(job.Output, properties, job.Routes).Where(present.Contains).ToArray();
        if (collisions.Length > 0)
        {
            var free = FreePrefix(columns);
            problems.Add(new Problem($"{job.Source.Name} already has {Some(collisions)}, which the output would add.")
            {
                File = job.File,
                Line = Line(job, "output.prefix"),
                Key = "output.prefix",
                Fix = $"Write prefix: {free} under output.",
            });
        }

        return [.. problems.OrderBy(p => p.Line ?? 0)];

        void Missing(string key, IReadOnlyList<string> names)
        {
            for (var i = 0; i < names.Count; i++)
            {
                if (present.Contains(names[i])) continue;
                problems.Add(new Problem($"{job.Source.Name} has no column '{names[i]}'.")
                {
                    File = job.File,
                    Line = Line(job, $"{key}[{i}]"),
                    Key = $"{key}[{i}]",
                    Fix = columns.Count == 0 ? "The source has no columns at all." : NearestName.Suggest(names[i], columns),
                });
            }
        }
    }

    /// <summary>
    /// Answer columns that collide with each other or with the status columns, and spread columns that are no property.
    /// Keys are <c>answer.properties.NAME</c> and <c>output.spread.NAME</c>.
    /// </summary>
    internal static IReadOnlyList<Problem> CheckAnswer(OutputOptions output, IReadOnlyList<string> properties, IReadOnlyList<Route> routes)
    {
        var problems = new List<Problem>();
        foreach (var name in output.Spread.Keys.Where(n => !properties.Contains(n)))
            problems.Add(new Problem($"The answer has no property '{name}'.")
            {
                Key = $"output.spread.{name}",
                Fix = NearestName.Suggest(name, properties),
            });
        if (output.Kind == OutputKind.Jsonl) return problems;

        var owners = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [$"{output.Prefix}status"] = "the row's status",
            [$"{output.Prefix}error"] = "the row's error",
        };
        if (IsSimulated(routes)) owners.Add($"{output.Prefix}simulated", "the mark of a simulated run");
        foreach (var property in properties)
            foreach (var column in ColumnsOf(output, property))
                if (!owners.TryAdd(column, $"'{property}'"))
                    problems.Add(new Problem($"The column {column} would be both {owners[column]} and '{property}'.")
                    {
                        Key = $"answer.properties.{property}",
                        Fix = "Rename the property.",
                    });
        return problems;
    }

    /// <summary>A prefix that no column begins with, the usual one first.</summary>
    internal static string FreePrefix(IReadOnlyList<string> columns)
    {
        for (var i = 1; ; i++)
        {
            var prefix = i == 1 ? "ai_" : $"ai{i}_";
            if (!columns.Any(c => c.StartsWith(prefix, StringComparison.Ordinal))) return prefix;
        }
    }

    // What the output adds to the source's columns.
    private static IEnumerable<string> Added(OutputOptions output, IReadOnlyList<string> properties, IReadOnlyList<Route> routes)
    {
        string[] own = IsSimulated(routes) ? ["status", "error", "simulated"] : ["status", "error"];
        return own.Select(name => output.Prefix + name).Concat(
            output.Kind == OutputKind.Jsonl ? [$"{output.Prefix}answer"] : properties.SelectMany(p => ColumnsOf(output, p)));
    }

    private static bool IsSimulated(IReadOnlyList<Route> routes) => routes.Any(r => r.Provider == "simulator");

    private static IEnumerable<string> ColumnsOf(OutputOptions output, string property) =>
        output.Spread.TryGetValue(property, out var count)
            ? Enumerable.Range(1, count).Select(n => $"{output.Prefix}{property}_{n}")
            : [$"{output.Prefix}{property}"];

    // The line of a path, or of the nearest key above it.
    private static int? Line(Job job, string key)
    {
        for (var path = key; path.Length > 0;)
        {
            if (job.Lines.TryGetValue(path, out var line)) return line;
            var cut = path.LastIndexOfAny(['.', '[']);
            path = cut < 0 ? "" : path[..cut];
        }

        return null;
    }

    private static string Some(IReadOnlyList<string> columns)
    {
        const int shown = 5;
        var names = string.Join(", ", columns.Take(shown).Select(c => $"'{c}'"));
        var more = columns.Count > shown ? $" and {columns.Count - shown} more" : "";
        return columns.Count == 1 ? $"a column {names}" : $"columns {names}{more}";
    }
}
