using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Core.Runs;

namespace Rowmill.Core.Quality;

/// <summary>An eval as JSON: the <c>--json</c> form of <c>eval</c>.</summary>
public static class EvalJson
{
    /// <summary>The report as one JSON object.</summary>
    public static JsonObject Write(EvalReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new JsonObject
        {
            ["job"] = report.Job,
            ["source"] = report.Source,
            ["rows"] = SummaryJson.Rows(report.Rows),
            ["simulated"] = report.Simulated,
            ["fields"] = new JsonArray([.. report.Fields.Select(f => (JsonNode)Field(f))]),
        };
    }

    /// <summary>A share with its interval.</summary>
    internal static JsonObject Share(Share share, string hits) => new()
    {
        [hits] = share.Hits,
        ["n"] = share.Of,
        ["share"] = Round(share.Value),
        ["low"] = Round(share.Low),
        ["high"] = Round(share.High),
    };

    /// <summary>Five digits: more than any sample of rows supports.</summary>
    internal static double? Round(double? value) => value is { } v ? Math.Round(v, 5) : null;

    private static JsonObject Field(EvalField f) => new()
    {
        ["column"] = f.Column,
        ["property"] = f.Field.Name,
        ["kind"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(f.Field.Kind.ToString()),
        ["array"] = f.Field.IsArray,
        ["gold_was_shown"] = f.GoldWasShown,
        ["warning"] = f.GoldWasShown ? EvalText.Shown(f) : null,
        ["rows"] = new JsonObject
        {
            ["with_gold"] = f.Rows.WithGold,
            ["without_gold"] = f.Rows.WithoutGold,
            ["answered"] = f.Rows.Answered,
            ["abstained"] = f.Rows.Abstained,
            ["failed"] = f.Rows.Failed,
            ["invalid"] = f.Rows.Invalid,
            ["pending"] = f.Rows.Pending,
            ["coverage"] = Round(new Share(f.Rows.Answered, f.Rows.WithGold).Value),
        },
        ["accuracy"] = Share(f.Accuracy, "correct"),
        ["accuracy_of_all"] = Share(f.AccuracyOfAll, "correct"),
        ["form_only"] = f.FormOnly,
        ["without_value"] = f.WithoutValue,
        ["mean_absolute_error"] = f.MeanAbsoluteError,
        ["kappa"] = Round(f.Kappa),
        ["macro"] = new JsonObject { ["precision"] = Round(f.MacroPrecision), ["recall"] = Round(f.MacroRecall), ["f1"] = Round(f.MacroF1) },
        ["labels"] = new JsonArray([.. f.Labels.Select(l => (JsonNode)new JsonObject
        {
            ["label"] = l.Label,
            ["support"] = l.Support,
            ["predicted"] = l.Predicted,
            ["correct"] = l.Correct,
            ["precision"] = Round(l.Precision),
            ["recall"] = Round(l.Recall),
            ["f1"] = Round(l.F1),
        })]),
        ["labels_cut"] = f.LabelsCut,
        ["confusion"] = new JsonArray([.. f.Confusion.Select(c => (JsonNode)new JsonObject { ["gold"] = c.Gold, ["answer"] = c.Answer, ["rows"] = c.Rows })]),
        ["gold_problems"] = new JsonArray([.. f.GoldProblems.Select(p => (JsonNode)new JsonObject
        {
            ["value"] = p.Value,
            ["rows"] = p.Rows,
            ["first_row"] = p.FirstRow,
            ["nearest"] = p.Nearest,
        })]),
        ["disagreements"] = new JsonArray([.. f.Disagreements.Select(d => (JsonNode)new JsonObject
        {
            ["row"] = d.Row,
            ["key"] = d.Key,
            ["gold"] = d.Gold,
            ["answer"] = d.Answer,
        })]),
    };
}
