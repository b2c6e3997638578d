using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Commands;

/// <summary>What <c>check</c> finds that keeps no job from running but that a person wants to know before spending.</summary>
internal static class CheckWarnings
{
    private const int InvalidShown = 5;

    // Bounds the memory: a million keys are about 50 MB.
    private const int KeysCounted = 1_000_000;

    /// <summary>Models whose context or price is not known.</summary>
    public static IEnumerable<Problem> Models(Job job, ModelTables tables)
    {
        foreach (var (i, route) in job.Routes.Index())
        {
            var known = tables.Find(route.Provider, route.Model);
            if (!known.Listed && known.ContextTokens == route.ContextTokens && route.Provider != "simulator")
            {
                yield return At($"models[{i}]", string.Create(CultureInfo.InvariantCulture, $"The context of {route.Name} is not known; {route.ContextTokens:N0} tokens are assumed."),
                    "Write context: TOKENS under that model.");
            }

            if (route.Price is null)
                yield return At($"models[{i}]", $"The price of {route.Name} is not known, so neither is the cost.", "Write price: { input: …, output: … } under that model, in USD per million tokens.");
        }

        Problem At(string key, string message, string fix) => job.Locate(new Problem(message) { Key = key, Fix = fix });
    }

    /// <summary>Goes over the rows: what would be sent, what is invalid, what is equal or known.</summary>
    public static async Task<RowFindings> RowsAsync(OpenedJob plan, IAnswerStore answers, CancellationToken cancellationToken)
    {
        await using var first = new FirstRows(plan.Source.Name);
        var counts = await plan.PassAsync(answers, first, cancellationToken: cancellationToken);
        var seen = new HashSet<RowKey>();
        var (looked, equal) = (0L, 0L);
        await foreach (var (_, key) in plan.KeysAsync(cancellationToken))
        {
            if (looked++ == KeysCounted) break;
            if (!seen.Add(key)) equal++;
        }

        return new RowFindings(counts, equal, looked > KeysCounted, first.Invalid, first.Pending);
    }

    /// <summary>What is to be said of the rows.</summary>
    public static IEnumerable<Problem> Of(OpenedJob plan, RowFindings rows)
    {
        foreach (var row in rows.Invalid) yield return row;
        if (rows.Counts.Invalid > rows.Invalid.Count)
            yield return new Problem($"{Counted.Of(rows.Counts.Invalid, "row")} in all will not be sent.") { File = plan.Source.Name };
        if (rows.Equal > 0)
        {
            var where = rows.EqualCut ? $" Of the first {Counted.Of(KeysCounted, "row")}," : "";
            yield return new Problem($"{where}{Counted.Of(rows.Equal, "row")} {(rows.Equal == 1 ? "shows" : "show")} the same as an earlier one; such rows are asked once.".TrimStart())
            {
                File = plan.Source.Name,
                Fix = "Write dedupe: false to ask every one of them.",
            };
        }
    }

    /// <summary>Keeps the first invalid rows, and where the first is that is neither answered nor failed.</summary>
    private sealed class FirstRows(string source) : IRowSink
    {
        public List<Problem> Invalid { get; } = [];

        public long? Pending { get; private set; }

        public ValueTask WriteAsync(Row row, RowVerdict verdict, CancellationToken cancellationToken = default)
        {
            if (verdict.Status == RowStatus.Pending) Pending ??= row.Index;
            if (verdict.Status == RowStatus.Invalid && Invalid.Count < InvalidShown)
                Invalid.Add(new Problem($"Row {row.Index + 1} will not be sent: {verdict.Error}.") { File = source, Line = row.Line });
            return default;
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken = default) => default;

        public ValueTask DisposeAsync() => default;
    }
}

/// <summary>What <c>check</c> found in the rows.</summary>
/// <param name="Counts">Where they stand.</param>
/// <param name="Equal">Rows that show the same as an earlier one.</param>
/// <param name="EqualCut">Whether only the first of them were compared.</param>
/// <param name="Invalid">The first that are invalid.</param>
/// <param name="FirstPending">The position of the first row to be asked; null when none is left.</param>
internal sealed record RowFindings(RowCounts Counts, long Equal, bool EqualCut, IReadOnlyList<Problem> Invalid, long? FirstPending)
{
    /// <summary>The findings as JSON.</summary>
    public JsonObject Json()
    {
        var rows = SummaryJson.Rows(Counts);
        rows["equal"] = Equal;
        return rows;
    }
}
