using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Anthropic;

/// <summary>Reads what is wanted of a message straight from its bytes; every other field is passed over.</summary>
internal static class AnthropicReply
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="JsonException">It is not one JSON object of this form.</exception>
    public static WireReply Read(ReadOnlySpan<byte> body)
    {
        var json = JsonText.Open(ref body);
        var reply = default(WireReply);
        string? reason = null, refusal = null;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("content"u8)) ReadContent(ref json, body, ref reply);
            else if (json.ValueTextEquals("stop_reason"u8)) reason = JsonText.ReadString(ref json);
            else if (json.ValueTextEquals("stop_details"u8)) refusal = ReadDetails(ref json);
            else if (json.ValueTextEquals("usage"u8)) reply.Usage = ReadUsage(ref json);
            else if (json.ValueTextEquals("id"u8)) reply.Id = JsonText.ReadString(ref json);
            else if (json.ValueTextEquals("error"u8)) reply.HasError = JsonText.ReadPresence(ref json);
            else json.Skip();
        }

        json.Read(); // nothing may follow
        // pause_turn belongs to the service's own tools, which are never asked for: what came counts, as with any other end.
        if (reason is "max_tokens" or "model_context_window_exceeded") reply.Ending = ReplyEnding.Truncated;
        else if (reason is "refusal") reply.Refusal = refusal ?? "the model refused, without saying why";
        return reply;
    }

    private static void ReadContent(ref Utf8JsonReader json, ReadOnlySpan<byte> body, ref WireReply reply)
    {
        if (!JsonText.EntersArray(ref json)) return;
        reply.HasMessage = true;
        while (json.Read() && json.TokenType is not JsonTokenType.EndArray)
        {
            if (json.TokenType is not JsonTokenType.StartObject) json.Skip();
            else if (ReadBlock(ref json, body) is { } text) reply.Append(text);
        }
    }

    /// <summary>A block's text, or a tool's input as JSON; null for thinking and whatever else there is.</summary>
    private static byte[]? ReadBlock(ref Utf8JsonReader json, ReadOnlySpan<byte> body)
    {
        byte[]? text = null, input = null;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("text"u8)) text = JsonText.ReadBytes(ref json);
            else if (json.ValueTextEquals("input"u8)) input = body[JsonText.ReadPlace(ref json)].ToArray();
            else json.Skip();
        }

        // Thinking has names of its own for its text: thinking, data.
        return text ?? input;
    }

    private static string? ReadDetails(ref Utf8JsonReader json)
    {
        if (!JsonText.EntersObject(ref json)) return null;
        string? category = null, explanation = null;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("category"u8)) category = JsonText.ReadString(ref json);
            else if (json.ValueTextEquals("explanation"u8)) explanation = JsonText.ReadString(ref json);
            else json.Skip();
        }

        return category is null || explanation is null ? explanation ?? category : $"{category}: {explanation}";
    }

    // input_tokens leaves out what was read from the cache and what was written to it.
    private static TokenUsage? ReadUsage(ref Utf8JsonReader json)
    {
        if (!JsonText.EntersObject(ref json)) return null;
        long? rest = null, output = null;
        long written = 0, cached = 0;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("input_tokens"u8)) rest = JsonText.ReadCount(ref json);
            else if (json.ValueTextEquals("output_tokens"u8)) output = JsonText.ReadCount(ref json);
            else if (json.ValueTextEquals("cache_creation_input_tokens"u8)) written = JsonText.ReadCount(ref json) ?? 0;
            else if (json.ValueTextEquals("cache_read_input_tokens"u8)) cached = JsonText.ReadCount(ref json) ?? 0;
            else json.Skip();
        }

        if (rest is null && output is null) return null;
        // Half a sum is no count.
        var input = rest < 0 || written < 0 || cached < 0 ? -1 : (rest ?? 0) + written + cached;
        return new TokenUsage(input, cached, output ?? 0) { CacheWrites = Math.Max(0, written) };
    }
}
