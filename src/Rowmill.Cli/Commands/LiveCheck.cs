using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core.Jobs;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Commands;

/// <summary><c>check --live</c>: one small request, and what it shows of the key, the model, the form of output and the limits.</summary>
internal static class LiveCheck
{
    /// <summary>Asks the first row that is not ended, as a run of that one row: it counts in ledger, windows and budget, and its answer is kept.</summary>
    public static async Task<ExitCode> AskAsync(CliHost host, CommandOutput words, RowmillEngine engine, Job job, long? row, JsonObject document)
    {
        if (row is null)
        {
            words.People.WriteLine("\nLive: no row is left to ask.");
            return ExitCode.Done;
        }

        // Only the first model, and no waiting: what it says now is what the person wants to know.
        var route = job.Routes[0];
        var environment = engine.Environment;
        var owner = await environment.WindowOwner(route);
        var before = await WindowsAsync(environment, owner, host.Stop);
        var options = new RunOptions { Rows = new HashSet<long> { row.Value }, Model = route.Name, WriteOutput = false };
        var summary = await engine.Runner.RunAsync(job with { Patience = TimeSpan.Zero }, options, null, host.Stop, host.Abort);
        CallSettlement? call = null;
        await foreach (var record in environment.Calls.ReadAsync(new CallQuery(job.Name) { RunId = summary.RunId }, host.Stop))
            call = record.Settlement ?? call;
        var succeeded = call is { Failure: null };
        var message = succeeded ? null : call?.Note ?? summary.Message;
        var best = environment.Client(route).StructuredOutput;
        StructuredOutput? form = succeeded ? await environment.Calibrations.FormAsync(route.Id, host.Stop) ?? best : null;
        // A service may tell of its windows in a refusal too.
        var told = (await WindowsAsync(environment, owner, host.Stop)).Where(w => w.LearnedAt is not null && w.LearnedAt != Same(before, w)?.LearnedAt).ToList();
        document["ok"] = succeeded;
        document["live"] = new JsonObject
        {
            ["succeeded"] = succeeded,
            ["model"] = route.Name,
            ["key"] = route.ApiKeyEnv,
            ["seconds"] = Math.Round(call?.Latency.TotalSeconds ?? 0, 3),
            ["input_tokens"] = succeeded ? call?.Usage.Input : null,
            ["output_tokens"] = succeeded ? call?.Usage.Output : null,
            ["form"] = form is { } taken ? JsonNamingPolicy.SnakeCaseLower.ConvertName(taken.ToString()) : null,
            ["best_form"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(best.ToString()),
            ["headers"] = new JsonArray([.. told.Select(w => (JsonNode)w.Window.Spec.Name)]),
            ["limits"] = new JsonArray([.. told.Select(w => (JsonNode)Limit(w, Known(before, w)))]),
            ["failure"] = call?.Failure is { } kind ? JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString()) : null,
            ["message"] = message,
        };
        words.People.WriteLine(succeeded
            ? string.Create(CultureInfo.InvariantCulture, $"\nLive: a reply in {call!.Latency.TotalSeconds:0.0} s, {call.Usage.Input} tokens in, {call.Usage.Output} out.")
            : $"\nLive: {message}");
        if (form is { } used)
        {
            words.People.WriteLine($"  key      {(route.ApiKeyEnv is null ? "none needed" : $"the one in {route.ApiKeyEnv} is accepted")}");
            words.People.WriteLine($"  model    {route.Name} answers");
            words.People.WriteLine($"  output   {Form(used)}{(used == best ? "" : $"; the model refuses {Form(best)}")}");
        }

        if (call is not null)
        {
            words.People.WriteLine($"  limits   {(told.Count == 0 ? "the service told none" : string.Join("; ", told.Select(w => Told(w, Known(before, w)))))}");
        }

        // Without a call a limit, the budget or an interruption came before it.
        return call is null ? SummaryJson.ExitCode(summary) : call.Failure switch
        {
            null => ExitCode.Done,
            FailureKind.KeyRefused or FailureKind.ModelRefused or FailureKind.QuotaExhausted or FailureKind.NoAllowance => ExitCode.Refused,
            FailureKind.RateLimited => ExitCode.RateLimited,
            FailureKind.BadRequest or FailureKind.FormRefused or FailureKind.TooLarge => ExitCode.UserError,
            _ => ExitCode.Failure,
        };
    }

    private static async Task<IReadOnlyList<WindowState>> WindowsAsync(RunEnvironment environment, WindowOwner owner, CancellationToken stop) =>
        (await environment.Windows.ReadAsync(stop)).FirstOrDefault(o => o.Owner == owner)?.Windows ?? [];

    /// <summary>The limit of the same window before the request; null when the service had told none.</summary>
    private static long? Known(IReadOnlyList<WindowState> before, WindowState now) =>
        Same(before, now) is { LearnedAt: not null } known ? known.Window.Spec.Limit : null;

    private static WindowState? Same(IReadOnlyList<WindowState> before, WindowState now) =>
        before.FirstOrDefault(w => w.Window.Spec.Name == now.Window.Spec.Name);

    private static JsonObject Limit(WindowState state, long? before) => new()
    {
        ["window"] = state.Window.Spec.Name,
        ["limit"] = state.Window.Spec.Limit,
        ["limit_before"] = before,
        ["used"] = Math.Round(state.Window.Usage.Used, 3),
        ["from"] = state.Source == WindowSource.Learned ? "learned" : "job",
    };

    private static string Told(WindowState state, long? before)
    {
        var spec = state.Window.Spec;
        var change = before is null ? "new" : before == spec.Limit ? "as known" : string.Create(CultureInfo.InvariantCulture, $"before: {before:N0}");
        return string.Create(CultureInfo.InvariantCulture, $"{spec.Limit:N0} {spec.Name.Replace('_', ' ')} ({change}{(state.Source == WindowSource.Job ? "; the job's own counts" : "")})");
    }

    private static string Form(StructuredOutput form) => form switch
    {
        StructuredOutput.StrictSchema => "a schema the model is held to",
        StructuredOutput.Schema => "a schema",
        StructuredOutput.JsonMode => "JSON of whatever shape",
        StructuredOutput.Text => "text",
        _ => throw new ArgumentOutOfRangeException(nameof(form), form, null),
    };
}
