using System.Buffers;
using System.Text.Json;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>The statistics as JSON.</summary>
internal static class StatsBody
{
    public static ReadOnlyMemory<byte> Write(SimulatorStats stats)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(buffer, Json.Relaxed);
        writer.WriteStartObject();
        writer.WriteNumber("requests", stats.Requests);
        writer.WriteNumber("accepted", stats.Accepted);
        writer.WriteNumber("billed", stats.Billed);
        writer.WriteStartObject("outcomes");
        foreach (var (outcome, count) in stats.Outcomes) writer.WriteNumber(outcome, count);
        writer.WriteEndObject();
        writer.WriteNumber("rows_asked", stats.RowsAsked);
        writer.WriteNumber("rows_billed", stats.RowsBilled);
        writer.WriteNumber("distinct_rows", stats.DistinctRows);
        writer.WriteBoolean("distinct_rows_is_lower_bound", stats.DistinctRowsIsLowerBound);
        writer.WriteNumber("in_flight", stats.InFlight);
        writer.WriteNumber("max_in_flight", stats.MaxInFlight);
        writer.WriteNumber("prompt_tokens", stats.PromptTokens);
        writer.WriteNumber("cached_tokens", stats.CachedTokens);
        writer.WriteNumber("output_tokens", stats.OutputTokens);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }
}

/// <summary>The list of models as JSON.</summary>
internal static class ModelsBody
{
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<string> models)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, Json.Relaxed);
        writer.WriteStartObject();
        writer.WriteString("object", "list");
        writer.WriteStartArray("data");
        foreach (var model in models)
        {
            writer.WriteStartObject();
            writer.WriteString("id", model);
            writer.WriteString("object", "model");
            writer.WriteNumber("created", 0);
            writer.WriteString("owned_by", "simulated");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }
}
