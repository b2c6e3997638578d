using System.Net.Http.Headers;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

public sealed class TranscriptionTests
{
    private static readonly byte[] s_sound = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7))];

    [Fact]
    public async Task A_transcript_follows_from_the_bytes()
    {
        await using var simulator = await StartAsync();
        var first = await SendAsync(simulator, s_sound, "a.mp3", ("model", "whisper-1"));
        var again = await SendAsync(simulator, s_sound, "b.wav", ("model", "whisper-1"));
        var other = await SendAsync(simulator, s_sound[1..], "a.mp3", ("model", "whisper-1"));
        Assert.StartsWith("Simulated: ", Text(first), StringComparison.Ordinal);
        Assert.Equal(Text(first), Text(again));
        Assert.NotEqual(Text(first), Text(other));
        Assert.Equal(("duration", 7), (first.Json.GetProperty("usage").GetProperty("type").GetString(), first.Json.GetProperty("usage").GetProperty("seconds").GetInt32()));
        Assert.Equal(3, simulator.Server.Stats.Accepted);
    }

    [Fact]
    public async Task The_long_form_has_segments_and_words_as_they_were_asked_for()
    {
        await using var simulator = await StartAsync();
        var plain = (await SendAsync(simulator, s_sound, "a.mp3", ("model", "w"), ("response_format", "verbose_json"))).Json;
        Assert.Equal((6.25, "english"), (plain.GetProperty("duration").GetDouble(), plain.GetProperty("language").GetString()));
        Assert.False(plain.TryGetProperty("words", out _));
        var segments = plain.GetProperty("segments").EnumerateArray().ToList();
        Assert.Equal(plain.GetProperty("text").GetString(), string.Concat(segments.Select(s => s.GetProperty("text").GetString())).Trim());
        Assert.Equal(6.25, segments[^1].GetProperty("end").GetDouble());
        var words = (await SendAsync(
            simulator, s_sound, "a.mp3", ("model", "w"), ("response_format", "verbose_json"), ("timestamp_granularities[]", "word"), ("language", "de"))).Json;
        Assert.False(words.TryGetProperty("segments", out _));
        Assert.Equal("Simulated:", words.GetProperty("words")[0].GetProperty("word").GetString());
        Assert.Equal("de", words.GetProperty("language").GetString());
    }

    [Theory]
    [InlineData("text", "Simulated: ")]
    [InlineData("srt", "1\n00:00:00,000 --> ")]
    [InlineData("vtt", "WEBVTT\n\n00:00:00.000 --> ")]
    public async Task Other_forms_are_plain_text(string form, string start)
    {
        await using var simulator = await StartAsync();
        var reply = await SendAsync(simulator, s_sound, "a.mp3", ("model", "w"), ("response_format", form));
        Assert.StartsWith("text/plain", reply.Header("content-type"), StringComparison.Ordinal);
        Assert.StartsWith(start, reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_large_unknown_or_empty_is_refused()
    {
        await using var simulator = await StartAsync();
        var large = await SendAsync(simulator, new byte[26_214_400], "a.mp3", ("model", "w"));
        Assert.Equal((413, "server_error"), (large.Status, large.ErrorField("type")));
        Assert.Matches(@"^Maximum content size limit \(26214400\) exceeded \(262\d{5} bytes read\)$", large.Message);
        var unknown = await SendAsync(simulator, s_sound, "a.bin", ("model", "w"));
        Assert.Equal((400, "unsupported_value", "Unsupported file format bin"), (unknown.Status, unknown.ErrorField("code"), unknown.Message));
        Assert.Equal("invalid_value", (await SendAsync(simulator, [], "a.mp3", ("model", "w"))).ErrorField("code"));
        Assert.Equal("you must provide a model parameter", (await SendAsync(simulator, s_sound, "a.mp3")).Message);
        Assert.Equal("Unrecognized request argument supplied: mood", (await SendAsync(simulator, s_sound, "a.mp3", ("model", "w"), ("mood", "x"))).Message);
        Assert.Equal("unsupported_value", (await SendAsync(simulator, s_sound, "a.mp3", ("model", "gpt-4o-transcribe"), ("response_format", "srt"))).ErrorField("code"));
        Assert.Equal(400, (await simulator.PostAsync("/v1/audio/transcriptions", "{}")).Status);
        Assert.Equal(0, simulator.Server.Stats.Accepted);
    }

    [Fact]
    public async Task Groq_writes_no_subtitles_and_names_its_request_and_faults_hold()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = SimulatorDialect.Groq, Script = [SimulatorFault.None, SimulatorFault.Empty, SimulatorFault.Http429] });
        Assert.Equal(400, (await SendAsync(simulator, s_sound, "a.mp3", ("model", "w"), ("response_format", "srt"))).Status);
        Assert.StartsWith("req_", (await SendAsync(simulator, s_sound, "a.mp3", ("model", "w"))).Json.GetProperty("x_groq").GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("", Text(await SendAsync(simulator, s_sound, "a.mp3", ("model", "w"))));
        Assert.Equal(429, (await SendAsync(simulator, s_sound, "a.mp3", ("model", "w"))).Status);
    }

    private static string Text(Reply reply) => reply.Json.GetProperty("text").GetString()!;

    private static async Task<Reply> SendAsync(SimulatorHarness simulator, byte[] sound, string name, params (string Name, string Value)[] fields)
    {
        using var form = new MultipartFormDataContent();
        foreach (var (field, value) in fields) form.Add(new StringContent(value), field);
        var file = new ByteArrayContent(sound);
        file.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        form.Add(file, "file", name);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(simulator.Server.BaseAddress, "/v1/audio/transcriptions")) { Content = form };
        return await simulator.SendAsync(request);
    }
}
