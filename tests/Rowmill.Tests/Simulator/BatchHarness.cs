using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

/// <summary>What tests of OpenAI's and Groq's batches have in common.</summary>
internal static class BatchHarness
{
    /// <summary>How long the batches of these tests take.</summary>
    public static readonly TimeSpan Takes = TimeSpan.FromSeconds(100);

    public static SimulatorOptions Options(params string[] faults) => new()
    {
        Batches = faults.Aggregate(new SimulatorBatchOptions { Takes = Takes }, (options, fault) => options.With(fault)),
    };

    /// <summary>A line that asks about one title.</summary>
    public static string Line(string id, string title, string more = "") =>
        $$"""{"custom_id":"{{id}}","method":"POST","url":"/v1/chat/completions","body":{{Body([title], more: more).ReplaceLineEndings("")}}}""";

    /// <summary>So many lines, <c>r-0</c>, <c>r-1</c>, …</summary>
    public static string Lines(int count) => string.Concat(Enumerable.Range(0, count).Select(i => Line($"r-{i}", $"Song {i}") + "\n"));

    public static MultipartFormDataContent Form(string text, string name = "rows.jsonl", string purpose = "batch")
    {
        var file = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        file.Headers.ContentType = new MediaTypeHeaderValue("application/jsonl");
        return new MultipartFormDataContent { { new StringContent(purpose), "purpose" }, { file, "file", name } };
    }

    public static async Task<Reply> UploadAsync(this SimulatorHarness simulator, string text, string name = "rows.jsonl", string purpose = "batch", string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{simulator.Server.BaseAddress}/files") { Content = Form(text, name, purpose) };
        if (key is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        return await simulator.SendAsync(request);
    }

    public static Task<Reply> CreateAsync(this SimulatorHarness simulator, string file, string more = "", string window = "24h", string? key = null) => simulator.PostAsync(
        "/v1/batches",
        $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"{{window}}"{{more}}}""",
        key is null ? [] : [$"Authorization: Bearer {key}"]);

    /// <summary>Uploads and creates; the id of the batch.</summary>
    public static async Task<string> StartAsync(this SimulatorHarness simulator, string text, string more = "", string? key = null)
    {
        var file = (await simulator.UploadAsync(text, key: key)).Id();
        var made = await simulator.CreateAsync(file, more, key: key);
        Assert.Equal(200, made.Status);
        return made.Id();
    }

    public static Task<Reply> BatchAsync(this SimulatorHarness simulator, string id) => simulator.GetAsync($"/v1/batches/{id}");

    public static string Id(this Reply reply) => reply.Json.GetProperty("id").GetString()!;

    public static string? Text(this Reply reply, string field) => reply.Json.GetProperty(field).GetString();

    public static string Raw(this Reply reply, string field) => reply.Json.GetProperty(field).GetRawText();

    /// <summary>The lines of a batch's file; none where it names none.</summary>
    public static async Task<JsonElement[]> ResultsAsync(this SimulatorHarness simulator, Reply batch, string field = "output_file_id")
    {
        if (batch.Text(field) is not { } file) return [];
        return [.. JsonLines((await simulator.GetAsync($"/v1/files/{file}/content")).Text)];
    }

    public static IEnumerable<JsonElement> JsonLines(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l));

    public static string[] Ids(IEnumerable<JsonElement> lines, string field = "custom_id") => [.. lines.Select(l => l.GetProperty(field).GetString()!)];
}
