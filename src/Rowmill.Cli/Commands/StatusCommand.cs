using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core.Batches;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill status</c>: where a job stands, what waits for what until when.</summary>
internal static class StatusCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("status", "Tell where a job stands, and what it waits for.");
        var job = new JobArguments(host, command);
        command.SetAction((parsed, _) => RunAsync(host, job, parsed));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, JobArguments arguments, ParseResult parsed)
    {
        var words = arguments.Output(parsed);
        var job = await arguments.LoadAsync(parsed);
        await using var engine = await arguments.OpenAsync(parsed, job);
        var plan = await OpenedJob.OpenAsync(job, cancellationToken: host.Stop);
        var last = await engine.Environment.Runs.LastAsync(job.Name, host.Stop);
        var rows = await plan.ExportAsync(engine.Environment.Answers, null, cancellationToken: host.Stop);
        var spent = await engine.Environment.Calls.SpentAsync(job.Name, host.Stop);
        var look = await engine.Environment.Leases.LookAsync(job.Name, host.Stop);
        var doubt = await DoubtSum.OfAsync(engine.Environment.Calls, engine.Environment.Batches, job.Name, look, host.Stop);
        var cleared = await DoubtSum.OfAsync(engine.Environment.Calls, job.Name, CallState.Cleared, look, host.Stop);
        var waiting = last is null ? [] : await WaitingAsync(engine.Environment.Events, last, host);
        var sizes = last is null ? [] : await PackSizes.ReadAsync(engine.Environment.Events, last.RunId, host.Stop);
        var batches = await new BatchRunner(engine.Environment).ListAsync(job, host.Stop);
        var now = host.Clock.GetUtcNow();
        var state = look.Held is not null ? "running" : last is null ? "not_started" : last.EndedAt is null ? "killed" : (string?)last.Summary?["state"];
        words.Document(new JsonObject
        {
            ["job"] = job.Name,
            ["state"] = state,
            ["rows"] = SummaryJson.Rows(rows),
            ["rows_in_batches"] = BatchText.RowsIn(batches),
            ["usd"] = spent,
            ["in_doubt"] = SummaryJson.Doubt(doubt),
            ["cleared"] = SummaryJson.Doubt(cleared),
            ["resume_at"] = last?.Summary?["resume_at"]?.DeepClone(),
            ["finish_at"] = last?.Summary?["finish_at"]?.DeepClone(),
            ["waiting"] = new JsonArray([.. waiting.Select(w => (JsonNode)new JsonObject { ["for"] = w.What, ["until"] = SummaryJson.Time(w.Until) })]),
            ["batches"] = BatchReport.Json(batches, now),
            ["pack_sizes"] = PackSizes.Json(sizes),
            ["last_run"] = last is null ? null : new JsonObject
            {
                ["run_id"] = last.RunId,
                ["started_at"] = SummaryJson.Time(last.StartedAt),
                ["ended_at"] = SummaryJson.Time(last.EndedAt),
                ["summary"] = last.Summary?.DeepClone(),
            },
            ["store"] = engine.Environment.StoreName,
            ["output"] = job.Output.Path,
        });
        if (words.IsJson) return (int)ExitCode.Done;
        words.People.WriteLine($"{job.Name}: {SummaryText.Rows(rows)}");
        words.People.WriteLine($"  {Words.Usd(spent)} spent over all runs");
        if (doubt.Calls > 0) words.People.WriteLine($"  {SummaryText.Doubt(doubt)} in doubt, {Words.Usd(doubt.Usd)} at most (see: rowmill calls --in-doubt)");
        if (cleared.Calls > 0) words.People.WriteLine($"  {SummaryText.Doubt(cleared)} were in doubt and have been cleared; {Words.Usd(cleared.Usd)} stay counted for them");
        BatchText.WriteOpen(words.People, batches, now);
        if (last is null) words.People.WriteLine("  it has not run yet");
        else
        {
            var ended = last.EndedAt is { } at ? $"ended {Words.Time(at)}: {state?.Replace('_', ' ')}" : look.Held?.RunId == last.RunId ? "goes on" : "was killed";
            words.People.WriteLine($"  last run {last.RunId} began {Words.Time(last.StartedAt)}, {ended}");
            foreach (var (what, until) in waiting) words.People.WriteLine($"  waits until {Words.Time(until)}: {what}");
            foreach (var size in sizes) words.People.WriteLine($"  {size}");
            if ((string?)last.Summary?["message"] is { } message) words.People.WriteLine($"  {Words.Sentence(message)}");
        }

        return (int)ExitCode.Done;
    }

    /// <summary>What the last run waits for, or waited for when it ended, as far as that is still to come; the latest news of each.</summary>
    private static async Task<IReadOnlyList<(string What, DateTimeOffset Until)>> WaitingAsync(IEventLog events, RunRecord last, CliHost host)
    {
        var waits = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        await foreach (var e in events.ReadAsync(last.RunId, 0, host.Stop))
        {
            if ((e.Kind is "waiting" or "limited") && (string?)e.Data["reason"] is { } what
                && (string?)(e.Data["until"] ?? e.Data["resume_at"]) is { } until)
            {
                waits[what] = DateTimeOffset.Parse(until, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            }
        }

        return [.. waits.Where(w => w.Value > host.Clock.GetUtcNow()).Select(w => (w.Key, w.Value)).OrderBy(w => w.Value)];
    }
}
