namespace Rowmill.Core.Models;

/// <summary>Port: a recording to text over one service's wire. Safe for concurrent use; it never retries and never waits for a limit.</summary>
public interface ITranscriptionClient
{
    /// <summary>Sends one recording and reads the whole reply.</summary>
    /// <returns>The transcript, or the failure as a value. Only the caller's cancellation is thrown.</returns>
    ValueTask<TranscriptionResult> TranscribeAsync(Recording recording, TranscriptionOptions options, CancellationToken cancellationToken = default);
}

/// <summary>How a transcript is to come.</summary>
public enum TranscriptFormat
{
    /// <summary>The text.</summary>
    Json,

    /// <summary>Text with its segments or words and their times.</summary>
    VerboseJson,

    /// <summary>Text with who speaks (OpenAI's diarizing models).</summary>
    DiarizedJson,

    /// <summary>Plain text.</summary>
    Text,

    /// <summary>SubRip subtitles.</summary>
    Srt,

    /// <summary>WebVTT subtitles.</summary>
    Vtt,
}

/// <summary>Which times a transcript has; only with <see cref="TranscriptFormat.VerboseJson"/>.</summary>
[Flags]
public enum TranscriptTimes
{
    /// <summary>The service's own choice.</summary>
    None = 0,

    /// <summary>Of each segment.</summary>
    Segments = 1,

    /// <summary>Of each word.</summary>
    Words = 2,
}

/// <summary>How a recording is to be transcribed.</summary>
public sealed record TranscriptionOptions
{
    /// <summary>How the transcript is to come.</summary>
    public TranscriptFormat Format { get; init; }

    /// <summary>Which times it has.</summary>
    public TranscriptTimes Times { get; init; }

    /// <summary>The language spoken, as ISO 639-1 has it; null to let the model find out.</summary>
    public string? Language { get; init; }

    /// <summary>Text that sets style and spelling; null for none.</summary>
    public string? Prompt { get; init; }

    /// <summary>From 0 to 1; null for the service's own.</summary>
    public double? Temperature { get; init; }
}

/// <summary>What came of one request: a transcript or a failure, never both.</summary>
public sealed record TranscriptionResult
{
    /// <summary>The transcript, when the service gave one.</summary>
    public Transcript? Transcript { get; init; }

    /// <summary>The failure, otherwise.</summary>
    public ModelFailure? Failure { get; init; }

    /// <summary>Tokens as the service counted them; null where it counts time or did not say.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>Seconds of sound that are charged; null where tokens are, or where the service did not say.</summary>
    public decimal? Seconds { get; init; }

    /// <summary>The service's own id of the request, when it gave one.</summary>
    public string? RequestId { get; init; }

    /// <summary>What the service said of its windows.</summary>
    public IReadOnlyList<LimitReading> Limits { get; init; } = [];
}

/// <summary>What was said.</summary>
/// <param name="Text">The text; of <see cref="TranscriptFormat.Srt"/> and <see cref="TranscriptFormat.Vtt"/> the whole file.</param>
public sealed record Transcript(string Text)
{
    /// <summary>The language heard; null when the service did not say.</summary>
    public string? Language { get; init; }

    /// <summary>How long the recording is; null when the service did not say.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Its segments; empty where none were asked for.</summary>
    public IReadOnlyList<TranscriptSegment> Segments { get; init; } = [];

    /// <summary>Its words; empty where none were asked for.</summary>
    public IReadOnlyList<TranscriptWord> Words { get; init; } = [];
}

/// <summary>A part of what was said.</summary>
/// <param name="Start">From the recording's beginning.</param>
/// <param name="End">From the recording's beginning.</param>
/// <param name="Text">As it was said, without the space in front that some models write.</param>
public sealed record TranscriptSegment(TimeSpan Start, TimeSpan End, string Text)
{
    /// <summary>Who spoke; null where that was not asked.</summary>
    public string? Speaker { get; init; }

    /// <summary>The mean logarithm of its tokens' probability; null when the service did not say.</summary>
    public double? LogProbability { get; init; }

    /// <summary>How probable it is that nobody spoke, from 0 to 1; null when the service did not say.</summary>
    public double? NoSpeech { get; init; }
}

/// <summary>A word that was said.</summary>
/// <param name="Start">From the recording's beginning.</param>
/// <param name="End">From the recording's beginning.</param>
/// <param name="Word">The word.</param>
public sealed record TranscriptWord(TimeSpan Start, TimeSpan End, string Word);
