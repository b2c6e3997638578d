using System.Buffers;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Ollama;

/// <summary>
/// Reads what is wanted of a reply of <c>/api/chat</c>: one object, or, from proxies that stream all the same, one a line, whose texts are
/// joined. Thinking is left out.
/// </summary>
internal static class OllamaReply
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="JsonException">It is not one JSON object of this form, or several.</exception>
    public static WireReply Read(ReadOnlySpan<byte> body)
    {
        if (body.StartsWith("\uFEFF"u8)) body = body[3..];
        var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 256, AllowMultipleValues = true });
        var reply = default(WireReply);
        var text = new ArrayBufferWriter<byte>();
        var part = default(Part);
        var parts = 0;
        try
        {
            for (; json.Read(); parts++)
            {
                if (json.TokenType is not JsonTokenType.StartObject) throw new JsonException("not an object");
                ReadPart(ref json, ref reply, ref part, text);
            }
        }
        catch (JsonException) when (parts > 0 && part.GoesOn)
        {
            // The line it broke off in is told below.
        }

        if (parts == 0) throw new JsonException("nothing");
        if (part.Input is not null || part.Output is not null) reply.Usage = new TokenUsage(part.Input ?? 0, 0, part.Output ?? 0);
        if (part.HasText) reply.Text = text.WrittenSpan.ToArray();
        Judge(ref reply, part, text.WrittenCount);
        return reply;
    }

    private static void Judge(ref WireReply reply, in Part part, int written)
    {
        if (reply.HasError)
        {
            // Without a word of the model the error is all there is, and is read as a refusal.
            if (written == 0) reply.HasMessage = false;
            else reply.BrokeOff = part.Error ?? "an error without a word";
        }
        else if (part.IsOnlyLoaded && written == 0)
        {
            reply.BrokeOff = "the server loaded or unloaded the model and wrote nothing";
        }
        else if (part.GoesOn && reply.HasMessage)
        {
            reply.BrokeOff = "its stream ends before it was done";
        }
    }

    private static void ReadPart(ref Utf8JsonReader json, ref WireReply reply, ref Part part, ArrayBufferWriter<byte> text)
    {
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("message"u8)) ReadMessage(ref json, ref reply, ref part, text);
            else if (json.ValueTextEquals("done"u8))
            {
                json.Read();
                part.GoesOn = json.TokenType is JsonTokenType.False;
                json.Skip();
            }
            else if (json.ValueTextEquals("done_reason"u8))
            {
                json.Read();
                if (json.TokenType is not JsonTokenType.String) json.Skip();
                else if (json.ValueTextEquals("length"u8)) reply.Ending = ReplyEnding.Truncated;
                else if (json.ValueTextEquals("load"u8) || json.ValueTextEquals("unload"u8)) part.IsOnlyLoaded = true;
            }
            else if (json.ValueTextEquals("prompt_eval_count"u8)) part.Input = JsonText.ReadCount(ref json) ?? part.Input;
            else if (json.ValueTextEquals("eval_count"u8)) part.Output = JsonText.ReadCount(ref json) ?? part.Output;
            else if (json.ValueTextEquals("error"u8))
            {
                json.Read();
                reply.HasError = json.TokenType is not JsonTokenType.Null;
                if (json.TokenType is JsonTokenType.String) part.Error = System.Text.Encoding.UTF8.GetString(JsonText.Copy(ref json));
                else json.Skip();
            }
            else json.Skip();
        }
    }

    private static void ReadMessage(ref Utf8JsonReader json, ref WireReply reply, ref Part part, ArrayBufferWriter<byte> text)
    {
        if (!JsonText.EntersObject(ref json)) return;
        reply.HasMessage = true;
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (!json.ValueTextEquals("content"u8)) json.Skip();
            else if (JsonText.ReadBytes(ref json) is { } content)
            {
                part.HasText = true;
                text.Write(content);
            }
        }
    }

    /// <summary>What the parts of a reply have said so far.</summary>
    private struct Part
    {
        public bool GoesOn;
        public bool HasText;
        public bool IsOnlyLoaded;
        public long? Input;
        public long? Output;
        public string? Error;
    }
}
