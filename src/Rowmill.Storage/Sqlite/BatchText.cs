using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite;

/// <summary>The parts of a batch's record that the file keeps as text: names in snake_case, JSON that people can read.</summary>
internal static class BatchText
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly string[] s_phases = [.. Enum.GetNames<BatchPhase>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    public static string Of(BatchPhase phase) => s_phases[(int)phase];

    /// <summary>Null for a name that no phase has.</summary>
    public static BatchPhase? Phase(string? name) => Array.IndexOf(s_phases, name) is >= 0 and var at ? (BatchPhase)at : null;

    public static string? Of(BatchTold? told) => told is null ? null : JsonSerializer.Serialize(told, s_options);

    public static BatchTold? Told(string? json) => json is null ? null : JsonSerializer.Deserialize<BatchTold>(json, s_options);

    public static string? Of(IReadOnlyDictionary<string, string> results) => results.Count == 0 ? null : JsonSerializer.Serialize(results, s_options);

    public static IReadOnlyDictionary<string, string> Results(string? json) =>
        json is null ? new Dictionary<string, string>(StringComparer.Ordinal) : JsonSerializer.Deserialize<Dictionary<string, string>>(json, s_options)!;
}
