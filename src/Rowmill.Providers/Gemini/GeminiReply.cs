using System.Buffers.Text;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Gemini;

/// <summary>Reads what is wanted of a <c>generateContent</c> reply straight from its bytes; every other field is passed over.</summary>
internal static class GeminiReply
{
    private static readonly string[] s_filters =
        ["SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"];

    /// <summary>Reads a body.</summary>
    /// <exception cref="JsonException">It is not one JSON object of this form.</exception>
    public static WireReply Read(ReadOnlySpan<byte> body)
    {
        var json = JsonText.Open(ref body);
        var reply = default(WireReply);
        string? blocked = null;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("candidates"u8)) ReadCandidates(ref json, ref reply);
            else if (json.ValueTextEquals("promptFeedback"u8)) blocked = ReadFeedback(ref json);
            else if (json.ValueTextEquals("usageMetadata"u8)) reply.Usage = ReadUsage(ref json);
            else if (json.ValueTextEquals("responseId"u8)) reply.Id = JsonText.ReadString(ref json);
            else if (json.ValueTextEquals("error"u8)) reply.HasError = JsonText.ReadPresence(ref json);
            else json.Skip();
        }

        json.Read(); // nothing may follow
        // Ratings may come with an answer too.
        if (!reply.HasMessage) reply.Blocked = blocked;
        return reply;
    }

    private static void ReadCandidates(ref Utf8JsonReader json, ref WireReply reply)
    {
        if (!JsonText.EntersArray(ref json)) return;
        for (var first = true; json.Read() && json.TokenType is not JsonTokenType.EndArray; first = false)
        {
            if (first && json.TokenType is JsonTokenType.StartObject) ReadCandidate(ref json, ref reply);
            else json.Skip();
        }
    }

    private static void ReadCandidate(ref Utf8JsonReader json, ref WireReply reply)
    {
        // A candidate without content is one that was stopped before it wrote: its reason tells.
        reply.HasMessage = true;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("content"u8)) ReadContent(ref json, ref reply);
            else if (json.ValueTextEquals("finishReason"u8)) reply.Ending = Ending(JsonText.ReadString(ref json));
            else json.Skip();
        }
    }

    // Of what else it may say (OTHER, MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL), the rows that came are kept and the others asked again.
    private static ReplyEnding Ending(string? reason) =>
        reason is "MAX_TOKENS" ? ReplyEnding.Truncated
        : reason is not null && (s_filters.Contains(reason, StringComparer.Ordinal) || reason is "IMAGE_SAFETY" or "IMAGE_PROHIBITED_CONTENT" or "IMAGE_RECITATION")
            ? ReplyEnding.Filtered
            : ReplyEnding.Complete;

    private static void ReadContent(ref Utf8JsonReader json, ref WireReply reply)
    {
        if (!JsonText.EntersObject(ref json)) return;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("parts"u8)) ReadParts(ref json, ref reply);
            else json.Skip();
        }
    }

    private static void ReadParts(ref Utf8JsonReader json, ref WireReply reply)
    {
        if (!JsonText.EntersArray(ref json)) return;
        while (json.Read() && json.TokenType is not JsonTokenType.EndArray)
        {
            if (json.TokenType is not JsonTokenType.StartObject) json.Skip();
            else if (ReadPart(ref json) is { } text) reply.Append(text);
        }
    }

    /// <summary>A part's text; null for a thought, and for what is no text (a signature).</summary>
    private static byte[]? ReadPart(ref Utf8JsonReader json)
    {
        byte[]? text = null;
        var isThought = false;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("text"u8)) text = JsonText.ReadBytes(ref json);
            else if (json.ValueTextEquals("thought"u8))
            {
                json.Read();
                isThought = json.TokenType is JsonTokenType.True;
                json.Skip();
            }
            else json.Skip();
        }

        return isThought ? null : text;
    }

    private static string? ReadFeedback(ref Utf8JsonReader json)
    {
        if (!JsonText.EntersObject(ref json)) return null;
        string? reason = null;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("blockReason"u8)) reason = JsonText.ReadString(ref json);
            else json.Skip();
        }

        return reason;
    }

    // candidatesTokenCount leaves thoughts out; promptTokenCount holds what was cached, but not the results of tools. Zero is left out.
    private static TokenUsage? ReadUsage(ref Utf8JsonReader json)
    {
        if (!JsonText.EntersObject(ref json)) return null;
        long? prompt = null, answer = null;
        long tools = 0, thoughts = 0, cached = 0;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("promptTokenCount"u8)) prompt = Count(ref json);
            else if (json.ValueTextEquals("toolUsePromptTokenCount"u8)) tools = Count(ref json) ?? 0;
            else if (json.ValueTextEquals("candidatesTokenCount"u8)) answer = Count(ref json);
            else if (json.ValueTextEquals("thoughtsTokenCount"u8)) thoughts = Count(ref json) ?? 0;
            else if (json.ValueTextEquals("cachedContentTokenCount"u8)) cached = Count(ref json) ?? 0;
            else json.Skip();
        }

        if (prompt is null && answer is null) return null;
        var (input, output) = (Sum(prompt ?? 0, tools), Sum(answer ?? 0, thoughts));
        return new TokenUsage(input, Math.Min(cached, input), output) { Reasoning = Math.Clamp(thoughts, 0, Math.Max(0, output)) };
    }

    // Half a sum is no count.
    private static long Sum(long a, long b) => a < 0 || b < 0 ? -1 : a + b;

    // Numbers of 64 bits are strings in this protocol.
    private static long? Count(ref Utf8JsonReader json)
    {
        var peek = json;
        if (!peek.Read() || peek.TokenType is not JsonTokenType.String) return JsonText.ReadCount(ref json);
        var text = JsonText.ReadBytes(ref json)!;
        return Utf8Parser.TryParse(text, out long count, out var read) && read == text.Length ? count : -1;
    }
}
