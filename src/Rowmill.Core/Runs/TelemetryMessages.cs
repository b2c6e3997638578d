using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Rowmill.Core.Models;

namespace Rowmill.Core.Runs;

/// <summary>What was asked and answered, in the JSON of the conventions for generative AI: messages of parts.</summary>
internal static class TelemetryMessages
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string System(ModelRequest request) => Written(json => Part(json, Encoding.UTF8.GetBytes(request.System)));

    public static string Input(ModelRequest request) => Written(json =>
    {
        foreach (var turn in request.Earlier) Message(json, turn.IsModel ? "assistant" : "user", Encoding.UTF8.GetBytes(turn.Text), null);
        Message(json, "user", request.User.Span, null);
    });

    public static string Output(ModelReply reply) => Written(json => Message(json, "assistant", reply.Text.Span, Reason(reply.Ending)));

    /// <summary>The conventions' word for why a model stopped.</summary>
    public static string Reason(ReplyEnding ending) => ending switch
    {
        ReplyEnding.Truncated => "length",
        ReplyEnding.Filtered or ReplyEnding.Refused => "content_filter",
        _ => "stop",
    };

    private static string Written(Action<Utf8JsonWriter> write)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, s_options))
        {
            json.WriteStartArray();
            write(json);
            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    private static void Message(Utf8JsonWriter json, string role, ReadOnlySpan<byte> text, string? reason)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        json.WriteStartArray("parts");
        Part(json, text);
        json.WriteEndArray();
        if (reason is not null) json.WriteString("finish_reason", reason);
        json.WriteEndObject();
    }

    private static void Part(Utf8JsonWriter json, ReadOnlySpan<byte> text)
    {
        json.WriteStartObject();
        json.WriteString("type", "text");
        // Bytes that are no UTF-8 are shown as what they are not.
        json.WriteString("content", Encoding.UTF8.GetString(text));
        json.WriteEndObject();
    }
}
