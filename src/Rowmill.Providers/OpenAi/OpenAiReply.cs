using System.Buffers;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.OpenAi;

/// <summary>Reads what is wanted of a chat completion straight from its bytes; every other field is passed over.</summary>
internal static class OpenAiReply
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="JsonException">It is not one JSON object of this form.</exception>
    public static WireReply Read(ReadOnlySpan<byte> body)
    {
        var json = JsonText.Open(ref body);
        var reply = default(WireReply);
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("choices"u8)) ReadChoices(ref json, ref reply);
            else if (json.ValueTextEquals("usage"u8)) reply.Usage = ReadUsage(ref json);
            else if (json.ValueTextEquals("id"u8)) reply.Id = JsonText.ReadString(ref json);
            else if (json.ValueTextEquals("error"u8)) reply.HasError = JsonText.ReadPresence(ref json);
            else json.Skip();
        }

        json.Read(); // nothing may follow
        return reply;
    }

    private static void ReadChoices(ref Utf8JsonReader json, ref WireReply reply)
    {
        if (!JsonText.EntersArray(ref json)) return;
        for (var first = true; json.Read() && json.TokenType is not JsonTokenType.EndArray; first = false)
        {
            if (first && json.TokenType is JsonTokenType.StartObject) ReadChoice(ref json, ref reply);
            else json.Skip();
        }
    }

    private static void ReadChoice(ref Utf8JsonReader json, ref WireReply reply)
    {
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("message"u8)) ReadMessage(ref json, ref reply);
            else if (json.ValueTextEquals("finish_reason"u8))
            {
                json.Read();
                if (json.TokenType is not JsonTokenType.String) json.Skip();
                else if (json.ValueTextEquals("length"u8) || json.ValueTextEquals("model_length"u8)) reply.Ending = ReplyEnding.Truncated;
                else if (json.ValueTextEquals("content_filter"u8)) reply.Ending = ReplyEnding.Filtered;
            }
            else json.Skip();
        }
    }

    private static void ReadMessage(ref Utf8JsonReader json, ref WireReply reply)
    {
        if (!JsonText.EntersObject(ref json)) return;
        reply.HasMessage = true;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("content"u8))
            {
                json.Read();
                if (json.TokenType is JsonTokenType.String) reply.Text = JsonText.Copy(ref json);
                else if (json.TokenType is JsonTokenType.StartArray) ReadParts(ref json, ref reply);
                else json.Skip();
            }
            else if (json.ValueTextEquals("refusal"u8)) reply.Refusal = JsonText.ReadString(ref json);
            else json.Skip();
        }
    }

    // Content as a list of {"type":"text","text":"…"} and {"type":"refusal","refusal":"…"}.
    private static void ReadParts(ref Utf8JsonReader json, ref WireReply reply)
    {
        var text = new ArrayBufferWriter<byte>();
        while (json.Read() && json.TokenType is not JsonTokenType.EndArray)
        {
            if (json.TokenType is not JsonTokenType.StartObject)
            {
                json.Skip();
                continue;
            }

            while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("text"u8)) text.Write(JsonText.ReadBytes(ref json));
                else if (json.ValueTextEquals("refusal"u8)) reply.Refusal = JsonText.ReadString(ref json);
                else json.Skip();
            }
        }

        reply.Text = text.WrittenSpan.ToArray();
    }

    private static TokenUsage? ReadUsage(ref Utf8JsonReader json)
    {
        if (!JsonText.EntersObject(ref json)) return null;
        long? input = null, output = null;
        long cached = 0, reasoning = 0;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("prompt_tokens"u8)) input = JsonText.ReadCount(ref json);
            else if (json.ValueTextEquals("completion_tokens"u8)) output = JsonText.ReadCount(ref json);
            else if (json.ValueTextEquals("prompt_tokens_details"u8)) cached = ReadDetail(ref json, "cached_tokens"u8);
            else if (json.ValueTextEquals("completion_tokens_details"u8)) reasoning = ReadDetail(ref json, "reasoning_tokens"u8);
            else json.Skip();
        }

        if (input is null && output is null) return null;
        return new TokenUsage(input ?? 0, Math.Min(cached, input ?? 0), output ?? 0) { Reasoning = Math.Clamp(reasoning, 0, Math.Max(0, output ?? 0)) };
    }

    private static long ReadDetail(ref Utf8JsonReader json, ReadOnlySpan<byte> name)
    {
        if (!JsonText.EntersObject(ref json)) return 0;
        var count = 0L;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals(name)) count = JsonText.ReadCount(ref json) ?? 0;
            else json.Skip();
        }

        return count;
    }
}
