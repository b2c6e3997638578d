using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>The summary as JSON: the <c>--json</c> form of <c>run</c> and <c>status</c>.</summary>
public static class SummaryJson
{
    /// <summary>The summary as one JSON object.</summary>
    public static JsonObject Write(RunSummary s) => new()
    {
        ["job"] = s.Job,
        ["run_id"] = s.RunId,
        ["state"] = Word(s.State),
        ["message"] = s.Message,
        ["rows"] = Rows(s.Rows),
        ["calls"] = new JsonObject
        {
            ["sent"] = s.Calls.Sent,
            ["succeeded"] = s.Calls.Succeeded,
            ["failed"] = s.Calls.Failed,
            ["rate_limited"] = s.Calls.RateLimited,
        },
        ["tokens"] = new JsonObject
        {
            ["input"] = s.Tokens.Input,
            ["cached_input"] = s.Tokens.CachedInput,
            ["output"] = s.Tokens.Output,
        },
        ["replies"] = Replies(s.Replies),
        ["usd"] = s.Usd,
        ["in_doubt"] = Doubt(s.InDoubt),
        ["cleared"] = new JsonObject { ["calls"] = s.Cleared.Calls, ["usd"] = s.Cleared.Usd },
        ["elapsed_seconds"] = Math.Round(s.Elapsed.TotalSeconds, 3),
        ["resume_at"] = Time(s.ResumeAt),
        ["finish_at"] = Time(s.FinishAt),
        ["store"] = s.Store,
        ["output"] = s.Output,
        ["unused_answers"] = s.Unused is null ? null : new JsonObject { ["answers"] = s.Unused.Answers, ["usd"] = s.Unused.Usd },
        ["source_changed"] = s.SourceChanged,
        ["simulated"] = s.Simulated,
    };

    /// <summary>Row counts as one JSON object.</summary>
    public static JsonObject Rows(RowCounts rows) => new()
    {
        ["total"] = rows.Total,
        ["answered"] = rows.Answered,
        ["abstained"] = rows.Abstained,
        ["invalid"] = rows.Invalid,
        ["failed"] = rows.Failed,
        ["pending"] = rows.Pending,
        ["from_cache"] = rows.FromCache,
    };

    /// <summary>Calls in doubt as one JSON object; <c>batches</c> tells in how many batches some of them are, where there are any.</summary>
    public static JsonObject Doubt(Doubt doubt)
    {
        var json = new JsonObject { ["calls"] = doubt.Calls, ["rows"] = doubt.Rows, ["usd"] = doubt.Usd };
        if (doubt.Batches > 0) json["batches"] = doubt.Batches;
        return json;
    }

    /// <summary>What was put right or refused in replies, as one JSON object.</summary>
    public static JsonObject Replies(ReplyCounts counts) => new()
    {
        ["labels_mapped"] = counts.Labels,
        ["values_coerced"] = counts.Values,
        ["extras_dropped"] = counts.Extras,
        ["duplicate_ids"] = counts.Duplicates,
        ["foreign_ids"] = counts.Foreign,
        ["without_id"] = counts.WithoutId,
    };

    /// <summary>The state's word, in snake_case.</summary>
    public static string Word(RunState state) => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    /// <summary>The exit code of a run that ended so.</summary>
    public static ExitCode ExitCode(RunSummary s) => s.State switch
    {
        RunState.Completed => Runs.ExitCode.Done,
        RunState.CompletedWithGaps => Runs.ExitCode.Gaps,
        RunState.RateLimited or RunState.InBatches => Runs.ExitCode.RateLimited,
        RunState.Budget or RunState.Gate => Runs.ExitCode.Budget,
        RunState.Interrupted => Runs.ExitCode.Interrupted,
        RunState.Refused => Runs.ExitCode.Refused,
        _ => s.UserError ? Runs.ExitCode.UserError : Runs.ExitCode.Failure,
    };

    /// <summary>A time as ISO 8601 in UTC; null stays null.</summary>
    public static string? Time(DateTimeOffset? at) =>
        at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
