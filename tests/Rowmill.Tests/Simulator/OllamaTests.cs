using System.Text.Json;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

public sealed class OllamaTests
{
    private const string Hello = """{"model":"m","stream":false,"messages":[{"role":"user","content":"hello"}]}""";

    private static readonly SimulatorOptions s_options = new() { Dialect = SimulatorDialect.Ollama };

    [Fact]
    public async Task A_schema_forms_the_message_and_counts_tell_what_was_read_and_written()
    {
        await using var simulator = await StartAsync(s_options with { Latency = TimeSpan.Zero });
        var reply = await AskAsync(simulator, Rows(["a", "b"], "\"stream\":false"));
        Assert.Equal((200, "stop", true), (reply.Status, Done(reply.Json), reply.Json.GetProperty("done").GetBoolean()));
        var rows = JsonElement.Parse(Content(reply.Json)).GetProperty("rows");
        Assert.Equal([1, 2], rows.EnumerateArray().Select(r => r.GetProperty("id").GetInt32()));
        Assert.True(Evaluated(reply) > 0 && reply.Json.GetProperty("eval_count").GetInt32() > 0);
        Assert.False(reply.Json.TryGetProperty("total_duration", out _));
    }

    [Fact]
    public async Task It_streams_unless_it_is_told_not_to()
    {
        await using var simulator = await StartAsync(s_options);
        var whole = Content((await AskAsync(simulator, Rows(["ä ß 漢字 🎵"], "\"stream\":false"))).Json);
        var streamed = await AskAsync(simulator, Rows(["ä ß 漢字 🎵"]));
        Assert.Equal("application/x-ndjson", streamed.Header("content-type"));
        var lines = streamed.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l)).ToList();
        Assert.True(lines.Count > 2);
        Assert.Equal(whole, string.Concat(lines.Select(Content)));
        Assert.Equal([.. Enumerable.Repeat(false, lines.Count - 1), true], lines.Select(l => l.GetProperty("done").GetBoolean()));
        Assert.All(lines[..^1], l => Assert.False(l.TryGetProperty("eval_count", out _)));
        Assert.Equal("stop", Done(lines[^1]));
    }

    [Fact]
    public async Task A_long_prompt_is_cut_without_a_word_unless_both_switches_forbid_it_and_older_versions_do_not_know_them()
    {
        string[] titles = [.. Enumerable.Range(0, 20).Select(i => $"Song {i:00} {new string('x', 100)}")];
        const string Small = "\"stream\":false,\"options\":{\"num_ctx\":256}";
        await using var simulator = await StartAsync(s_options);
        var whole = await AskAsync(simulator, Rows(titles, "\"stream\":false"));
        var cut = await AskAsync(simulator, Rows(titles, Small));
        Assert.Equal((200, 256), (cut.Status, Evaluated(cut)));
        Assert.True(Evaluated(whole) > 256);
        Assert.InRange(JsonElement.Parse(Content(cut.Json)).GetProperty("rows").GetArrayLength(), 1, 10);
        Assert.Equal(256, Evaluated(await AskAsync(simulator, Rows(titles, Small + ",\"truncate\":false"))));
        var strict = Rows(titles, Small + ",\"truncate\":false,\"shift\":false");
        var refused = await AskAsync(simulator, strict);
        Assert.Equal(400, refused.Status);
        Assert.StartsWith("the prompt is longer than the context length currently available to the model; ", Error(refused), StringComparison.Ordinal);
        await using var old = await StartAsync(s_options with { OldServer = true });
        Assert.Equal((200, 256), ((await AskAsync(old, strict)).Status, Evaluated(await AskAsync(old, strict))));
    }

    [Fact]
    public async Task Without_shifting_the_reply_ends_where_the_context_does_and_the_context_of_the_model_is_the_largest()
    {
        await using var simulator = await StartAsync(s_options with { ContextTokens = 300 });
        var body = Rows([.. Enumerable.Range(0, 20).Select(i => $"Song {i}")], "\"stream\":false,\"shift\":false,\"options\":{\"num_ctx\":9000}");
        var reply = await AskAsync(simulator, body);
        Assert.Equal(("length", 300), (Done(reply.Json), Evaluated(reply) + reply.Json.GetProperty("eval_count").GetInt32()));
    }

    [Theory]
    [InlineData("""{"messages":[]}""", "model is required")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":["x"]}]}""", "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"stream":"no"}""", "json: cannot unmarshal string into Go struct field ChatRequest.stream of type bool")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"format":"xml"}""", "invalid format: \"xml\"; expected \"json\" or a valid JSON Schema")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"options":{"num_ctx":"8k"}}""", "option \"num_ctx\" must be of type integer")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"think":true}""", "\"m\" does not support thinking")]
    [InlineData("[]", "invalid character in the request body")]
    public async Task A_wrong_request_is_refused_in_its_own_words(string body, string message)
    {
        await using var simulator = await StartAsync(s_options);
        var reply = await AskAsync(simulator, body);
        Assert.Equal((400, message), (reply.Status, Error(reply)));
    }

    [Fact]
    public async Task Unknown_fields_are_ignored_and_the_output_limit_is_among_the_options()
    {
        await using var simulator = await StartAsync(s_options);
        Assert.Equal("stop", Done((await AskAsync(simulator, Rows(["a song"], "\"stream\":false,\"max_tokens\":3,\"whatever\":1"))).Json));
        var cut = await AskAsync(simulator, Rows(["a song"], "\"stream\":false,\"options\":{\"num_predict\":3,\"whatever\":\"x\"}"));
        Assert.Equal(("length", 3), (Done(cut.Json), cut.Json.GetProperty("eval_count").GetInt32()));
        var unlimited = await AskAsync(simulator, Rows(["a song"], "\"stream\":false,\"options\":{\"num_predict\":-1}"));
        Assert.Equal("stop", Done(unlimited.Json));
    }

    [Theory]
    [InlineData(SimulatorFault.MemoryOld, 500, "model requires more system memory (5.6 GiB) than is available (3.1 GiB)")]
    [InlineData(SimulatorFault.MemoryNew, 500, "llama-server reported out-of-memory during startup: cudaMalloc failed: out of memory")]
    [InlineData(SimulatorFault.Http500, 500, "llama-server process has terminated: exit status 2")]
    [InlineData(SimulatorFault.Http503, 503, "server busy, please try again.  maximum pending requests exceeded")]
    [InlineData(SimulatorFault.Quota, 429, "you've reached your usage limit, upgrade for higher limits")]
    public async Task A_failure_is_one_text(SimulatorFault fault, int status, string message)
    {
        await using var simulator = await StartAsync(s_options with { Script = [fault] });
        var reply = await AskAsync(simulator, Hello);
        Assert.Equal((status, message), (reply.Status, Error(reply)));
    }

    [Fact]
    public async Task A_context_beyond_the_memory_fails_and_a_smaller_one_does_not()
    {
        await using var simulator = await StartAsync(s_options with { MemoryTokens = 2048, OldServer = true });
        var large = await AskAsync(simulator, Hello);
        Assert.Equal((500, true), (large.Status, Error(large).StartsWith("model requires more system memory", StringComparison.Ordinal)));
        Assert.Equal(200, (await AskAsync(simulator, Rows(["a"], "\"stream\":false,\"options\":{\"num_ctx\":2048}"))).Status);
    }

    [Fact]
    public async Task Thoughts_stand_beside_the_content_unless_they_are_forbidden()
    {
        await using var simulator = await StartAsync(s_options with { ThoughtTokens = 40, Script = [SimulatorFault.None, SimulatorFault.None, SimulatorFault.ThoughtCut] });
        var thinking = await AskAsync(simulator, Hello);
        Assert.True(thinking.Json.GetProperty("message").TryGetProperty("thinking", out _));
        var quiet = await AskAsync(simulator, Hello.Replace("\"stream\"", "\"think\":false,\"stream\"", StringComparison.Ordinal));
        Assert.False(quiet.Json.GetProperty("message").TryGetProperty("thinking", out _));
        Assert.Equal(40, thinking.Json.GetProperty("eval_count").GetInt32() - quiet.Json.GetProperty("eval_count").GetInt32());
        var cut = await AskAsync(simulator, Hello);
        Assert.Equal(("length", ""), (Done(cut.Json), Content(cut.Json)));
    }

    [Fact]
    public async Task It_tells_its_version_its_models_and_what_they_hold()
    {
        await using var simulator = await StartAsync(s_options with { KnownModels = ["m", "llama:8b"], ContextTokens = 32768, ModelBytes = 5_000_000_000 });
        Assert.Equal("Ollama is running", (await simulator.GetAsync("/")).Text);
        Assert.Equal("0.30.0", (await simulator.GetAsync("/api/version")).Json.GetProperty("version").GetString());
        var tags = (await simulator.GetAsync("/api/tags")).Json.GetProperty("models");
        Assert.Equal(["m:latest", "llama:8b"], tags.EnumerateArray().Select(m => m.GetProperty("name").GetString()));
        Assert.Equal(5_000_000_000, tags[0].GetProperty("size").GetInt64());
        var shown = (await simulator.PostAsync("/api/show", """{"model":"m:latest"}""")).Json.GetProperty("model_info");
        Assert.Equal(32768, shown.GetProperty($"{shown.GetProperty("general.architecture").GetString()}.context_length").GetInt32());
        Assert.Empty((await simulator.GetAsync("/api/ps")).Json.GetProperty("models").EnumerateArray());
        Assert.Equal(200, (await AskAsync(simulator, Hello)).Status);
        Assert.Equal("m:latest", Assert.Single((await simulator.GetAsync("/api/ps")).Json.GetProperty("models").EnumerateArray()).GetProperty("name").GetString());
        var unknown = await AskAsync(simulator, Hello.Replace("\"m\"", "\"n\"", StringComparison.Ordinal));
        Assert.Equal((404, "model 'n' not found"), (unknown.Status, Error(unknown)));
        Assert.Equal(404, (await simulator.PostAsync("/api/show", """{"model":"n"}""")).Status);
    }

    [Fact]
    public async Task A_chat_without_messages_only_loads_the_model_and_the_compatible_endpoint_is_there_too()
    {
        await using var simulator = await StartAsync(s_options);
        Assert.Equal("load", Done((await AskAsync(simulator, """{"model":"m"}""")).Json));
        Assert.Equal(0, simulator.Server.Stats.Accepted);
        var compatible = await simulator.PostAsync("/v1/chat/completions", Body(["a"]));
        Assert.Equal((200, "stop"), (compatible.Status, compatible.Finish));
        var wrong = await simulator.PostAsync("/v1/chat/completions", "[]");
        Assert.Equal("invalid character in the request body", wrong.Message);
    }

    private static string Rows(string[] titles, string? more = null) =>
        $$"""{"model":"m","messages":[{"role":"system","content":"Label."},{"role":"user","content":{{Ask(titles)}}}],"format":{{Wrapper}}{{(more is null ? "" : "," + more)}} }""";

    private static Task<Reply> AskAsync(SimulatorHarness simulator, string body) => simulator.PostAsync("/api/chat", body);

    private static string Content(JsonElement reply) => reply.GetProperty("message").GetProperty("content").GetString()!;

    private static string? Done(JsonElement reply) => reply.GetProperty("done_reason").GetString();

    private static string Error(Reply reply) => reply.Json.GetProperty("error").GetString()!;

    private static int Evaluated(Reply reply) => reply.Json.GetProperty("prompt_eval_count").GetInt32();
}
