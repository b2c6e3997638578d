using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Providers;
using Rowmill.Simulator;
using Rowmill.Tests.Stores;

namespace Rowmill.Tests.Providers.Transcription;

public sealed class TranscriptionClientTests
{
    private const string Verbose =
        """{"task":"transcribe","language":"english","duration":8.47,"text":"The end","segments":[{"id":0,"seek":0,"start":0.0,"end":3.3,"text":" The end","tokens":[50364],"temperature":0.0,"avg_logprob":-0.28,"compression_ratio":1.2,"no_speech_prob":0.01}],"words":[{"word":"The","start":0.0,"end":0.2}],"usage":{"type":"duration","seconds":9}}""";

    [Fact]
    public async Task A_recording_is_sent_as_a_form_and_the_long_form_read()
    {
        var http = new ScriptedHttp().Reply(200, Verbose);
        var options = new TranscriptionOptions
        {
            Format = TranscriptFormat.VerboseJson,
            Times = TranscriptTimes.Segments | TranscriptTimes.Words,
            Language = "en",
            Prompt = "Ünique",
            Temperature = 0.5,
        };

        var result = await Client(http, "openai").TranscribeAsync(Sound("My \"talk\".mp3"), options);

        var boundary = http.Headers["Content-Type"]["multipart/form-data; boundary=".Length..];
        Assert.Equal(
            $"""
            --{boundary}
            Content-Disposition: form-data; name="model"

            m-1
            --{boundary}
            Content-Disposition: form-data; name="response_format"

            verbose_json
            --{boundary}
            Content-Disposition: form-data; name="language"

            en
            --{boundary}
            Content-Disposition: form-data; name="prompt"

            Ünique
            --{boundary}
            Content-Disposition: form-data; name="temperature"

            0.5
            --{boundary}
            Content-Disposition: form-data; name="timestamp_granularities[]"

            segment
            --{boundary}
            Content-Disposition: form-data; name="timestamp_granularities[]"

            word
            --{boundary}
            Content-Type: application/octet-stream
            Content-Disposition: form-data; name="file"; filename="recording.mp3"

            sound
            --{boundary}--

            """.ReplaceLineEndings("\r\n"),
            http.Sent[0]);
        Assert.Equal("https://api.test/v1/audio/transcriptions", http.Url!.AbsoluteUri);
        var transcript = result.Transcript!;
        Assert.Equal(("The end", "english", TimeSpan.FromSeconds(8.47), 9m), (transcript.Text, transcript.Language, transcript.Duration, result.Seconds));
        Assert.Equal(new TranscriptSegment(TimeSpan.Zero, TimeSpan.FromSeconds(3.3), "The end") { LogProbability = -0.28, NoSpeech = 0.01 }, Assert.Single(transcript.Segments));
        Assert.Equal(new TranscriptWord(TimeSpan.Zero, TimeSpan.FromSeconds(0.2), "The"), Assert.Single(transcript.Words));
    }

    [Fact]
    public async Task Usage_is_tokens_or_seconds_and_groq_charges_ten_at_least()
    {
        var tokens = await Client(
            new ScriptedHttp().Reply(200, """{"text":"a","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":0,"audio_tokens":14},"output_tokens":45,"total_tokens":59}}"""),
            "openai").TranscribeAsync(Sound(), new());
        var groq = await Client(new ScriptedHttp().Reply(200, """{"text":"a","duration":3,"x_groq":{"id":"req_9"}}"""), "groq")
            .TranscribeAsync(Sound(), new() { Format = TranscriptFormat.VerboseJson });

        Assert.Equal((new TokenUsage(14, 0, 45), null), (tokens.Usage, tokens.Seconds));
        Assert.Equal((null, 10m, "req_9"), (groq.Usage, groq.Seconds, groq.RequestId));
    }

    [Fact]
    public async Task Subtitles_are_passed_as_they_are()
    {
        const string Srt = "1\n00:00:00,000 --> 00:00:01,000\nHi\n\n";

        var result = await Client(new ScriptedHttp().Reply(200, Srt), "openai").TranscribeAsync(Sound(), new() { Format = TranscriptFormat.Srt });

        Assert.Equal((Srt, null, null), (result.Transcript!.Text, result.Usage, result.Seconds));
    }

    [Theory]
    [InlineData(413, """{"error":{"message":"Maximum content size limit (26214400) exceeded (26214500 bytes read)","type":"server_error","param":null,"code":null}}""", FailureKind.TooLarge)]
    [InlineData(400, """{"error":{"message":"Unsupported file format bin","type":"invalid_request_error","param":"file","code":"unsupported_value"}}""", FailureKind.BadRequest)]
    [InlineData(400, """{"error":{"message":"Audio file might be corrupted or unsupported","type":"invalid_request_error","param":"file","code":"invalid_value"}}""", FailureKind.BadRequest)]
    public async Task A_recording_that_is_refused_is_named(int status, string body, FailureKind kind)
    {
        var result = await Client(new ScriptedHttp().Reply(status, body), "openai").TranscribeAsync(Sound("talk.bin"), new());

        Assert.Equal(kind, result.Failure!.Kind);
        Assert.StartsWith("talk.bin: ", result.Failure.Message);
    }

    [Theory]
    [InlineData("""{"task":"transcribe"}""")]
    [InlineData("""{"text":"a","segments":[{"start":0,"text":"a"}]}""")]
    [InlineData("[]")]
    [InlineData("plain")]
    public async Task What_is_no_transcript_is_no_reply(string body) =>
        Assert.Equal(FailureKind.BadReply, (await Client(new ScriptedHttp().Reply(200, body), "openai").TranscribeAsync(Sound(), new())).Failure!.Kind);

    [Fact]
    public async Task What_cannot_be_taken_is_not_sent()
    {
        var http = new ScriptedHttp();
        using var folder = new TempFolder();
        var path = folder.File("long.wav");
        await using (var file = File.Create(path)) file.SetLength(26_214_400);

        var large = (await Client(http, "openai").TranscribeAsync(Recording.File(path), new())).Failure!;
        var missing = (await Client(http, "openai").TranscribeAsync(Recording.File(folder.File("none.wav")), new())).Failure!;
        var times = (await Client(http, "openai").TranscribeAsync(Sound(), new() { Times = TranscriptTimes.Words })).Failure!;

        Assert.Equal(FailureKind.TooLarge, large.Kind);
        Assert.Matches(@"^long\.wav makes a request of 262\d{5} bytes, .* takes 26214400 \(25 MiB\)", large.Message);
        Assert.Equal(FailureKind.BadRequest, missing.Kind);
        Assert.StartsWith("cannot read none.wav", missing.Message);
        Assert.Equal(FailureKind.BadRequest, times.Kind);
        Assert.Throws<ProblemException>(() => Client(http, "gemini"));
        Assert.Empty(http.Sent);
    }

    [Theory]
    [InlineData(SimulatorDialect.OpenAI, "openai")]
    [InlineData(SimulatorDialect.Groq, "groq")]
    public async Task The_simulator_takes_it_as_the_service_would(SimulatorDialect dialect, string provider)
    {
        await using var server = await SimulatorServer.StartAsync(new SimulatorOptions { Dialect = dialect }, TimeProvider.System);
        var client = Client(null, provider, server.BaseAddress.ToString());
        using var stream = new MemoryStream(new byte[100_000]);
        var recording = Recording.Of(stream, "a.wav");

        var result = await client.TranscribeAsync(recording, new() { Format = TranscriptFormat.VerboseJson, Times = TranscriptTimes.Segments });
        var again = await client.TranscribeAsync(recording, new());

        Assert.Null(result.Failure);
        Assert.StartsWith("Simulated: ", result.Transcript!.Text);
        Assert.Equal((TimeSpan.FromSeconds(6.25), provider == "groq" ? 10m : 7m), (result.Transcript.Duration, result.Seconds));
        Assert.NotEmpty(result.Transcript.Segments);
        Assert.Equal(result.Transcript.Text, again.Transcript!.Text);
        var subtitles = await client.TranscribeAsync(recording, new() { Format = TranscriptFormat.Vtt });
        if (provider == "groq") Assert.Equal(FailureKind.BadRequest, subtitles.Failure!.Kind);
        else Assert.StartsWith("WEBVTT", subtitles.Transcript!.Text);
        Assert.StartsWith("a.bin: Unsupported file format bin", (await client.TranscribeAsync(recording with { Name = "a.bin" }, new())).Failure!.Message);
    }

    private static ITranscriptionClient Client(ScriptedHttp? http, string provider, string? baseUrl = null) =>
        ModelClients.CreateTranscription(Given.Route(provider, baseUrl: baseUrl), new ApiKeys(_ => Given.Key), TimeProvider.System, http);

    private static Recording Sound(string name = "talk.mp3") => new(name, () => new MemoryStream("sound"u8.ToArray()));
}
