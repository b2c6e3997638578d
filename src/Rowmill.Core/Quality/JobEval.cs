using System.Text.Json;
using Rowmill.Core.Jobs;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Quality;

/// <summary>A column that holds what is right, and the property of the answer it is right of.</summary>
/// <param name="Column">The column.</param>
/// <param name="Field">The property.</param>
public sealed record GoldColumn(string Column, AnswerField Field)
{
    private const string Option = "--gold";

    /// <summary>Reads <c>COLUMN</c> or <c>COLUMN=PROPERTY</c>; a column whose own name holds <c>=</c> is found as it is.</summary>
    /// <param name="texts">As the person wrote them.</param>
    /// <param name="job">The job, opened.</param>
    /// <exception cref="ProblemException">A column or a property does not exist, or none is named; every problem at once.</exception>
    public static IReadOnlyList<GoldColumn> Read(IReadOnlyList<string> texts, OpenedJob job)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(job);
        var columns = job.Profile.Columns.Names;
        var fields = AnswerField.Of(job.Job.Question.Schema);
        var problems = new List<Problem>();
        if (texts.Count == 0) problems.Add(new Problem("Say which column holds the right answers.") { Key = Option, Fix = $"Such as: {Option} {fields[0].Name}" });
        var gold = texts.Distinct(StringComparer.Ordinal).Select(One).OfType<GoldColumn>().ToList();
        return problems.Count == 0 ? gold : throw new ProblemException(problems);

        GoldColumn? One(string text)
        {
            var at = columns.Contains(text) ? -1 : text.LastIndexOf('=');
            var (column, property) = at < 0 ? (text, text) : (text[..at].Trim(), text[(at + 1)..].Trim());
            var field = fields.FirstOrDefault(f => f.Name == property);
            if (!columns.Contains(column))
                problems.Add(new Problem($"{job.Source.Name} has no column '{column}'.") { Key = Option, Fix = NearestName.Suggest(column, columns.ToList()) });
            if (field is null && (at >= 0 || columns.Contains(column)))
            {
                var known = fields.Select(f => f.Name).ToList();
                var suggestion = NearestName.Suggest(property, known);
                problems.Add(new Problem($"The answer has no property '{property}'.")
                {
                    Key = Option,
                    Fix = at >= 0 ? suggestion : $"{suggestion} Where the names differ write {Option} {column}=PROPERTY.",
                });
            }

            return field is null ? null : new GoldColumn(column, field);
        }
    }

    /// <summary>Whether the model sees the column.</summary>
    internal bool WasShown(Job job) => job.Source.Fields.Count == 0 || job.Source.Fields.Contains(Column);
}

/// <summary>Compares a job's stored answers with gold columns of its source; asks nothing.</summary>
public static class JobEval
{
    /// <summary>Reads the source once, joined with the stored answers.</summary>
    /// <param name="job">The job, opened.</param>
    /// <param name="gold">The gold columns.</param>
    /// <param name="answers">The store.</param>
    /// <param name="cancellationToken">Gives the pass up.</param>
    /// <exception cref="ProblemException">There is nothing to compare: a gold column is empty, or no row with gold has been asked.</exception>
    public static async ValueTask<EvalReport> RunAsync(
        OpenedJob job, IReadOnlyList<GoldColumn> gold, IAnswerStore answers, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(gold);
        var sink = new Tallies(gold, job.Job);
        await using var closing = sink.ConfigureAwait(false);
        var rows = await job.PassAsync(answers, sink, cancellationToken: cancellationToken).ConfigureAwait(false);
        var fields = sink.Report();
        var problems = fields.Select(f => Nothing(f, job.Source.Name)).OfType<Problem>().ToList();
        return problems.Count < fields.Count ? new EvalReport(job.Job.Name, job.Source.Name, rows, fields, job.Simulated) : throw new ProblemException(problems);
    }

    private static Problem? Nothing(EvalField field, string source) => field.Rows switch
    {
        { WithGold: 0 } => new Problem($"The column '{field.Column}' of {source} is empty in every row.") { Key = "--gold", Fix = "Label some rows in it first." },
        { Ended: 0, WithGold: var rows } => new Problem($"None of the {rows} rows with a value in '{field.Column}' has been asked yet.") { Key = "--gold", Fix = "Run the job first: rowmill run." },
        _ => null,
    };

    private sealed class Tallies(IReadOnlyList<GoldColumn> gold, Job job) : IRowSink
    {
        private readonly FieldTally[] _tallies = [.. gold.Select(g => new FieldTally(g, g.WasShown(job)))];

        public ValueTask WriteAsync(Row row, RowVerdict verdict, CancellationToken cancellationToken = default)
        {
            using var answer = verdict.Status == RowStatus.Answered ? JsonDocument.Parse(verdict.Answer) : null;
            foreach (var tally in _tallies) tally.Add(row, verdict, answer?.RootElement ?? default, () => RowName.Of(row, job.Source));
            return default;
        }

        public IReadOnlyList<EvalField> Report() => [.. _tallies.Select(t => t.Report())];

        public ValueTask CompleteAsync(CancellationToken cancellationToken = default) => default;

        public ValueTask DisposeAsync() => default;
    }
}
