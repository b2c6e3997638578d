using System.Buffers;
using System.Text.Json;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>Writes the body of a 200.</summary>
internal static class CompletionBody
{
    public static ReadOnlyMemory<byte> Write(CompatibleDialect dialect, Spoken spoken)
    {
        var choices = spoken.Request.Choices;
        var buffer = new ArrayBufferWriter<byte>(1024 + (spoken.Completion.Text?.Length ?? 0) * choices);
        using var writer = new Utf8JsonWriter(buffer, Json.Relaxed);
        writer.WriteStartObject();
        writer.WriteString("id", $"chatcmpl-{spoken.Id}");
        writer.WriteString("object", "chat.completion");
        writer.WriteNumber("created", spoken.At.ToUnixTimeSeconds());
        writer.WriteString("model", "simulated");
        writer.WriteStartArray("choices");
        for (var i = 0; i < choices; i++) Choice(writer, dialect, spoken, i);
        writer.WriteEndArray();
        writer.WriteStartObject("usage");
        writer.WriteNumber("prompt_tokens", spoken.Bill.Prompt);
        writer.WriteNumber("completion_tokens", spoken.Bill.Output);
        writer.WriteNumber("total_tokens", spoken.Bill.Prompt + spoken.Bill.Output);
        dialect.WriteUsage(writer, spoken);
        writer.WriteEndObject();
        dialect.WriteReply(writer, spoken);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>The list of models.</summary>
    public static ReadOnlyMemory<byte> Models(CompatibleDialect dialect, IReadOnlyList<string> models) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("object", "list");
        writer.WriteStartArray("data");
        foreach (var model in models)
        {
            writer.WriteStartObject();
            writer.WriteString("id", model);
            writer.WriteString("object", "model");
            dialect.WriteModel(writer, model);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static void Choice(Utf8JsonWriter writer, CompatibleDialect dialect, Spoken spoken, int index)
    {
        writer.WriteStartObject();
        writer.WriteNumber("index", index);
        writer.WriteStartObject("message");
        writer.WriteString("role", "assistant");
        var text = spoken.Completion.Text;
        if (text is { Length: > 0 } || (text is not null && !dialect.LeavesOutNoContent)) writer.WriteString("content", text.Value.Span);
        else if (!dialect.LeavesOutNoContent) writer.WriteNull("content");
        dialect.WriteMessage(writer, spoken);
        writer.WriteEndObject();
        dialect.WriteChoice(writer, spoken);
        writer.WriteString("finish_reason", spoken.Completion.Ending switch
        {
            Ending.Length => "length",
            Ending.Filtered or Ending.Blocked => "content_filter",
            _ => "stop",
        });
        writer.WriteEndObject();
    }
}
