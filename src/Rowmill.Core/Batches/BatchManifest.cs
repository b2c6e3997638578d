using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>What describes a request file to people and to other machines: a small JSON file beside it, with its checksum.</summary>
internal static class BatchManifest
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    /// <summary>The manifest as JSON.</summary>
    public static JsonObject Of(BatchRecord record, Route route, string file) => new()
    {
        ["batch"] = record.Name,
        ["job"] = record.Job,
        ["model"] = route.Name,
        ["file"] = Path.GetFileName(file),
        ["sha256"] = record.Sha256,
        ["bytes"] = record.Bytes,
        ["requests"] = record.Lines,
        ["rows"] = record.Rows,
        ["stage"] = record.Stage,
        ["tokens"] = new JsonObject { ["input"] = record.Reserved.Input, ["output"] = record.Reserved.Output },
        ["max_usd"] = record.MaxUsd,
        ["question"] = record.Question,
        ["prepared_at"] = SummaryJson.Time(record.PreparedAt),
    };

    /// <summary>Its text.</summary>
    public static string Text(JsonObject manifest) => manifest.ToJsonString(s_indented);

    /// <summary>Writes it beside the request file.</summary>
    public static async ValueTask WriteAsync(BatchFolder folder, BatchRecord record, Route route)
    {
        var file = folder.Manifest(record.Name);
        var stream = folder.Begin(file);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(Text(Of(record, route, folder.Requests(record.Name))))).ConfigureAwait(false);
        BatchFolder.Finish(stream, file);
    }
}
