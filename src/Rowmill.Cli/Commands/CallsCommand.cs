using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill calls</c>: the ledger: every call, its rows, tokens, money, outcome.</summary>
internal static class CallsCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("calls", "List every call: its rows, tokens, money and outcome.");
        var job = new JobArguments(host, command);
        var row = new Option<string?>("--row")
        {
            Description = "Only calls that carried this row: its number in the source, the value of its key (or of a field), or its id.",
            HelpName = "KEY",
        };
        var doubt = new Option<bool>("--in-doubt") { Description = "Only calls whose process died before they ended: they may have been paid for." };
        command.Options.Add(row);
        command.Options.Add(doubt);
        command.SetAction((parsed, _) => RunAsync(host, job, parsed, parsed.GetValue(row), parsed.GetValue(doubt)));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, JobArguments arguments, ParseResult parsed, string? row, bool doubt)
    {
        var words = arguments.Output(parsed);
        var job = await arguments.LoadAsync(parsed);
        await using var engine = await arguments.OpenAsync(parsed, job);
        var rows = row is null ? [null] : await FindAsync(job.Source.Key, await OpenedJob.OpenAsync(job, cancellationToken: host.Stop), row, host.Stop);
        var calls = new JsonArray();
        var none = true;
        foreach (var key in rows)
        {
            var query = new CallQuery(job.Name) { Row = key, State = doubt ? CallState.InDoubt : null };
            await foreach (var call in engine.Environment.Calls.ReadAsync(query, host.Stop))
            {
                none = false;
                if (words.IsJson) calls.Add(Json(call));
                else words.People.WriteLine(Text(call));
            }
        }

        if (none) words.People.WriteLine("No such call.");
        words.Document(new JsonObject { ["job"] = job.Name, ["calls"] = calls });
        return (int)ExitCode.Done;
    }

    /// <summary>The keys of the rows a person means.</summary>
    private static async Task<IReadOnlyList<RowKey?>> FindAsync(IReadOnlyList<string> keyColumns, OpenedJob plan, string text, CancellationToken cancellationToken)
    {
        var found = new HashSet<RowKey>();
        await foreach (var (row, key) in plan.KeysAsync(cancellationToken))
        {
            var cells = (keyColumns.Count > 0 ? keyColumns : row.Columns.Names)
                .Select(row.Columns.IndexOf).Where(c => c >= 0).Select(c => Encoding.UTF8.GetString(row[c])).ToList();
            if (text == key.ToString() || text == (row.Index + 1).ToString(CultureInfo.InvariantCulture)
                || cells.Contains(text) || text == string.Join(", ", cells) || text == string.Join("|", cells)) found.Add(key);
        }

        return found.Count > 0
            ? [.. found.Select(k => (RowKey?)k)]
            : throw new ProblemException(new Problem($"No row of {plan.Source.Name} is '{text}'.")
            {
                Key = "--row",
                Fix = "Give its number, the whole value of a key column, or several joined with ', '.",
            });
    }

    private static JsonObject Json(CallRecord call) => new()
    {
        ["call"] = call.CallId,
        ["run_id"] = call.Intent.RunId,
        ["at"] = SummaryJson.Time(call.Intent.At),
        ["model"] = call.Intent.Route,
        ["question"] = call.Intent.Question,
        ["state"] = call.State switch { CallState.InDoubt => "in_doubt", CallState.Open => "open", _ => "settled" },
        ["outcome"] = Outcome(call),
        ["rows"] = call.Intent.Rows.Count,
        ["good_rows"] = call.Settlement?.GoodRows,
        ["tokens"] = call.Settlement is { } s
            ? new JsonObject { ["input"] = s.Usage.Input, ["cached_input"] = s.Usage.CachedInput, ["output"] = s.Usage.Output }
            : null,
        ["usd"] = call.Settlement?.Usd,
        ["reserved_tokens"] = new JsonObject { ["input"] = call.Intent.Reserved.Input, ["output"] = call.Intent.Reserved.Output },
        ["max_usd"] = call.Intent.MaxUsd,
        ["latency_ms"] = call.Settlement is { } settled ? Math.Round(settled.Latency.TotalMilliseconds, 1) : null,
        ["http_status"] = call.Settlement?.HttpStatus,
        ["request_id"] = call.Settlement?.RequestId,
        ["note"] = call.Settlement?.Note,
        ["evidence"] = call.Settlement?.Evidence,
    };

    private static string Text(CallRecord call)
    {
        var head = $"{call.CallId,6}  {Words.Time(call.Intent.At)}  {call.Intent.Route}";
        if (call.Settlement is not { } s)
        {
            var most = call.Intent.MaxUsd is { } max ? $", {Words.Usd(max)} at most" : "";
            return $"{head}  {Words.Count(call.Intent.Rows.Count, "row")}  {Outcome(call).Replace('_', ' ')}{most}";
        }

        var money = s.Usd is { } usd ? $"  {Words.Usd(usd)}" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{head}  {s.GoodRows} of {Words.Count(call.Intent.Rows.Count, "row")}  {s.Usage.Input}+{s.Usage.Output} tokens{money}  {s.Latency.TotalMilliseconds:0} ms  {Outcome(call).Replace('_', ' ')}{(s.Note is null ? "" : $": {s.Note}")}");
    }

    private static string Outcome(CallRecord call) => call switch
    {
        { State: CallState.InDoubt } => "in_doubt",
        { State: CallState.Open } => "in_flight",
        { Settlement.Failure: { } failure } => JsonNamingPolicy.SnakeCaseLower.ConvertName(failure.ToString()),
        _ => "replied",
    };
}
