using System.Globalization;
using System.Text;
using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;
using Rowmill.Providers.OpenAi;

namespace Rowmill.Providers.Transcription;

/// <summary><c>POST /audio/transcriptions</c> as OpenAI defined it (platform.openai.com/docs/api-reference/audio), for every service that speaks it.</summary>
internal sealed class TranscriptionClient(Route route, ServiceConnection connection) : ITranscriptionClient
{
    /// <summary>25 MiB, counted over the whole body; a server of the user's own has its own bound.</summary>
    private const long MostBytes = 26_214_400;

    /// <summary>Groq charges at least so much of every recording (console.groq.com/docs/speech-to-text).</summary>
    private const decimal GroqLeastSeconds = 10;

    private readonly Uri _url = new(OpenAiManners.Url(route.BaseUrl, "audio/transcriptions"));
    private readonly long? _mostBytes = route.Provider == "openai-compatible" ? null : MostBytes;

    /// <inheritdoc/>
    public async ValueTask<TranscriptionResult> TranscribeAsync(Recording recording, TranscriptionOptions options, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (options.Times != TranscriptTimes.None && options.Format != TranscriptFormat.VerboseJson)
            return Failed(FailureKind.BadRequest, $"times come only with the format {TranscriptFormat.VerboseJson}");
        Stream sound;
        try
        {
            sound = recording.Open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(FailureKind.BadRequest, $"cannot read {recording.Name}: {e.Message}");
        }

        var form = Form(sound, recording.Name, options);
        if (form.Headers.ContentLength is { } bytes && bytes > _mostBytes)
        {
            form.Dispose();
            return Failed(FailureKind.TooLarge, $"{recording.Name} makes a request of {bytes} bytes, and {route.BaseUrl} takes {_mostBytes} (25 MiB): split it, or take a denser format");
        }

        var isJson = options.Format is TranscriptFormat.Json or TranscriptFormat.VerboseJson or TranscriptFormat.DiarizedJson;
        var reply = await connection.PostAsync(
            _url, form, null, body => isJson ? TranscriptReader.Read(body) : (new ReadTranscript(new Transcript(Encoding.UTF8.GetString(body.Span))), null), _ => null,
            cancellationToken).ConfigureAwait(false);
        return new TranscriptionResult
        {
            Transcript = reply.Value?.Transcript,
            Failure = reply.Failure is { Kind: FailureKind.BadRequest or FailureKind.TooLarge } failure
                ? failure with { Message = $"{recording.Name}: {failure.Message}" } : reply.Failure,
            Usage = reply.Value?.Usage,
            Seconds = reply.Value?.Seconds is { } seconds && route.Provider == "groq" ? Math.Max(seconds, GroqLeastSeconds) : reply.Value?.Seconds,
            RequestId = reply.RequestId ?? reply.Value?.Id,
            Limits = reply.Limits,
        };
    }

    private static TranscriptionResult Failed(FailureKind kind, string words) => new() { Failure = new ModelFailure(kind, words) };

    private MultipartForm Form(Stream sound, string name, TranscriptionOptions options)
    {
        var form = new MultipartForm();
        Add("model", route.Model);
        Add("response_format", Word(options.Format));
        if (options.Language is { } language) Add("language", language);
        if (options.Prompt is { } prompt) Add("prompt", prompt);
        if (options.Temperature is { } temperature) Add("temperature", temperature.ToString(CultureInfo.InvariantCulture));
        if (options.Times.HasFlag(TranscriptTimes.Segments)) Add("timestamp_granularities[]", "segment");
        if (options.Times.HasFlag(TranscriptTimes.Words)) Add("timestamp_granularities[]", "word");
        // Services go by the extension; the rest of the name is nobody's business.
        form.AddFile(new StreamContent(sound), "recording" + Extension(name), "application/octet-stream");
        return form;

        void Add(string field, string value) => form.AddField(field, value);
    }

    private static string Extension(string name) =>
        Path.GetExtension(name) is { Length: > 1 } extension && extension.Skip(1).All(char.IsAsciiLetterOrDigit) ? extension : "";

    private static string Word(TranscriptFormat format) => format switch
    {
        TranscriptFormat.VerboseJson => "verbose_json",
        TranscriptFormat.DiarizedJson => "diarized_json",
        TranscriptFormat.Text => "text",
        TranscriptFormat.Srt => "srt",
        TranscriptFormat.Vtt => "vtt",
        _ => "json",
    };
}
