using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Transcription;

/// <summary>A transcript with what it cost.</summary>
/// <param name="Transcript">What was said.</param>
internal sealed record ReadTranscript(Transcript Transcript)
{
    public TokenUsage? Usage { get; init; }

    public decimal? Seconds { get; init; }

    /// <summary>The request's id, where the body has it (Groq).</summary>
    public string? Id { get; init; }
}

/// <summary>Reads a transcript in JSON.</summary>
internal static class TranscriptReader
{
    /// <summary>The transcript, or what is wrong with it.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static (ReadTranscript? Value, string? Flaw) Read(ReadOnlyMemory<byte> body)
    {
        using var json = JsonDocument.Parse(body);
        var root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("text", out var text) || text.ValueKind != JsonValueKind.String)
            return (null, "holds no transcript");
        var duration = Number(root, "duration");
        var usage = Object(root, "usage");
        return (new ReadTranscript(new Transcript(text.GetString()!)
        {
            Language = JsonText.Of(root, "language"),
            Duration = duration is { } seconds ? Time(seconds) : null,
            Segments = [.. List(root, "segments").Select(Segment)],
            Words = [.. List(root, "words").Select(w => new TranscriptWord(At(w, "start"), At(w, "end"), Text(w, "word")))],
        })
        {
            Usage = usage is { } tokens && Number(tokens, "input_tokens") is { } input && Number(tokens, "output_tokens") is { } output
                ? new TokenUsage((long)input, 0, (long)output) : null,
            Seconds = usage is { } counted ? (Number(counted, "seconds") is { } charged ? (decimal)charged : null) : (decimal?)duration,
            Id = Object(root, "x_groq") is { } groq ? JsonText.Of(groq, "id") : null,
        }, null);
    }

    private static TranscriptSegment Segment(JsonElement segment) => new(At(segment, "start"), At(segment, "end"), Text(segment, "text").TrimStart(' '))
    {
        Speaker = JsonText.Of(segment, "speaker"),
        LogProbability = Number(segment, "avg_logprob"),
        NoSpeech = Number(segment, "no_speech_prob"),
    };

    private static JsonElement? Object(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static IEnumerable<JsonElement> List(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    // Some services write numbers as text.
    private static double? Number(JsonElement parent, string name) =>
        JsonText.Of(parent, name) is { } text
        && double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number)
        && number is >= -1e9 and <= 1e9 ? number : null;

    private static TimeSpan Time(double seconds) => TimeSpan.FromSeconds(seconds);

    private static TimeSpan At(JsonElement parent, string name) => Time(Number(parent, name) ?? throw new JsonException($"no {name}"));

    private static string Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : throw new JsonException($"no {name}");
}
