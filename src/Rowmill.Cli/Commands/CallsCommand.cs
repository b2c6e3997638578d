using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill calls</c>: the ledger: every call, its rows, tokens, money, outcome.</summary>
internal static class CallsCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("calls", "The ledger: every call, its rows, tokens, money, outcome.");
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
        var job = arguments.Load(parsed);
        await using var engine = await arguments.OpenAsync(parsed, job);
        var rows = row is null ? [null] : await FindAsync(job.Source.Key, await JobPlan.OpenAsync(job, cancellationToken: host.Stop), row, host.Stop);
        var calls = new JsonArray();
        foreach (var key in rows)
        {
            var query = new CallQuery(job.Name) { Row = key, State = doubt ? CallState.InDoubt : null };
            await foreach (var call in engine.Environment.Calls.ReadAsync(query, host.Stop))
            {
                if (words.IsJson) calls.Add(Json(call));
                else words.People.WriteLine(Text(call));
            }
        }

        words.Document(new JsonObject { ["job"] = job.Name, ["calls"] = calls });
        return (int)ExitCode.Done;
    }

    /// <summary>The keys of the rows a person means.</summary>
    private static async Task<IReadOnlyList<RowKey?>> FindAsync(IReadOnlyList<string> keyColumns, JobPlan plan, string text, CancellationToken cancellationToken)
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
            : throw new ProblemException(new Problem($"no row of {plan.Source.Name} is '{text}'")
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
            : new JsonObject { ["reserved_input"] = call.Intent.Reserved.Input, ["reserved_output"] = call.Intent.Reserved.Output },
        ["usd"] = call.Settlement is null ? call.Intent.MaxUsd : call.Settlement.Usd,
        ["latency_ms"] = call.Settlement is { } settled ? Math.Round(settled.Latency.TotalMilliseconds, 1) : null,
        ["http_status"] = call.Settlement?.HttpStatus,
        ["request_id"] = call.Settlement?.RequestId,
        ["note"] = call.Settlement?.Note,
        ["evidence"] = call.Settlement?.Evidence,
    };

    private static string Text(CallRecord call)
    {
        var head = $"{call.CallId,6}  {call.Intent.At.ToLocalTime():yyyy-MM-dd HH:mm:ss}  {call.Intent.Route}";
        if (call.Settlement is not { } s) return string.Create(CultureInfo.InvariantCulture, $"{head}  {call.Intent.Rows.Count} rows  {Outcome(call)}, at most {call.Intent.MaxUsd ?? 0:0.######} USD");
        var money = s.Usd is { } usd ? string.Create(CultureInfo.InvariantCulture, $"  {usd:0.######} USD") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{head}  {s.GoodRows}/{call.Intent.Rows.Count} rows  {s.Usage.Input}+{s.Usage.Output} tokens{money}  {s.Latency.TotalMilliseconds:0} ms  {Outcome(call)}{(s.Note is null ? "" : $": {s.Note}")}");
    }

    private static string Outcome(CallRecord call) => call switch
    {
        { State: CallState.InDoubt } => "in doubt",
        { State: CallState.Open } => "in flight",
        { Settlement.Failure: { } failure } => Words(failure),
        _ => "replied",
    };

    private static string Words(FailureKind failure) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(failure.ToString());
}
