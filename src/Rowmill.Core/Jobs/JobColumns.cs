using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;

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
        var problems = Missing(job.Source, columns);
        var present = columns.ToHashSet(StringComparer.Ordinal);
        problems.AddRange(CheckAnswer(job.Output, properties, job.Routes));

        var collisions = OutputColumns.Added(job.Output, properties, IsSimulated(job.Routes)).Select(c => c.Name).Where(present.Contains).ToArray();
        if (collisions.Length > 0)
        {
            var free = FreePrefix(columns);
            problems.Add(new Problem($"{job.Source.Name} already has {Some(collisions)}, which the output would add.")
            {
                Key = "output.prefix",
                Fix = $"Write prefix: {free} under output.",
            });
        }

        return [.. problems.Select(p => JobLines.Locate(job, p)).OrderBy(p => p.Line ?? 0)];
    }

    /// <summary>The columns that a source's options name and the source lacks.</summary>
    internal static List<Problem> Missing(SourceOptions source, IReadOnlyList<string> columns)
    {
        var problems = new List<Problem>();
        var present = columns.ToHashSet(StringComparer.Ordinal);
        Of("source.key", source.Key);
        Of("source.fields", source.Fields);
        Of("source.require", source.Require);
        return problems;

        void Of(string key, IReadOnlyList<string> names)
        {
            for (var i = 0; i < names.Count; i++)
            {
                if (present.Contains(names[i])) continue;
                problems.Add(new Problem($"{source.Name} has no column '{names[i]}'.")
                {
                    Key = $"{key}[{i}]",
                    Fix = columns.Count == 0 ? "The source has no columns at all." : NearestName.Suggest(names[i], columns),
                });
            }
        }
    }

    /// <summary>
    /// Answer columns that collide with each other or with the status columns, and a spread of no property or no size.
    /// Keys are <c>answer.properties.NAME</c> and <c>output.spread.NAME</c>.
    /// </summary>
    internal static IReadOnlyList<Problem> CheckAnswer(OutputOptions output, IReadOnlyList<string> properties, IReadOnlyList<Route> routes)
    {
        var problems = new List<Problem>();
        foreach (var (name, count) in output.Spread)
        {
            var key = $"output.spread.{name}";
            if (!properties.Contains(name))
                problems.Add(new Problem($"The answer has no property '{name}'.") { Key = key, Fix = NearestName.Suggest(name, properties) });
            if (count is < 1 or > 1000)
                problems.Add(new Problem($"{count} columns are no spread.") { Key = key, Fix = "Write a number from 1 to 1000." });
        }

        if (problems.Count > 0) return problems;
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var column in OutputColumns.Added(output, properties, IsSimulated(routes)).OrderBy(c => c.Property is not null))
            if (!owners.TryAdd(column.Name, column.Holds))
                problems.Add(new Problem($"The column {column.Name} would be both {owners[column.Name]} and {column.Holds}.")
                {
                    Key = $"answer.properties.{column.Property}",
                    Fix = output.Receipt ? "Rename the property, or leave 'receipt' out." : "Rename the property.",
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

    private static bool IsSimulated(IReadOnlyList<Route> routes) => routes.Any(r => r.Provider == "simulator");

    private static string Some(IReadOnlyList<string> columns)
    {
        const int shown = 5;
        var names = string.Join(", ", columns.Take(shown).Select(c => $"'{c}'"));
        var more = columns.Count > shown ? $" and {columns.Count - shown} more" : "";
        return columns.Count == 1 ? $"a column {names}" : $"columns {names}{more}";
    }
}
