using System.Text;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Answers;

/// <summary>A word and when it is said, in seconds.</summary>
internal readonly record struct SpokenWord(string Text, double Start, double End);

/// <summary>What is heard in a file: made up from its bytes, so that the same file always says the same.</summary>
/// <param name="Seconds">How long it is.</param>
/// <param name="Words">The words in order.</param>
internal sealed record Speech(double Seconds, IReadOnlyList<SpokenWord> Words)
{
    /// <summary>So many words make a segment.</summary>
    private const int Segment = 10;

    public string Text => string.Join(' ', Words.Select(w => w.Text));

    public IReadOnlyList<IReadOnlyList<SpokenWord>> Segments => [.. Words.Chunk(Segment)];
}

/// <summary>Listens to files.</summary>
internal static class SpeechMaker
{
    /// <summary>Bytes of a second at 128 kilobits, which most recordings of speech have about.</summary>
    private const double BytesPerSecond = 16_000;

    /// <summary>How long a word takes; people say about 150 a minute.</summary>
    private const double SecondsPerWord = 0.4;

    /// <summary>Longer than any answer needs to be.</summary>
    private const int MostWords = 5000;

    private static readonly string[] s_words =
        ["the", "row", "label", "of", "a", "song", "and", "simulated", "words", "are", "made", "up", "from", "its", "bytes", "again"];

    public static Speech Make(SpeechRequest request, long seed)
    {
        var seconds = Math.Max(0.01, Math.Round(request.Bytes / BytesPerSecond, 2));
        var count = Math.Clamp((int)(seconds / SecondsPerWord), 1, MostWords);
        var words = new SpokenWord[count];
        for (var i = 0; i < count; i++)
        {
            var chance = Mix.With(Mix.With((ulong)seed, request.Content), (ulong)i);
            var text = i == 0 ? "Simulated:" : s_words[Mix.Below(chance, s_words.Length)];
            words[i] = new SpokenWord(text, Math.Round(i * seconds / count, 2), Math.Round((i + 1) * seconds / count, 2));
        }

        return new Speech(seconds, words);
    }

    /// <summary>Subtitles, numbered (SRT) or with a heading (WebVTT).</summary>
    public static string Subtitles(Speech speech, bool vtt)
    {
        var text = new StringBuilder(vtt ? "WEBVTT\n\n" : "");
        var number = 0;
        foreach (var segment in speech.Segments)
        {
            if (!vtt) text.Append(++number).Append('\n');
            text.Append(Time(segment[0].Start, vtt)).Append(" --> ").Append(Time(segment[^1].End, vtt)).Append('\n');
            text.AppendJoin(' ', segment.Select(w => w.Text)).Append("\n\n");
        }

        return text.ToString();
    }

    private static string Time(double seconds, bool vtt)
    {
        var time = TimeSpan.FromSeconds(seconds);
        return $"{(int)time.TotalHours:00}:{time.Minutes:00}:{time.Seconds:00}{(vtt ? '.' : ',')}{time.Milliseconds:000}";
    }
}
