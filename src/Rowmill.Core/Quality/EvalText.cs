using System.Globalization;

namespace Rowmill.Core.Quality;

/// <summary>An eval in words and tables.</summary>
public static class EvalText
{
    /// <summary>Labels up to which the whole matrix is shown; beyond it the confusions alone.</summary>
    private const int MostInMatrix = 12;

    private const int MostConfusions = 15;
    private const string NoLabel = "(none of these)";

    /// <summary>Writes it.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="report">The report.</param>
    /// <param name="form">How.</param>
    public static void Write(TextWriter to, EvalReport report, ReportForm form)
    {
        var page = new ReportPage(to, form);
        page.Heading(1, $"{report.Job}: answers against gold in {report.Source}, {Counted.Of(report.Rows.Total, "row")}");
        if (report.Simulated) page.Warning("SIMULATED: the labels come from the simulator and mean nothing.");
        foreach (var field in report.Fields) Write(page, field);
    }

    private static void Write(ReportPage page, EvalField field)
    {
        page.Heading(2, field.Column == field.Field.Name ? field.Column : $"{field.Field.Name} (gold: {field.Column})");
        if (field.GoldWasShown) page.Warning(Shown(field));
        page.Line(Rows(field.Rows));
        page.Line($"equal: {field.Accuracy} of those answered ({field.Accuracy.Hits} of {field.Accuracy.Of}), {field.AccuracyOfAll} when what is not answered counts as wrong");
        if (field.FormOnly > 0) page.Line($"{Counted.Of(field.FormOnly, "more answer")} would be equal but for case, spaces or hyphens");
        if (field.WithoutValue > 0) page.Line($"{Counted.Of(field.WithoutValue, "answer")} without this property, counted as wrong");
        if (field.MeanAbsoluteError is { } error) page.Line(string.Create(CultureInfo.InvariantCulture, $"mean absolute error {error:0.####}"));
        if (field.Kappa is { } kappa) page.Line($"Cohen's kappa {ReportPage.Figure(kappa)}: agreement beyond what chance alone would bring");
        foreach (var problem in field.GoldProblems) page.Line(Problem(field, problem));
        if (field.Labels.Count > 0) Labels(page, field);
        if (field.Confusion.Count > 0) Confusion(page, field);
        if (field.Disagreements.Count > 0)
        {
            page.Line("the first that differ:");
            page.Table(["row", "gold", "answer"], field.Disagreements.Select(d => (IReadOnlyList<string>)[$"{d.Row} {d.Key}", d.Gold, d.Answer ?? "(no value)"]));
        }
    }

    internal static string Shown(EvalField field) =>
        $"the model was shown the column '{field.Column}', so it can copy what is right and these figures prove nothing. List the other columns under source.fields, and run again.";

    private static string Rows(GoldRows rows)
    {
        var parts = new List<string> { $"{Counted.Of(rows.WithGold, "row")} with gold, {rows.Answered.ToString("N0", CultureInfo.InvariantCulture)} answered" };
        Add(rows.Abstained, "abstained");
        Add(rows.Failed, "failed");
        Add(rows.Invalid, "invalid");
        Add(rows.Pending, "pending");
        var coverage = new Share(rows.Answered, rows.WithGold).Value is { } value ? $" (coverage {Share.Percent(value)} %)" : "";
        return string.Join(", ", parts) + coverage + (rows.WithoutGold > 0 ? $"; {Counted.Of(rows.WithoutGold, "row")} without gold left out" : "");

        void Add(long count, string what)
        {
            if (count > 0) parts.Add(string.Create(CultureInfo.InvariantCulture, $"{count:N0} {what}"));
        }
    }

    private static string Problem(EvalField field, GoldProblem problem)
    {
        var what = field.Field.Kind == FieldKind.Number ? "is no number" : "is none of the labels, so no answer can equal it";
        var meant = problem.Nearest is { } nearest ? $"; it looks like '{nearest}'" : "";
        return $"gold '{problem.Value}' {what}: {Counted.Of(problem.Rows, "row")}, the first is row {problem.FirstRow}{meant}";
    }

    private static void Labels(ReportPage page, EvalField field)
    {
        var shown = field.Labels.Where(l => l.Support + l.Predicted > 0).ToList();
        var rows = shown.Select(l => Row(l.Label, l.Support, l.Predicted, l.Precision, l.Recall, l.F1)).ToList();
        if (!field.LabelsCut)
            rows.Add(Row("mean of labels", shown.Sum(l => l.Support), shown.Sum(l => l.Predicted), field.MacroPrecision, field.MacroRecall, field.MacroF1));
        page.Table([field.Field.IsArray ? "label in the set" : "label", "gold", "answers", "precision", "recall", "F1"], rows);
        if (field.LabelsCut) page.Line($"only the first {LabelTally.MostValues} distinct values are told apart; all are counted above");
        else if (shown.Count < field.Labels.Count) page.Line($"{Counted.Of(field.Labels.Count - shown.Count, "label")} occur neither in the gold nor in an answer");
    }

    private static IReadOnlyList<string> Row(string label, long support, long predicted, double? precision, double? recall, double? f1) =>
    [
        label,
        support.ToString("N0", CultureInfo.InvariantCulture),
        predicted.ToString("N0", CultureInfo.InvariantCulture),
        ReportPage.Figure(precision),
        ReportPage.Figure(recall),
        ReportPage.Figure(f1),
    ];

    private static void Confusion(ReportPage page, EvalField field)
    {
        var labels = field.Labels.Where(l => l.Support + l.Predicted > 0).Select(l => (string?)l.Label).ToList();
        if (field.Confusion.Any(c => c.Gold is null || c.Answer is null)) labels.Add(null);
        if (labels.Count <= MostInMatrix)
        {
            page.Line("gold (rows) by answer (columns):");
            var cells = field.Confusion.ToDictionary(c => (c.Gold ?? "", c.Answer ?? ""), c => c.Rows);
            page.Table(
                ["", .. labels.Select(l => l ?? NoLabel)],
                labels.Select(gold => (IReadOnlyList<string>)[gold ?? NoLabel, .. labels.Select(answer => cells.GetValueOrDefault((gold ?? "", answer ?? "")).ToString("N0", CultureInfo.InvariantCulture))]));
            return;
        }

        var confused = field.Confusion.Where(c => c.Gold != c.Answer || c.Gold is null).OrderByDescending(c => c.Rows).Take(MostConfusions).ToList();
        if (confused.Count == 0) return;
        page.Line("what is confused most:");
        page.Table(["gold", "answer", "rows"], confused.Select(c => (IReadOnlyList<string>)[c.Gold ?? NoLabel, c.Answer ?? NoLabel, c.Rows.ToString("N0", CultureInfo.InvariantCulture)]));
    }
}
