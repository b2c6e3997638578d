using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>Writes a transcript in the form asked for; only some of the forms are JSON.</summary>
internal static class SpeechBody
{
    public static (ReadOnlyMemory<byte> Body, string ContentType) Write(CompatibleDialect dialect, SpeechRequest request, Speech speech, string id) =>
        request.Form switch
        {
            "text" => Plain(speech.Text + "\n"),
            "srt" => Plain(SpeechMaker.Subtitles(speech, vtt: false)),
            "vtt" => Plain(SpeechMaker.Subtitles(speech, vtt: true)),
            _ => (Json.Bytes(writer => Object(writer, dialect, request, speech, id)), "application/json"),
        };

    private static void Object(Utf8JsonWriter writer, CompatibleDialect dialect, SpeechRequest request, Speech speech, string id)
    {
        writer.WriteStartObject();
        if (request.Form == "verbose_json")
        {
            writer.WriteString("task", "transcribe");
            writer.WriteString("language", request.Language ?? "english");
            writer.WriteNumber("duration", speech.Seconds);
        }

        writer.WriteString("text", speech.Text);
        if (request.Form == "verbose_json")
        {
            if (request.Segments) Segments(writer, speech);
            if (request.Words) Words(writer, speech);
        }

        writer.WriteStartObject("usage");
        writer.WriteString("type", "duration");
        writer.WriteNumber("seconds", (int)Math.Ceiling(speech.Seconds));
        writer.WriteEndObject();
        dialect.WriteTranscript(writer, id);
        writer.WriteEndObject();
    }

    private static void Segments(Utf8JsonWriter writer, Speech speech)
    {
        writer.WriteStartArray("segments");
        var number = 0;
        foreach (var segment in speech.Segments)
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", number++);
            writer.WriteNumber("seek", 0);
            writer.WriteNumber("start", segment[0].Start);
            writer.WriteNumber("end", segment[^1].End);
            writer.WriteString("text", $" {string.Join(' ', segment.Select(w => w.Text))}");
            writer.WriteStartArray("tokens");
            writer.WriteEndArray();
            writer.WriteNumber("temperature", 0);
            writer.WriteNumber("avg_logprob", 0);
            writer.WriteNumber("compression_ratio", 1);
            writer.WriteNumber("no_speech_prob", 0);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Words(Utf8JsonWriter writer, Speech speech)
    {
        writer.WriteStartArray("words");
        foreach (var (text, start, end) in speech.Words)
        {
            writer.WriteStartObject();
            writer.WriteString("word", text);
            writer.WriteNumber("start", start);
            writer.WriteNumber("end", end);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static (ReadOnlyMemory<byte> Body, string ContentType) Plain(string text) => (Encoding.UTF8.GetBytes(text), "text/plain; charset=utf-8");
}
