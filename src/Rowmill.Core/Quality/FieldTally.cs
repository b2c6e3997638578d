using System.Runtime.InteropServices;
using System.Text.Json;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Quality;

/// <summary>Counts the rows of one gold column against one property. Its memory does not grow with the table.</summary>
/// <param name="gold">The column and the property.</param>
/// <param name="wasShown">Whether the model was shown the column.</param>
internal sealed class FieldTally(GoldColumn gold, bool wasShown)
{
    private const int MostExamples = 10;
    private const int MostProblems = 20;
    private const int LongestShown = 80;

    private readonly LabelTally _labels = new(gold.Field.Labels);
    private readonly HashSet<string> _known = gold.Field.Labels.ToHashSet(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Rows, long First)> _problems = new(StringComparer.Ordinal);
    private readonly List<Disagreement> _examples = [];
    private readonly long[] _statuses = new long[Enum.GetValues<RowStatus>().Length];
    private long _withoutGold;
    private long _same;
    private long _form;
    private long _withoutValue;
    private long _numbers;
    private double _distance;

    /// <summary>Counts a row.</summary>
    public void Add(Row row, RowVerdict verdict, JsonElement answer, Func<string> key)
    {
        var column = row.Columns.IndexOf(gold.Column);
        if (column < 0 || FieldValues.Read(gold.Field, row[column], row.Columns.Format) is not { } expected)
        {
            _withoutGold++;
            return;
        }

        _statuses[(int)verdict.Status]++;
        Check(expected, row.Index + 1);
        if (verdict.Status != RowStatus.Answered) return;
        var given = FieldValues.Read(gold.Field, answer.TryGetProperty(gold.Field.Name, out var value) ? value : default);
        var match = given is null ? Match.Different : FieldValues.Compare(expected, given);
        if (given is null) _withoutValue++;
        if (match == Match.Same) _same++;
        else if (match == Match.Form) _form++;
        if (match != Match.Same && _examples.Count < MostExamples)
            _examples.Add(new Disagreement(row.Index + 1, Short(key()), Short(expected.Text), given is null ? null : Short(given.Text)));
        Count(expected, given);
    }

    /// <summary>What was counted.</summary>
    public EvalField Report()
    {
        var rows = new GoldRows(
            _statuses.Sum(), _withoutGold, Of(RowStatus.Answered), Of(RowStatus.Abstained), Of(RowStatus.Failed), Of(RowStatus.Invalid), Of(RowStatus.Pending));
        return new EvalField
        {
            Column = gold.Column,
            Field = gold.Field,
            GoldWasShown = wasShown,
            Rows = rows,
            Accuracy = new Share(_same, rows.Answered),
            FormOnly = _form,
            WithoutValue = _withoutValue,
            Labels = [.. _labels.Scores],
            LabelsCut = _labels.IsCut,
            Confusion = [.. _labels.Cells],
            Kappa = _labels.Kappa,
            MeanAbsoluteError = _numbers == 0 ? null : _distance / _numbers,
            GoldProblems = [.. _problems.OrderByDescending(p => p.Value.Rows).Select(p => new GoldProblem(p.Key, p.Value.Rows, p.Value.First, NearestName.Find(p.Key, gold.Field.Labels)))],
            Disagreements = _examples,
        };
    }

    private long Of(RowStatus status) => _statuses[(int)status];

    private void Count(FieldValue expected, FieldValue? given)
    {
        if (gold.Field.Kind == FieldKind.Number)
        {
            if (gold.Field.IsArray || expected.Number is not { } right || given?.Number is not { } number) return;
            _numbers++;
            _distance += (double)Math.Abs(right - number);
        }
        else if (gold.Field.IsArray) _labels.Add(expected.Items ?? [expected.Text], given is null ? [] : given.Items ?? [given.Text]);
        else _labels.Add(expected.Text, given?.Text);
    }

    /// <summary>Notes gold that no valid answer equals.</summary>
    private void Check(FieldValue expected, long row)
    {
        if (gold.Field.Kind == FieldKind.Number)
        {
            if (!gold.Field.IsArray && expected.Number is null) Note(expected.Text, row);
            return;
        }

        if (_known.Count == 0) return;
        foreach (var item in expected.Items ?? [expected.Text])
            if (!_known.Contains(item)) Note(item, row);
    }

    private void Note(string value, long row)
    {
        value = Short(value);
        if (!_problems.ContainsKey(value) && _problems.Count == MostProblems) return;
        ref var seen = ref CollectionsMarshal.GetValueRefOrAddDefault(_problems, value, out var known);
        seen = known ? (seen.Rows + 1, seen.First) : (1, row);
    }

    private static string Short(string text) => text.Length <= LongestShown ? text : string.Concat(text.AsSpan(0, LongestShown - 1), "…");
}
