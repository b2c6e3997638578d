using Rowmill.Core.Runs;

namespace Rowmill.Core.Quality;

/// <summary>A gold value that the answer could never be.</summary>
/// <param name="Value">The value.</param>
/// <param name="Rows">Rows with it.</param>
/// <param name="FirstRow">1-based number of the first of them.</param>
/// <param name="Nearest">The label it probably means; null when none is near.</param>
public sealed record GoldProblem(string Value, long Rows, long FirstRow, string? Nearest);

/// <summary>A row whose answer is not its gold.</summary>
/// <param name="Row">1-based number in the source.</param>
/// <param name="Key">What people call the row.</param>
/// <param name="Gold">The gold value.</param>
/// <param name="Answer">The answer's value; null when it has none.</param>
public sealed record Disagreement(long Row, string Key, string Gold, string? Answer);

/// <summary>Rows of a gold column by what became of them.</summary>
/// <param name="WithGold">Rows with a gold value.</param>
/// <param name="WithoutGold">Rows left out, because their gold cell is empty.</param>
/// <param name="Answered">Of those with gold: answered.</param>
/// <param name="Abstained">Abstained.</param>
/// <param name="Failed">Failed.</param>
/// <param name="Invalid">Invalid.</param>
/// <param name="Pending">Not yet asked.</param>
public sealed record GoldRows(long WithGold, long WithoutGold, long Answered, long Abstained, long Failed, long Invalid, long Pending)
{
    /// <summary>Rows that have ended one way or the other.</summary>
    public long Ended => Answered + Abstained + Failed;
}

/// <summary>One property of the answers against one gold column.</summary>
public sealed record EvalField
{
    /// <summary>The gold column.</summary>
    public required string Column { get; init; }

    /// <summary>The property.</summary>
    public required AnswerField Field { get; init; }

    /// <summary>True when the model was shown the gold: what it answers proves nothing.</summary>
    public required bool GoldWasShown { get; init; }

    /// <summary>The rows.</summary>
    public required GoldRows Rows { get; init; }

    /// <summary>Equal values, of the rows answered.</summary>
    public required Share Accuracy { get; init; }

    /// <summary>Equal values, of all rows with gold: what is not answered counts as wrong.</summary>
    public Share AccuracyOfAll => new(Accuracy.Hits, Rows.WithGold);

    /// <summary>Answers that differ from their gold in case, spaces or hyphens only; they are not among the equal ones.</summary>
    public required long FormOnly { get; init; }

    /// <summary>Answers without this property.</summary>
    public required long WithoutValue { get; init; }

    /// <summary>Each label; empty for numbers.</summary>
    public required IReadOnlyList<LabelScore> Labels { get; init; }

    /// <summary>True when there were more distinct values than <see cref="Labels"/> tells apart.</summary>
    public required bool LabelsCut { get; init; }

    /// <summary>The confusion matrix, without its zeros; empty for arrays and numbers.</summary>
    public required IReadOnlyList<ConfusionCell> Confusion { get; init; }

    /// <summary>Cohen's kappa; null where it is not defined.</summary>
    public required double? Kappa { get; init; }

    /// <summary>Mean distance of the numbers; null for what is no number.</summary>
    public required double? MeanAbsoluteError { get; init; }

    /// <summary>Gold values that no answer could equal, most frequent first.</summary>
    public required IReadOnlyList<GoldProblem> GoldProblems { get; init; }

    /// <summary>The first rows that differ.</summary>
    public required IReadOnlyList<Disagreement> Disagreements { get; init; }

    /// <summary>The mean of the labels' precision, where it is defined; null where it nowhere is or labels are cut.</summary>
    public double? MacroPrecision => Mean(l => l.Precision);

    /// <summary>The same of recall.</summary>
    public double? MacroRecall => Mean(l => l.Recall);

    /// <summary>The same of F1.</summary>
    public double? MacroF1 => Mean(l => l.F1);

    private double? Mean(Func<LabelScore, double?> of) => LabelsCut ? null : Labels.Average(of);
}

/// <summary>A job's answers against what people say is right.</summary>
/// <param name="Job">The job.</param>
/// <param name="Source">The source.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Fields">One for each gold column.</param>
/// <param name="Simulated">True when the simulator answers: its labels mean nothing.</param>
public sealed record EvalReport(string Job, string Source, RowCounts Rows, IReadOnlyList<EvalField> Fields, bool Simulated);
