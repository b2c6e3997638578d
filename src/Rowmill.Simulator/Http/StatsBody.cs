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
        Counts(writer, "outcomes", stats.Outcomes);
        writer.WriteNumber("rows_asked", stats.RowsAsked);
        writer.WriteNumber("rows_billed", stats.RowsBilled);
        writer.WriteNumber("distinct_rows", stats.DistinctRows);
        writer.WriteBoolean("distinct_rows_is_lower_bound", stats.DistinctRowsIsLowerBound);
        writer.WriteNumber("in_flight", stats.InFlight);
        writer.WriteNumber("max_in_flight", stats.MaxInFlight);
        writer.WriteNumber("prompt_tokens", stats.PromptTokens);
        writer.WriteNumber("cached_tokens", stats.CachedTokens);
        writer.WriteNumber("output_tokens", stats.OutputTokens);
        writer.WriteStartArray("accounts");
        foreach (var account in stats.Accounts) Account(writer, account);
        writer.WriteEndArray();
        writer.WriteNumber("batch_lines_billed", stats.BatchLinesBilled);
        writer.WriteNumber("batch_lines_billed_twice", stats.BatchLinesBilledTwice);
        writer.WriteNumber("batch_rows_billed_twice", stats.BatchRowsBilledTwice);
        writer.WriteStartArray("batches");
        foreach (var batch in stats.Batches) Batch(writer, batch);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void Account(Utf8JsonWriter writer, AccountStats account)
    {
        writer.WriteStartObject();
        writer.WriteString("key", account.Key);
        writer.WriteString("model", account.Model);
        writer.WriteNumber("admitted", account.Admitted);
        Counts(writer, "refused", account.Refused);
        Counts(writer, "too_large", account.TooLarge);
        writer.WriteNumber("tokens_counted", account.TokensCounted);
        writer.WriteNumber("prompt_tokens", account.PromptTokens);
        writer.WriteNumber("cached_tokens", account.CachedTokens);
        writer.WriteNumber("output_tokens", account.OutputTokens);
        Time(writer, "first_admitted_at", account.FirstAdmittedAt);
        Time(writer, "last_admitted_at", account.LastAdmittedAt);
        Time(writer, "last_reply_at", account.LastReplyAt);
        writer.WriteEndObject();
    }

    private static void Batch(Utf8JsonWriter writer, SimulatorBatch batch)
    {
        writer.WriteStartObject();
        writer.WriteString("id", batch.Id);
        writer.WriteString("name", batch.Name);
        writer.WriteStartObject("metadata");
        foreach (var (name, value) in batch.Metadata) writer.WriteString(name, value);
        writer.WriteEndObject();
        writer.WriteString("key", batch.Key);
        writer.WriteString("model", batch.Model);
        writer.WriteString("state", batch.State);
        writer.WriteNumber("requests", batch.Requests);
        writer.WriteNumber("succeeded", batch.Succeeded);
        writer.WriteNumber("failed", batch.Failed);
        writer.WriteNumber("expired", batch.Expired);
        writer.WriteNumber("cancelled", batch.Cancelled);
        writer.WriteNumber("billed", batch.Billed);
        writer.WriteNumber("rows_billed", batch.RowsBilled);
        writer.WriteNumber("tokens", batch.Tokens);
        writer.WriteNumber("enqueued_tokens", batch.EnqueuedTokens);
        writer.WriteString("input_sha256", batch.InputSha256);
        writer.WriteString("first_line", batch.FirstLine);
        writer.WriteString("created_at", batch.CreatedAt);
        writer.WriteEndObject();
    }

    private static void Counts(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, long> counts)
    {
        writer.WriteStartObject(name);
        foreach (var (key, count) in counts) writer.WriteNumber(key, count);
        writer.WriteEndObject();
    }

    private static void Time(Utf8JsonWriter writer, string name, DateTimeOffset? at)
    {
        if (at is { } time) writer.WriteString(name, time);
        else writer.WriteNull(name);
    }
}
