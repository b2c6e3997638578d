using System.Buffers;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.OpenAi;

/// <summary>What is wanted of a chat completion, read straight from its bytes; every other field is passed over.</summary>
internal struct OpenAiReply
{
    /// <summary>The service's id of the completion.</summary>
    public string? Id { get; private set; }

    /// <summary>True when there is a first choice with a message.</summary>
    public bool HasMessage { get; private set; }

    /// <summary>True when the body says <c>error</c>.</summary>
    public bool HasError { get; private set; }

    /// <summary>The message's text, UTF-8; null when it has none.</summary>
    public byte[]? Text { get; private set; }

    public string? Refusal { get; private set; }

    public ReplyEnding Ending { get; private set; }

    /// <summary>Tokens as the service told them, true or not (<see cref="UsageBounds"/>); a number that is no count is -1.</summary>
    public TokenUsage? Usage { get; private set; }

    /// <summary>Reads a body.</summary>
    /// <exception cref="JsonException">It is not one JSON object of this form.</exception>
    public static OpenAiReply Read(ReadOnlySpan<byte> body)
    {
        if (body.StartsWith("\uFEFF"u8)) body = body[3..];
        var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 256 });
        var reply = default(OpenAiReply);
        if (!json.Read() || json.TokenType is not JsonTokenType.StartObject) throw new JsonException("not an object");
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("choices"u8)) reply.ReadChoices(ref json);
            else if (json.ValueTextEquals("usage"u8)) reply.ReadUsage(ref json);
            else if (json.ValueTextEquals("id"u8)) reply.Id = ReadString(ref json);
            else if (json.ValueTextEquals("error"u8))
            {
                json.Read();
                reply.HasError = json.TokenType is not JsonTokenType.Null;
                json.Skip();
            }
            else json.Skip();
        }

        json.Read(); // nothing may follow
        return reply;
    }

    private void ReadChoices(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType is not JsonTokenType.StartArray)
        {
            json.Skip();
            return;
        }

        for (var first = true; json.Read() && json.TokenType is not JsonTokenType.EndArray; first = false)
        {
            if (first && json.TokenType is JsonTokenType.StartObject) ReadChoice(ref json);
            else json.Skip();
        }
    }

    private void ReadChoice(ref Utf8JsonReader json)
    {
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("message"u8)) ReadMessage(ref json);
            else if (json.ValueTextEquals("finish_reason"u8))
            {
                json.Read();
                if (json.TokenType is not JsonTokenType.String) json.Skip();
                else if (json.ValueTextEquals("length"u8) || json.ValueTextEquals("model_length"u8)) Ending = ReplyEnding.Truncated;
                else if (json.ValueTextEquals("content_filter"u8)) Ending = ReplyEnding.Filtered;
            }
            else json.Skip();
        }
    }

    private void ReadMessage(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType is not JsonTokenType.StartObject)
        {
            json.Skip();
            return;
        }

        HasMessage = true;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("content"u8))
            {
                json.Read();
                if (json.TokenType is JsonTokenType.String) Text = JsonText.Copy(ref json);
                else if (json.TokenType is JsonTokenType.StartArray) ReadParts(ref json);
                else json.Skip();
            }
            else if (json.ValueTextEquals("refusal"u8)) Refusal = ReadString(ref json);
            else json.Skip();
        }
    }

    // Content as a list of {"type":"text","text":"…"} and {"type":"refusal","refusal":"…"}.
    private void ReadParts(ref Utf8JsonReader json)
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
                if (json.ValueTextEquals("text"u8))
                {
                    json.Read();
                    if (json.TokenType is JsonTokenType.String) text.Write(JsonText.Copy(ref json));
                    else json.Skip();
                }
                else if (json.ValueTextEquals("refusal"u8)) Refusal = ReadString(ref json);
                else json.Skip();
            }
        }

        Text = text.WrittenSpan.ToArray();
    }

    private void ReadUsage(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType is not JsonTokenType.StartObject)
        {
            json.Skip();
            return;
        }

        long? input = null, output = null;
        long cached = 0;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("prompt_tokens"u8)) input = ReadCount(ref json);
            else if (json.ValueTextEquals("completion_tokens"u8)) output = ReadCount(ref json);
            else if (json.ValueTextEquals("prompt_tokens_details"u8)) cached = ReadCached(ref json);
            else json.Skip();
        }

        if (input is not null || output is not null)
            Usage = new TokenUsage(input ?? 0, Math.Min(cached, input ?? 0), output ?? 0);
    }

    private static long ReadCached(ref Utf8JsonReader json)
    {
        json.Read();
        var cached = 0L;
        if (json.TokenType is not JsonTokenType.StartObject) json.Skip();
        else
        {
            while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("cached_tokens"u8)) cached = ReadCount(ref json) ?? 0;
                else json.Skip();
            }
        }

        return cached;
    }

    private static long? ReadCount(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType is JsonTokenType.Number) return json.TryGetInt64(out var count) ? count : -1;
        json.Skip();
        return null;
    }

    private static string? ReadString(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType is JsonTokenType.String) return Encoding.UTF8.GetString(JsonText.Copy(ref json));
        json.Skip();
        return null;
    }
}
