using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>One batch as people and programs see it.</summary>
/// <param name="Record">Our record.</param>
/// <param name="Model">The model's name; the stored id of one that the job lists no more.</param>
/// <param name="OpenLines">Requests without an end yet.</param>
/// <param name="OpenRows">Rows in them.</param>
/// <param name="File">Its request file; null when it is gone.</param>
/// <param name="IsStale">True when the job asks something else now.</param>
public sealed record BatchView(BatchRecord Record, string Model, int OpenLines, int OpenRows, string? File, bool IsStale);

/// <summary>What a step of the batches came to, and where they stand.</summary>
/// <param name="Summary">How it ended.</param>
/// <param name="Batches">The job's batches, in the order they were prepared.</param>
/// <param name="At">When.</param>
public sealed record BatchReport(RunSummary Summary, IReadOnlyList<BatchView> Batches, DateTimeOffset At)
{
    /// <summary>Names of the batches that the step wrote, sent or ended, or of which it learned something new.</summary>
    public IReadOnlyList<string> Touched { get; init; } = [];

    /// <summary>The folder of the files.</summary>
    public required string Folder { get; init; }

    /// <summary>The report of a step as one JSON object.</summary>
    /// <param name="step">The step's name.</param>
    public JsonObject ToJson(string step) => new()
    {
        ["job"] = Summary.Job,
        ["step"] = step,
        ["state"] = SummaryJson.Word(Summary.State),
        ["message"] = Summary.Message,
        ["touched"] = new JsonArray([.. Touched.Select(n => (JsonNode)n)]),
        ["batches"] = BatchesJson(),
        ["resume_at"] = SummaryJson.Time(Summary.ResumeAt),
        ["folder"] = Folder,
        ["store"] = Summary.Store,
    };

    /// <summary>The summary of a run with its batches, as one JSON object.</summary>
    public JsonObject ToJson()
    {
        var json = SummaryJson.Write(Summary);
        json["batches"] = BatchesJson();
        return json;
    }

    /// <summary>The job's batches as one JSON object.</summary>
    public static JsonObject ListJson(string job, IReadOnlyList<BatchView> batches, RunEnvironment environment, DateTimeOffset now) => new()
    {
        ["job"] = job,
        ["batches"] = Json(batches, now),
        ["folder"] = environment.BatchFolder,
        ["store"] = environment.StoreName,
    };

    /// <summary>Batches as a JSON array.</summary>
    public static JsonArray Json(IReadOnlyList<BatchView> batches, DateTimeOffset now) => new([.. batches.Select(b => (JsonNode)Json(b, now))]);

    private JsonArray BatchesJson() => Json(Batches, At);

    private static JsonObject Json(BatchView view, DateTimeOffset now)
    {
        var r = view.Record;
        return new JsonObject
        {
            ["name"] = r.Name,
            ["id"] = r.ServiceId,
            ["model"] = view.Model,
            ["phase"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(r.Phase.ToString()),
            ["state"] = r.Told?.Word,
            ["stage"] = r.Stage,
            ["requests"] = r.Lines,
            ["rows"] = r.Rows,
            ["open_requests"] = view.OpenLines,
            ["open_rows"] = view.OpenRows,
            ["succeeded"] = r.Told?.Succeeded,
            ["failed"] = r.Told?.Failed,
            ["asked_rows"] = r.AskedRows,
            ["good_rows"] = r.GoodRows,
            ["tokens"] = new JsonObject { ["input"] = r.Reserved.Input, ["output"] = r.Reserved.Output },
            ["max_usd"] = r.MaxUsd,
            ["bytes"] = r.Bytes,
            ["sha256"] = r.Sha256,
            ["file"] = view.File,
            ["stale"] = view.IsStale,
            ["prepared_at"] = SummaryJson.Time(r.PreparedAt),
            ["submitted_at"] = SummaryJson.Time(r.SubmittedAt),
            ["ended_at"] = SummaryJson.Time(r.EndedAt),
            ["age_seconds"] = r.SubmittedAt is { } at ? Math.Round(((r.EndedAt ?? now) - at).TotalSeconds, 3) : null,
            ["expires_at"] = SummaryJson.Time(r.Told?.ExpiresAt),
            ["results_until"] = SummaryJson.Time(r.Told?.ResultsUntil),
            ["note"] = r.Note,
        };
    }

    /// <summary>Where the batches of a job stand, from the store alone.</summary>
    /// <param name="environment">The ports.</param>
    /// <param name="job">The job.</param>
    /// <param name="question">Fingerprint of what it asks now.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IReadOnlyList<BatchView>> ViewsAsync(
        RunEnvironment environment, Jobs.Job job, string question, CancellationToken cancellationToken = default)
    {
        var folder = new BatchFolder(environment.BatchFolder);
        var models = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var route in job.Routes) models.TryAdd(route.Id, route.Name);
        var views = new List<BatchView>();
        foreach (var record in await environment.Batches.ReadAsync(job.Name, cancellationToken).ConfigureAwait(false))
        {
            var (lines, rows) = await environment.Batches.CountOpenAsync(record.Name, cancellationToken).ConfigureAwait(false);
            var file = folder.Requests(record.Name);
            views.Add(new BatchView(record, models.GetValueOrDefault(record.Route, record.Route), lines, rows, File.Exists(file) ? file : null, record.Question != question));
        }

        return views;
    }
}
