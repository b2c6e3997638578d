using System.Buffers;
using System.Text.Json;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Gemini;

/// <summary>Google's own form of a chat: <c>POST /v1beta/models/{model}:generateContent</c>. Zero and empty fields are left out.</summary>
internal sealed class GeminiWire(SchemaLibrary schemas) : ChatWire
{
    private readonly GeminiReader _reader = new(schemas);

    public override (ChatRequest? Request, ErrorReply? Error) Read(JsonElement body, Place place) => _reader.Read(body, place.Model!);

    public override string ContentType(ChatRequest request) => "application/json; charset=UTF-8";

    public override ReadOnlyMemory<byte> Write(Spoken spoken)
    {
        var buffer = new ArrayBufferWriter<byte>(1024 + (spoken.Completion.Text?.Length ?? 0));
        using var writer = new Utf8JsonWriter(buffer, Json.Relaxed);
        writer.WriteStartObject();
        if (spoken.Completion.Ending == Ending.Blocked)
        {
            writer.WriteStartObject("promptFeedback");
            writer.WriteString("blockReason", "PROHIBITED_CONTENT");
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteStartArray("candidates");
            for (var i = 0; i < spoken.Request.Choices; i++) Candidate(writer, spoken, i);
            writer.WriteEndArray();
        }

        Usage(writer, spoken.Bill);
        writer.WriteString("modelVersion", "simulated");
        writer.WriteString("responseId", spoken.Id);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void Candidate(Utf8JsonWriter writer, Spoken spoken, int index)
    {
        var completion = spoken.Completion;
        writer.WriteStartObject();
        if (completion.Ending != Ending.Filtered)
        {
            writer.WriteStartObject("content");
            if (completion is { Text.Length: > 0 } or { Thoughts: not null }) Parts(writer, spoken);
            writer.WriteString("role", "model");
            writer.WriteEndObject();
        }

        writer.WriteString("finishReason", completion.Ending switch
        {
            Ending.Length => "MAX_TOKENS",
            Ending.Filtered => "SAFETY",
            _ => "STOP",
        });
        writer.WriteNumber("index", index);
        writer.WriteEndObject();
    }

    private static void Parts(Utf8JsonWriter writer, Spoken spoken)
    {
        var completion = spoken.Completion;
        writer.WriteStartArray("parts");
        if (completion.Thoughts is { } thoughts && spoken.Request.ShowsThoughts)
        {
            writer.WriteStartObject();
            writer.WriteString("text", thoughts);
            writer.WriteBoolean("thought", true);
            writer.WriteEndObject();
        }

        if (completion.Text is { Length: > 0 } text)
        {
            writer.WriteStartObject();
            writer.WriteString("text", text.Span);
            writer.WriteEndObject();
        }

        // The signature stands in a part of its own, which has no text.
        if (completion.Thoughts is not null)
        {
            writer.WriteStartObject();
            writer.WriteBase64String("thoughtSignature", System.Text.Encoding.UTF8.GetBytes(spoken.Id));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Usage(Utf8JsonWriter writer, Bill bill)
    {
        writer.WriteStartObject("usageMetadata");
        Number("promptTokenCount", bill.Prompt);
        Number("cachedContentTokenCount", bill.Cached);
        Number("candidatesTokenCount", bill.Output - bill.Thoughts);
        Number("thoughtsTokenCount", bill.Thoughts);
        Number("totalTokenCount", bill.Prompt + bill.Output);
        Modalities(writer, bill.Prompt);
        writer.WriteEndObject();

        void Number(string name, int value)
        {
            if (value != 0) writer.WriteNumber(name, value);
        }
    }

    public static void Modalities(Utf8JsonWriter writer, int prompt)
    {
        writer.WriteStartArray("promptTokensDetails");
        writer.WriteStartObject();
        writer.WriteString("modality", "TEXT");
        writer.WriteNumber("tokenCount", prompt);
        writer.WriteEndObject();
        writer.WriteEndArray();
    }
}
