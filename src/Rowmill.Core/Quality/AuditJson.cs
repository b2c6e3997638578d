using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rowmill.Core.Quality;

/// <summary>An audit as JSON: the <c>--json</c> form of <c>audit</c>.</summary>
public static class AuditJson
{
    private static readonly string[] s_thirds = ["first", "middle", "last"];

    /// <summary>The report as one JSON object.</summary>
    public static JsonObject Write(AuditReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new JsonObject
        {
            ["job"] = report.Job,
            ["sample"] = report.Sample,
            ["seed"] = report.Seed,
            ["model"] = report.Model,
            ["margin"] = report.Margin,
            ["arms"] = new JsonArray([.. report.Arms.Select(a => (JsonNode)Arm(a))]),
            ["trusted_pack_rows"] = report.TrustedPackRows,
            ["reason"] = report.Reason,
            ["notes"] = new JsonArray([.. report.Notes.Select(n => (JsonNode)n)]),
            ["calls"] = report.Calls,
            ["usd"] = report.Usd,
            ["simulated"] = report.Simulated,
        };
    }

    private static JsonObject Arm(ArmReport arm)
    {
        var fields = new JsonObject();
        foreach (var (field, agreement) in arm.Fields)
        {
            var json = EvalJson.Share(agreement, "agree");
            json["counted"] = field.Counts;
            fields[field.Name] = json;
        }

        return new JsonObject
        {
            ["name"] = arm.Arm.Name,
            ["pack_rows"] = arm.Arm.PackRows,
            ["rows_per_call"] = EvalJson.Round(arm.RowsPerCall),
            ["rows"] = arm.Answered + arm.Abstained + arm.Failed,
            ["answered"] = arm.Answered,
            ["abstained"] = arm.Abstained,
            ["failed"] = arm.Failed,
            ["fields"] = fields,
            ["overall"] = arm.Overall is { } overall ? EvalJson.Share(overall, "agree") : null,
            ["positions"] = new JsonArray([.. arm.Positions.Select((p, i) => (JsonNode)Position(p, s_thirds[i]))]),
            ["changed"] = new JsonObject
            {
                ["abstained_here"] = arm.Changed.AbstainedHere,
                ["abstained_alone"] = arm.Changed.AbstainedAlone,
                ["failed_here"] = arm.Changed.FailedHere,
                ["failed_alone"] = arm.Changed.FailedAlone,
            },
            ["difference"] = arm.Difference is { } d ? Difference(d) : null,
        };
    }

    private static JsonObject Position(Share share, string part)
    {
        var json = EvalJson.Share(share, "agree");
        json["part"] = part;
        return json;
    }

    private static JsonObject Difference(AuditDifference d) => new()
    {
        ["points"] = EvalJson.Round(100 * d.Value),
        ["low"] = EvalJson.Round(100 * d.Low),
        ["high"] = EvalJson.Round(100 * d.High),
        ["chance"] = EvalJson.Round(d.Chance),
        ["n"] = d.Rows,
        ["verdict"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(d.Verdict.ToString()),
        ["rows_needed"] = d.RowsNeeded,
    };
}
