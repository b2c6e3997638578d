using System.Text.Json;
using System.Text.Json.Serialization;
using Rowmill.Core.Models;

namespace Rowmill.Storage.Sqlite;

/// <summary>What was put right in a reply as the file keeps it: the counts that are not zero, as JSON; nothing when all are.</summary>
internal static class MendedText
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    };

    public static string? Of(in ReplyCounts counts) => counts == default ? null : JsonSerializer.Serialize(counts, s_options);

    public static ReplyCounts Read(string? text) => text is null ? default : JsonSerializer.Deserialize<ReplyCounts>(text, s_options);
}
