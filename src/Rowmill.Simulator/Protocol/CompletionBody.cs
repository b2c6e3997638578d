using System.Buffers;
using System.Text.Json;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Ledger;

namespace Rowmill.Simulator.Protocol;

/// <summary>What a model said.</summary>
/// <param name="Text">UTF-8; null for a refusal beside the content.</param>
/// <param name="Refusal">The words of a refusal; null for none.</param>
/// <param name="Finish">The <c>finish_reason</c>.</param>
internal sealed record Completion(ReadOnlyMemory<byte>? Text, string? Refusal, string Finish);

/// <summary>Writes the body of a 200.</summary>
internal static class CompletionBody
{
    public static ReadOnlyMemory<byte> Write(
        Dialect dialect, ChatRequest request, Completion completion, Bill bill, string id, long created, TimeSpan took)
    {
        var buffer = new ArrayBufferWriter<byte>(1024 + (completion.Text?.Length ?? 0) * request.Choices);
        using var writer = new Utf8JsonWriter(buffer, Json.Relaxed);
        writer.WriteStartObject();
        writer.WriteString("id", $"chatcmpl-{id}");
        writer.WriteString("object", "chat.completion");
        writer.WriteNumber("created", created);
        writer.WriteString("model", "simulated");
        writer.WriteStartArray("choices");
        for (var i = 0; i < request.Choices; i++) Choice(writer, dialect, completion, i);
        writer.WriteEndArray();
        Usage(writer, dialect, bill, took);
        var tier = request.ServiceTier is "flex" or "priority" ? request.ServiceTier : "default";
        if (dialect.DetailedReplies) writer.WriteString("service_tier", tier);
        writer.WriteString("system_fingerprint", "simulated");
        if (dialect.GroqReplies)
        {
            writer.WriteStartObject("x_groq");
            writer.WriteString("id", $"req_{id}");
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void Choice(Utf8JsonWriter writer, Dialect dialect, Completion completion, int index)
    {
        writer.WriteStartObject();
        writer.WriteNumber("index", index);
        writer.WriteStartObject("message");
        writer.WriteString("role", "assistant");
        if (completion.Text is { } text) writer.WriteString("content", text.Span);
        else writer.WriteNull("content");
        if (dialect.DetailedReplies)
        {
            writer.WriteString("refusal", completion.Refusal);
            writer.WriteStartArray("annotations");
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        if (dialect.DetailedReplies || dialect.GroqReplies) writer.WriteNull("logprobs");
        writer.WriteString("finish_reason", completion.Finish);
        writer.WriteEndObject();
    }

    private static void Usage(Utf8JsonWriter writer, Dialect dialect, Bill bill, TimeSpan took)
    {
        writer.WriteStartObject("usage");
        writer.WriteNumber("prompt_tokens", bill.Prompt);
        writer.WriteNumber("completion_tokens", bill.Output);
        writer.WriteNumber("total_tokens", bill.Prompt + bill.Output);
        if (dialect.GroqReplies)
        {
            writer.WriteNumber("queue_time", 0);
            writer.WriteNumber("prompt_time", 0);
            writer.WriteNumber("completion_time", took.TotalSeconds);
            writer.WriteNumber("total_time", took.TotalSeconds);
            if (bill.Cached > 0) Details(writer, "prompt_tokens_details", [("cached_tokens", bill.Cached)]);
        }

        if (dialect.DetailedReplies)
        {
            Details(writer, "prompt_tokens_details", [("cached_tokens", bill.Cached), ("audio_tokens", 0)]);
            Details(
                writer,
                "completion_tokens_details",
                [("reasoning_tokens", 0), ("audio_tokens", 0), ("accepted_prediction_tokens", 0), ("rejected_prediction_tokens", 0)]);
        }

        writer.WriteEndObject();
    }

    private static void Details(Utf8JsonWriter writer, string name, ReadOnlySpan<(string Name, int Value)> values)
    {
        writer.WriteStartObject(name);
        foreach (var (field, value) in values) writer.WriteNumber(field, value);
        writer.WriteEndObject();
    }
}
