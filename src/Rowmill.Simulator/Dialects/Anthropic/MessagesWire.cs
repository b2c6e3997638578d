using System.Buffers;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Anthropic;

/// <summary>Anthropic's form of a chat: <c>POST /v1/messages</c>.</summary>
internal sealed class MessagesWire(MessagesReader reader) : ChatWire
{
    /// <summary>The form of a request that came in a batch.</summary>
    public const string Batch = "batch";

    public override (ChatRequest? Request, ErrorReply? Error) Read(JsonElement body, Place place) => reader.Read(body, place, asked: true);

    public override ReadOnlyMemory<byte> Write(Spoken spoken)
    {
        var (request, completion) = (spoken.Request, spoken.Completion);
        var buffer = new ArrayBufferWriter<byte>(1024 + (completion.Text?.Length ?? 0));
        using var writer = new Utf8JsonWriter(buffer, Json.Relaxed);
        writer.WriteStartObject();
        writer.WriteString("id", $"msg_{spoken.Id}");
        writer.WriteString("type", "message");
        writer.WriteString("role", "assistant");
        writer.WriteString("model", "simulated");
        writer.WriteStartArray("content");
        var called = Content(writer, spoken);
        writer.WriteEndArray();
        var refused = completion.Ending is Ending.Refused or Ending.Blocked;
        writer.WriteString("stop_reason", refused ? "refusal" : completion.Ending == Ending.Length ? "max_tokens" : called ? "tool_use" : "end_turn");
        writer.WriteNull("stop_sequence");
        if (refused)
        {
            writer.WriteStartObject("stop_details");
            writer.WriteString("type", "refusal");
            writer.WriteNull("category");
            writer.WriteString("explanation", completion.Refusal);
            writer.WriteEndObject();
        }

        Usage(writer, spoken);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>The blocks, thoughts first; true when a tool was called.</summary>
    private static bool Content(Utf8JsonWriter writer, Spoken spoken)
    {
        var completion = spoken.Completion;
        if (completion.Thoughts is { } thoughts)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "thinking");
            writer.WriteString("thinking", thoughts);
            writer.WriteBase64String("signature", Encoding.UTF8.GetBytes(spoken.Id));
            writer.WriteEndObject();
        }

        if (completion.Text is not { Length: > 0 } text) return false;
        // A call whose input the output limit cut has no input; words that are no object are words.
        var whole = spoken.Request.Tool is not null && IsObject(text);
        var called = whole || (spoken.Request.Tool is not null && completion.Ending == Ending.Length);
        writer.WriteStartObject();
        if (called)
        {
            writer.WriteString("type", "tool_use");
            writer.WriteString("id", $"toolu_{spoken.Id}");
            writer.WriteString("name", spoken.Request.Tool);
            writer.WritePropertyName("input");
            writer.WriteRawValue(whole ? text.Span : "{}"u8, skipInputValidation: true);
        }
        else
        {
            writer.WriteString("type", "text");
            writer.WriteString("text", text.Span);
        }

        writer.WriteEndObject();
        return called;
    }

    /// <summary>What was read from a cache and what was put into one are no part of <c>input_tokens</c>.</summary>
    private static void Usage(Utf8JsonWriter writer, Spoken spoken)
    {
        var bill = spoken.Bill;
        var hour = spoken.Request.Cache.Keep >= TimeSpan.FromHours(1);
        writer.WriteStartObject("usage");
        writer.WriteNumber("input_tokens", bill.Prompt - bill.Cached - bill.Written);
        writer.WriteNumber("cache_creation_input_tokens", bill.Written);
        writer.WriteNumber("cache_read_input_tokens", bill.Cached);
        writer.WriteStartObject("cache_creation");
        writer.WriteNumber("ephemeral_5m_input_tokens", hour ? 0 : bill.Written);
        writer.WriteNumber("ephemeral_1h_input_tokens", hour ? bill.Written : 0);
        writer.WriteEndObject();
        writer.WriteNumber("output_tokens", bill.Output);
        writer.WriteString("service_tier", spoken.Request.ServiceTier ?? "standard");
        writer.WriteEndObject();
    }

    private static bool IsObject(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
