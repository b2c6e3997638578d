using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Storage.Limits;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill limits</c>: every window: used, left, resets when. Of all jobs of the user; no job is needed.</summary>
internal static class LimitsCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command("limits", "Show every limit of every model used so far: what is used, what is left, when it resets.");
        var json = JobArguments.JsonOption();
        command.Options.Add(json);
        command.SetAction((parsed, _) => RunAsync(host, new CommandOutput(host, parsed.GetValue(json))));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, CommandOutput words)
    {
        var owners = await ReadAsync(host);
        var now = host.Clock.GetUtcNow();
        words.Document(new JsonObject
        {
            ["windows"] = new JsonArray([.. owners.SelectMany(o => Lines(o, now))]),
            ["holds"] = new JsonArray([.. owners.Where(o => o.Hold is not null).Select(o => (JsonNode)Json(o.Owner, o.Hold!))]),
        });
        if (words.IsJson) return (int)ExitCode.Done;
        if (owners.Count == 0) words.People.WriteLine("No limits are known yet: no request has been counted against one.");
        for (var i = 0; i < owners.Count; i++)
        {
            if (i > 0) words.People.WriteLine();
            Print(words.People, owners[i], now);
        }

        return (int)ExitCode.Done;
    }

    /// <summary>The owners of whom there is something to tell. Looking makes no file.</summary>
    private static async Task<IReadOnlyList<OwnerState>> ReadAsync(CliHost host)
    {
        var path = host.LimitsPath ?? LimitsFile.DefaultPath();
        if (!File.Exists(path)) return [];
        using var store = SqliteWindowStore.Open(path, host.Clock);
        return [.. (await store.ReadAsync(host.Stop)).Where(o => o.Windows.Count > 0 || o.Hold is not null || o.Queue is not null)];
    }

    private static IEnumerable<JsonNode> Lines(OwnerState owner, DateTimeOffset now)
    {
        foreach (var window in owner.Windows) yield return Json(owner.Owner, window, now);
        if (owner.Queue is { } queue) yield return Json(owner.Owner, queue);
    }

    private static JsonObject Json(WindowOwner owner, WindowState state, DateTimeOffset now)
    {
        var (spec, usage) = state.Window;
        return new()
        {
            ["provider"] = owner.Provider,
            ["model"] = owner.Model,
            ["base_url"] = owner.BaseUrl,
            ["account"] = owner.Account,
            ["window"] = spec.Name,
            ["kind"] = spec.Calendar ? "calendar" : "refilling",
            ["limit"] = spec.Limit,
            ["capacity"] = Math.Round(spec.Capacity, 3),
            ["used"] = Math.Round(usage.Used, 3),
            ["left"] = Left(state.Window),
            ["resets_at"] = SummaryJson.Time(state.FullAt),
            ["next_fits_at"] = SummaryJson.Time(now + usage.WaitFor(0, 1, now, spec)),
            ["source"] = state.Source == WindowSource.Learned ? "learned" : "job",
            ["learned_at"] = SummaryJson.Time(state.LearnedAt),
        };
    }

    /// <summary>A queue as one more window: it has no time at which it opens, and limit and left are null when its limit is not known.</summary>
    private static JsonObject Json(WindowOwner owner, QueueState queue) => new()
    {
        ["provider"] = owner.Provider,
        ["model"] = owner.Model,
        ["base_url"] = owner.BaseUrl,
        ["account"] = owner.Account,
        ["window"] = LimitNames.EnqueuedTokens,
        ["kind"] = "queue",
        ["limit"] = queue.Limit,
        ["capacity"] = queue.Limit,
        ["used"] = queue.Used,
        ["left"] = Left(queue),
        ["batches"] = queue.Batches,
        ["resets_at"] = null,
        ["next_fits_at"] = null,
        ["source"] = queue.Source is { } source ? source == WindowSource.Learned ? "learned" : "job" : null,
        ["learned_at"] = null,
    };

    private static JsonObject Json(WindowOwner owner, WindowHold hold) => new()
    {
        ["provider"] = owner.Provider,
        ["model"] = owner.Model,
        ["base_url"] = owner.BaseUrl,
        ["account"] = owner.Account,
        ["until"] = SummaryJson.Time(hold.Until),
        ["reason"] = hold.Reason,
    };

    private static void Print(TextWriter people, OwnerState owner, DateTimeOffset now)
    {
        people.WriteLine($"{owner.Owner.Provider}/{owner.Owner.Model}  (account {owner.Owner.Account}, {owner.Owner.BaseUrl})");
        if (owner.Hold is { } hold)
        {
            people.WriteLine(hold.Until > now
                ? $"  held until {Words.Time(hold.Until)}: {hold.Reason}"
                : $"  held until {Words.Time(hold.Until)}, which is over; one request goes first: {hold.Reason}");
        }

        var rows = owner.Windows.Select(w => Cells(w, now)).ToList();
        if (owner.Queue is { } queue) rows.Add(Cells(queue));
        var widths = Enumerable.Range(0, 3).Select(c => rows.Count == 0 ? 0 : rows.Max(r => r[c].Length)).ToList();
        foreach (var row in rows)
            people.WriteLine($"  {row[0].PadRight(widths[0])}  {row[1].PadLeft(widths[1])}  {row[2].PadLeft(widths[2])}  {row[3]}");
    }

    private static string[] Cells(WindowState state, DateTimeOffset now)
    {
        var (spec, usage) = state.Window;
        var notes = new List<string> { Resets(state, now) };
        if (usage.WaitFor(0, 1, now, spec) is var wait && wait > TimeSpan.Zero) notes.Add($"opens in {Words.Span(wait)}");
        if (spec.Capacity < spec.Limit) notes.Add($"holds {Amount(spec.Capacity)} at once");
        if (state.Source == WindowSource.Learned) notes.Add("told by the service");
        return [spec.Name.Replace('_', ' '), $"{Amount(Math.Ceiling(usage.Used))} of {Amount(spec.Limit)} used", $"{Amount(Left(state.Window))} left", string.Join(", ", notes)];
    }

    private static string[] Cells(QueueState queue)
    {
        var notes = queue.Batches == 0 ? "unused" : queue.Batches == 1 ? "1 batch" : $"{Amount(queue.Batches)} batches";
        var name = LimitNames.EnqueuedTokens.Replace('_', ' ');
        if (queue.Limit is not { } limit) return [name, $"{Amount(queue.Used)} used", "", $"{notes}, no limit is known"];
        if (queue.Source == WindowSource.Learned) notes += ", told by the service";
        return [name, $"{Amount(queue.Used)} of {Amount(limit)} used", $"{Amount(Left(queue)!.Value)} left", notes];
    }

    private static string Resets(WindowState state, DateTimeOffset now)
    {
        if (state.Window.Usage.Used <= 0) return "unused";
        return $"{(state.Window.Spec.Calendar ? "resets" : "unused again")} {Words.Time(state.FullAt)} (in {Words.Span(state.FullAt - now)})";
    }

    private static double Left(UsedWindow window) => Math.Max(0, Math.Floor(window.Spec.Capacity - window.Usage.Used + 1e-6));

    private static long? Left(QueueState queue) => queue.Limit is { } limit ? Math.Max(0, limit - queue.Used) : null;

    private static string Amount(double amount) => amount.ToString("N0", CultureInfo.InvariantCulture);
}
