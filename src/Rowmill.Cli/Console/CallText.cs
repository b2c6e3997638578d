using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Console;

/// <summary>A call of the ledger, for people and for programs.</summary>
internal static class CallText
{
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(10);

    /// <summary>The call as one JSON object.</summary>
    public static JsonObject Json(CallRecord call)
    {
        var json = new JsonObject
        {
            ["call"] = call.CallId,
            ["run_id"] = call.Intent.RunId,
            ["at"] = SummaryJson.Time(call.Intent.At),
            ["model"] = call.Intent.Route,
            ["question"] = call.Intent.Question,
            ["state"] = State(call.State),
            ["outcome"] = Outcome(call),
            ["rows"] = call.Intent.Rows.Count,
            ["good_rows"] = call.Settlement?.GoodRows,
            ["tokens"] = call.Settlement is { } s ? Tokens(s.Usage) : null,
            ["usd"] = call.Settlement?.Usd,
            ["reserved_tokens"] = new JsonObject { ["input"] = call.Intent.Reserved.Input, ["output"] = call.Intent.Reserved.Output },
            ["max_usd"] = call.Intent.MaxUsd,
            ["latency_ms"] = call.Settlement is { } settled ? Milliseconds(settled.Latency) : null,
            ["http_status"] = call.Settlement?.HttpStatus,
            ["request_id"] = call.Settlement?.RequestId,
            ["note"] = call.Settlement?.Note,
            ["evidence"] = call.Settlement?.Evidence,
        };
        if (call.Intent.Place is { } place) (json["batch"], json["line"]) = (place.Batch, place.Line);
        if (call.Settlement is { } ended && ended.Counts != default) json["replies"] = SummaryJson.Replies(ended.Counts);
        if (call.ClearedBy is { } by) json["cleared_by"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(by.ToString());
        return json;
    }

    /// <summary>A batch in doubt as one JSON object: its requests are calls that may have been made.</summary>
    public static JsonObject Json(BatchRecord batch) => new()
    {
        ["call"] = null,
        ["at"] = SummaryJson.Time(batch.SubmittedAt),
        ["model"] = batch.Route,
        ["question"] = batch.Question,
        ["batch"] = batch.Name,
        ["state"] = State(CallState.InDoubt),
        ["outcome"] = State(CallState.InDoubt),
        ["requests"] = batch.Lines,
        ["rows"] = batch.Rows,
        ["reserved_tokens"] = new JsonObject { ["input"] = batch.Reserved.Input, ["output"] = batch.Reserved.Output },
        ["max_usd"] = batch.MaxUsd,
        ["note"] = batch.Note,
    };

    /// <summary>A batch in doubt in one line.</summary>
    public static string Line(BatchRecord batch)
    {
        var most = batch.MaxUsd is { } max ? $", {Words.Usd(max)} at most" : "";
        var at = batch.SubmittedAt is { } sent ? Words.Time(sent) : "";
        return $"{"batch",6}  {at}  {batch.Route}  {batch.Name}: {Counted.Of(batch.Rows, "row")} in {Counted.Of(batch.Lines, "request")}  in doubt{most}: the provider may have it";
    }

    /// <summary>The call in one line.</summary>
    public static string Line(CallRecord call)
    {
        var head = $"{call.CallId,6}  {Words.Time(call.Intent.At)}  {call.Intent.Route}";
        if (call.Intent.Place is { } place) head += $"  {place.Batch} line {place.Line}";
        if (call.Settlement is not { } s)
        {
            var most = call.Intent.MaxUsd is { } max ? $", {Words.Usd(max)} at most" : "";
            return $"{head}  {Counted.Of(call.Intent.Rows.Count, "row")}  {Unsettled(call)}{most}";
        }

        var money = s.Usd is { } usd ? $"  {Words.Usd(usd)}" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{head}  {s.GoodRows} of {Counted.Of(call.Intent.Rows.Count, "row")}  {s.Usage.Input}+{s.Usage.Output} tokens{money}  {Took(s.Latency)}  {Outcome(call).Replace('_', ' ')}{(s.Note is null ? "" : $": {s.Note}")}");
    }

    /// <summary>Tokens as one JSON object.</summary>
    public static JsonObject Tokens(TokenUsage tokens) =>
        new() { ["input"] = tokens.Input, ["cached_input"] = tokens.CachedInput, ["output"] = tokens.Output };

    /// <summary>A latency as the ledger shows it.</summary>
    public static double Milliseconds(TimeSpan latency) => Math.Round(latency.TotalMilliseconds, 1);

    /// <summary>A latency in words: a line of a batch takes hours.</summary>
    public static string Took(TimeSpan latency) =>
        latency < s_long ? string.Create(CultureInfo.InvariantCulture, $"{latency.TotalMilliseconds:0} ms") : Words.Span(latency);

    private static string State(CallState state) => state switch
    {
        CallState.Open => "in_flight",
        _ => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString()),
    };

    private static string Outcome(CallRecord call) => call switch
    {
        { State: not CallState.Settled } => State(call.State),
        { Settlement.Failure: { } failure } => JsonNamingPolicy.SnakeCaseLower.ConvertName(failure.ToString()),
        _ => "replied",
    };

    private static string Unsettled(CallRecord call) => call.ClearedBy switch
    {
        not null when call.Intent.Rows.Count == 0 => "was in doubt; it was a probe, which no row waits for",
        ClearedBy.Outcomes => "was in doubt; later calls brought its rows",
        ClearedBy.Job => "was in doubt; its rows are not asked any more",
        _ => Outcome(call).Replace('_', ' '),
    };
}
