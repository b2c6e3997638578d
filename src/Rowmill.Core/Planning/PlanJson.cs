using System.Text.Json.Nodes;
using Rowmill.Core.Runs;

namespace Rowmill.Core.Planning;

/// <summary>A plan as JSON: the <c>--json</c> form of <c>plan</c>.</summary>
public static class PlanJson
{
    /// <summary>The plan as one JSON object.</summary>
    public static JsonObject Write(JobPlan plan) => new()
    {
        ["job_name"] = plan.Job,
        ["at"] = SummaryJson.Time(plan.At),
        ["rows_total"] = plan.Rows.Total,
        ["rows_to_ask"] = plan.Rows.ToAsk,
        ["from_cache"] = plan.Rows.FromCache,
        ["rows_failed"] = plan.Rows.Failed,
        ["rows_invalid"] = plan.Rows.Invalid,
        ["rows_equal"] = plan.Rows.Equal,
        ["rows_in_batches"] = plan.Rows.InBatches,
        ["rows_exact"] = plan.Rows.Exact,
        ["row_tokens"] = new JsonObject
        {
            ["mean"] = Math.Round(plan.Rows.Tokens.Mean, 2),
            ["deviation"] = Math.Round(plan.Rows.Tokens.Deviation, 2),
            ["least"] = plan.Rows.Tokens.Least,
            ["most"] = plan.Rows.Tokens.Most,
        },
        ["routes"] = new JsonArray([.. plan.Routes.SelectMany(r => Modes(r, plan.At))]),
        ["job"] = Work(plan.Whole, plan.At),
        ["assumptions"] = new JsonArray([.. plan.Assumptions.Select(a => (JsonNode)a)]),
    };

    /// <summary>The route request by request and, where it has a batch API, in batches.</summary>
    private static IEnumerable<JsonNode> Modes(PlannedRoute route, DateTimeOffset at)
    {
        yield return Route(route, at);
        if (route.InBatches is { } batches) yield return InBatches(batches, at);
    }

    private static JsonObject InBatches(PlannedBatches batches, DateTimeOffset at)
    {
        var json = Work(batches.Work, at);
        json["batches"] = batches.Batches;
        json["waves"] = batches.Waves;
        json["batch_seconds"] = Seconds(batches.Duration);
        json["batches_measured"] = batches.Measured;
        return json;
    }

    private static JsonObject Route(PlannedRoute route, DateTimeOffset at)
    {
        var json = Work(route.Work, at);
        json["pack_sizes"] = new JsonArray([.. route.PackSizes.Select(w => (JsonNode)Work(w, at))]);
        json["estimate"] = new JsonObject
        {
            ["calls_measured"] = route.CallsMeasured,
            ["input_error"] = Math.Round(route.InputError, 4),
            ["output_error"] = Math.Round(route.OutputError, 4),
            ["latency_seconds"] = Math.Round(route.Latency.TotalSeconds, 3),
            ["latency_measured"] = route.LatencyMeasured,
        };
        json["windows"] = new JsonArray([.. route.Windows.Windows.Select(w => (JsonNode)new JsonObject
        {
            ["window"] = w.Spec.Name,
            ["limit"] = w.Spec.Limit,
            ["left"] = Math.Round(Math.Max(0, w.Spec.Capacity - w.Usage.AdvancedTo(at, w.Spec).Used)),
        })]);
        json["held_until"] = SummaryJson.Time(route.Windows.Hold?.Until);
        return json;
    }

    private static JsonObject Work(PlannedWork work, DateTimeOffset at) => new()
    {
        ["model"] = work.Model,
        ["mode"] = work.IsBatch ? "batch" : "online",
        ["pack_rows"] = work.PackRows,
        ["calls"] = work.Calls,
        ["tokens"] = Tokens(work.Input.Expected, work.Output.Expected, work.CachedInput),
        ["tokens_low"] = Tokens(work.Input.Low, work.Output.Low),
        ["tokens_high"] = Tokens(work.Input.High, work.Output.High),
        ["usd"] = Usd(work.Usd?.Expected),
        ["usd_low"] = Usd(work.Usd?.Low),
        ["usd_high"] = Usd(work.Usd?.High),
        ["finish_seconds"] = Seconds(work.Finish),
        ["lower_bound_seconds"] = Seconds(work.LowerBound),
        ["finish_at"] = SummaryJson.Time(at + work.Finish),
        ["binding_window"] = work.BindingWindow,
    };

    private static JsonObject Tokens(double input, double output, double? cached = null)
    {
        var tokens = new JsonObject { ["input"] = (long)Math.Round(input), ["output"] = (long)Math.Round(output) };
        if (cached is { } c) tokens["cached_input"] = (long)Math.Round(c);
        return tokens;
    }

    private static decimal? Usd(double? usd) => usd is { } u ? Math.Round((decimal)u, 6) : null;

    private static double? Seconds(TimeSpan? span) => span is { } s ? Math.Round(s.TotalSeconds, 3) : null;
}
