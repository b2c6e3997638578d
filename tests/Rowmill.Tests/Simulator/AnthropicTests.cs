using System.Globalization;
using System.Text.Json;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

public sealed class AnthropicTests
{
    private const string Version = "anthropic-version: 2023-06-01";
    private const string Start = """{"model":"claude-x","max_tokens":500,"messages":[{"role":"user","content":"hello"}]""";

    private static readonly SimulatorOptions s_options = new() { Dialect = SimulatorDialect.Anthropic };

    [Fact]
    public async Task A_schema_forms_the_only_block_and_the_usage_tells_what_was_cached()
    {
        await using var simulator = await StartAsync(s_options);
        var reply = await AskAsync(simulator, Rows($"\"output_config\":{{\"format\":{{\"type\":\"json_schema\",\"schema\":{Schema}}}}}"));
        Assert.Equal((200, "req_1"), (reply.Status, reply.Header("request-id")));
        Assert.Equal(("message", "assistant", "end_turn"), (Field(reply, "type"), Field(reply, "role"), Field(reply, "stop_reason")));
        var block = Assert.Single(reply.Json.GetProperty("content").EnumerateArray());
        Assert.Equal([1, 2], JsonElement.Parse(block.GetProperty("text").GetString()!).GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("id").GetInt32()));
        var usage = reply.Json.GetProperty("usage");
        Assert.True(usage.GetProperty("input_tokens").GetInt32() > 0 && usage.GetProperty("output_tokens").GetInt32() > 0);
        Assert.Equal((0, 0), Cached(reply));
    }

    [Fact]
    public async Task A_forced_tool_is_called_with_the_answer()
    {
        await using var simulator = await StartAsync(s_options with { Script = [SimulatorFault.None, SimulatorFault.Fence, SimulatorFault.Truncate] });
        var body = Rows($"\"tools\":[{{\"name\":\"answer\",\"input_schema\":{Schema}}}],\"tool_choice\":{{\"type\":\"tool\",\"name\":\"answer\"}}");
        var reply = await AskAsync(simulator, body);
        var block = Assert.Single(reply.Json.GetProperty("content").EnumerateArray());
        Assert.Equal(("tool_use", "tool_use", "answer"), (Field(reply, "stop_reason"), block.GetProperty("type").GetString(), block.GetProperty("name").GetString()));
        Assert.Equal(2, block.GetProperty("input").GetProperty("rows").GetArrayLength());
        var words = (await AskAsync(simulator, body)).Json.GetProperty("content")[0];
        Assert.Equal("text", words.GetProperty("type").GetString());
        var cut = await AskAsync(simulator, body);
        Assert.Equal(("max_tokens", "{}"), (Field(cut, "stop_reason"), cut.Json.GetProperty("content")[0].GetProperty("input").GetRawText()));
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}]}""", "max_tokens: Field required")]
    [InlineData("""{"max_tokens":5,"messages":[{"role":"user","content":"x"}]}""", "model: Field required")]
    [InlineData(Start + ",\"seed\":1}", "seed: Extra inputs are not permitted")]
    [InlineData(Start + ",\"response_format\":{}}", "response_format: Extra inputs are not permitted")]
    [InlineData(Start + ",\"temperature\":1.5}", "temperature: range: 0..1")]
    [InlineData(Start + ",\"temperature\":\"0\"}", "temperature: Input should be a valid number")]
    [InlineData(Start + ",\"service_tier\":\"flex\"}", "service_tier: Input should be 'auto' or 'standard_only'")]
    [InlineData(Start + ",\"system\":[{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"2h\"}}]}", "system.0.text.cache_control.ttl: Input should be '5m' or '1h'")]
    [InlineData(Start + ",\"system\":[{\"type\":\"text\",\"text\":\"x\",\"when\":1}]}", "system.0.text.when: Extra inputs are not permitted")]
    [InlineData(Start + ",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"name\":\"x\",\"schema\":{}}}}", "output_config.format.name: Extra inputs are not permitted")]
    [InlineData(Start + ",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"object\",\"properties\":{}}}}}", "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false")]
    [InlineData(Start + ",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":1}},\"additionalProperties\":false}}}}", "output_config.format.schema: For 'integer' type, property 'minimum' is not supported")]
    [InlineData(Start + ",\"output_format\":{\"type\":\"json_schema\",\"schema\":{}}}", "output_format: Extra inputs are not permitted")]
    [InlineData(Start + ",\"tool_choice\":{\"type\":\"tool\",\"name\":\"x\"},\"tools\":[{\"name\":\"y\",\"input_schema\":{\"type\":\"object\"}}]}", "tool_choice: Tool 'x' not found in provided tools")]
    [InlineData(Start + ",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000}}", "`max_tokens` must be greater than `thinking.budget_tokens`.")]
    [InlineData("""{"model":"m","max_tokens":5,"messages":[]}""", "messages: at least one message is required")]
    [InlineData("""{"model":"m","max_tokens":0,"messages":[{"role":"user","content":"x"}]}""", "max_tokens: Input should be greater than or equal to 1")]
    [InlineData("""{"model":"m","max_tokens":5,"messages":[{"role":"user","content":[{"type":"text","text":""}]}]}""", "messages: text content blocks must be non-empty")]
    [InlineData("""{"model":"m","max_tokens":5,"messages":[{"role":"system","content":"x"},{"role":"user","content":"x"}]}""", "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role.")]
    public async Task A_wrong_request_is_refused_in_its_own_words(string body, string message)
    {
        await using var simulator = await StartAsync(s_options);
        var reply = await AskAsync(simulator, body);
        Assert.Equal((400, message), (reply.Status, reply.Message));
        Assert.Equal(("error", "invalid_request_error", reply.Header("request-id")), (Field(reply, "type"), reply.ErrorField("type"), Field(reply, "request_id")));
        Assert.Equal(0, simulator.Server.Stats.Accepted);
    }

    [Fact]
    public async Task The_key_and_the_version_stand_in_their_headers()
    {
        await using var simulator = await StartAsync(s_options with { ApiKey = "right" });
        Assert.Equal(200, (await simulator.PostAsync("/v1/messages", Start + "}", Version, "x-api-key: right")).Status);
        var versionless = await simulator.PostAsync("/v1/messages", Start + "}", "x-api-key: right");
        Assert.Equal((400, "anthropic-version: header is required"), (versionless.Status, versionless.Message));
        foreach (var (header, message) in new[] { ("x-api-key: wrong", "invalid x-api-key"), ("Authorization: Bearer right", "x-api-key header is required") })
        {
            var refused = await simulator.PostAsync("/v1/messages", Start + "}", Version, header);
            Assert.Equal((401, "authentication_error", message), (refused.Status, refused.ErrorField("type"), refused.Message));
        }
    }

    [Fact]
    public async Task The_older_form_of_a_schema_needs_its_header()
    {
        await using var simulator = await StartAsync(s_options);
        var body = Rows($"\"output_format\":{{\"type\":\"json_schema\",\"schema\":{Schema}}}");
        Assert.Equal(400, (await AskAsync(simulator, body)).Status);
        var reply = await simulator.PostAsync("/v1/messages", body, Version, "anthropic-beta: structured-outputs-2025-11-13");
        Assert.StartsWith("{\"rows\":[", reply.Json.GetProperty("content")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_marked_prefix_is_written_once_and_read_until_its_time_is_over()
    {
        await using var simulator = await StartAsync(s_options with { PromptCache = true });
        var system = new string('x', 8192);
        var marked = Rows($"\"system\":[{{\"type\":\"text\",\"text\":\"{system}\",\"cache_control\":{{\"type\":\"ephemeral\"}}}}]");
        var first = await AskAsync(simulator, marked);
        var second = await AskAsync(simulator, marked);
        Assert.Equal(((0, 2048), (2048, 0)), (Cached(first), Cached(second)));
        Assert.Equal(2048, first.Json.GetProperty("usage").GetProperty("cache_creation").GetProperty("ephemeral_5m_input_tokens").GetInt32());
        Assert.Equal(Input(first), Input(second));
        simulator.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((0, 2048), Cached(await AskAsync(simulator, marked)));
        var bare = await AskAsync(simulator, Rows($"\"system\":\"{system}\""));
        Assert.Equal(((0, 0), Input(first) + 2048), (Cached(bare), Input(bare)));
    }

    [Fact]
    public async Task Thoughts_come_first_when_they_were_asked_for_and_are_part_of_the_output()
    {
        await using var simulator = await StartAsync(s_options with { ThoughtTokens = 50 });
        var silent = await AskAsync(simulator, Start + "}");
        Assert.Equal("text", Assert.Single(silent.Json.GetProperty("content").EnumerateArray()).GetProperty("type").GetString());
        var loud = await AskAsync(simulator, Start + ",\"thinking\":{\"type\":\"adaptive\"}}");
        Assert.Equal(["thinking", "text"], loud.Json.GetProperty("content").EnumerateArray().Select(b => b.GetProperty("type").GetString()));
        Assert.Equal(50, Output(loud) - Output(silent));
        var cold = await AskAsync(simulator, Start + ",\"thinking\":{\"type\":\"adaptive\"},\"temperature\":0}");
        Assert.Equal("`temperature` may only be set to 1 when thinking is enabled.", cold.Message);

        int Output(Reply reply) => reply.Json.GetProperty("usage").GetProperty("output_tokens").GetInt32();
    }

    [Theory]
    [InlineData(SimulatorFault.Truncate, "max_tokens", 1)]
    [InlineData(SimulatorFault.Refuse, "refusal", 0)]
    [InlineData(SimulatorFault.BlockedPrompt, "refusal", 0)]
    [InlineData(SimulatorFault.Empty, "end_turn", 0)]
    [InlineData(SimulatorFault.ThoughtOnly, "end_turn", 1)]
    [InlineData(SimulatorFault.ThoughtCut, "max_tokens", 1)]
    public async Task A_fault_of_the_reply_ends_it_with_its_reason(SimulatorFault fault, string reason, int blocks)
    {
        await using var simulator = await StartAsync(s_options with { Script = [fault] });
        var reply = await AskAsync(simulator, Start + "}");
        Assert.Equal((200, reason, blocks), (reply.Status, Field(reply, "stop_reason"), reply.Json.GetProperty("content").GetArrayLength()));
        Assert.Equal(reason == "refusal", reply.Json.TryGetProperty("stop_details", out _));
    }

    [Theory]
    [InlineData(SimulatorFault.Http500, 500, "api_error", null)]
    [InlineData(SimulatorFault.Http503, 529, "overloaded_error", null)]
    [InlineData(SimulatorFault.Http429, 429, "rate_limit_error", "1")]
    [InlineData(SimulatorFault.Quota, 402, "billing_error", null)]
    [InlineData(SimulatorFault.SpendCap, 429, "rate_limit_error", null)]
    [InlineData(SimulatorFault.ContentFilter, 400, "invalid_request_error", null)]
    [InlineData(SimulatorFault.RetryAfterYear, 429, "rate_limit_error", "31536000")]
    [InlineData(SimulatorFault.BadKey, 401, "authentication_error", null)]
    public async Task A_refusal_has_its_status_and_type(SimulatorFault fault, int status, string type, string? retryAfter)
    {
        await using var simulator = await StartAsync(s_options with { Script = [fault] });
        var reply = await AskAsync(simulator, Start + "}");
        Assert.Equal((status, type, retryAfter), (reply.Status, reply.ErrorField("type"), reply.Header("retry-after")));
    }

    [Fact]
    public async Task Headers_tell_the_limits_with_times_and_the_output_limit_is_not_reserved()
    {
        await using var simulator = await StartAsync(s_options with { RequestsPerMinute = 60, InputTokensPerMinute = 50_000, OutputTokensPerMinute = 10 });
        var reply = await AskAsync(simulator, Start + "}");
        Assert.Equal(("60", "59"), (reply.Header("anthropic-ratelimit-requests-limit"), reply.Header("anthropic-ratelimit-requests-remaining")));
        Assert.Equal("50000", reply.Header("anthropic-ratelimit-input-tokens-remaining"));
        var reset = DateTimeOffset.Parse(reply.Header("anthropic-ratelimit-requests-reset")!, CultureInfo.InvariantCulture);
        Assert.InRange(reset - simulator.Clock.GetUtcNow(), TimeSpan.FromSeconds(-1), TimeSpan.FromSeconds(2));
        Assert.Equal("10", reply.Header("anthropic-ratelimit-output-tokens-limit"));
        var used = reply.Json.GetProperty("usage").GetProperty("output_tokens").GetInt32();
        while (used <= 10) used += (await AskAsync(simulator, Start + "}")).Json.GetProperty("usage").GetProperty("output_tokens").GetInt32();
        var refused = await AskAsync(simulator, Start + "}");
        Assert.Equal(429, refused.Status);
        Assert.Contains("rate limit of 10 output tokens per minute", refused.Message, StringComparison.Ordinal);
        simulator.Clock.Advance(TimeSpan.FromSeconds(int.Parse(refused.Header("retry-after")!, CultureInfo.InvariantCulture)));
        Assert.Equal(200, (await AskAsync(simulator, Start + "}")).Status);
    }

    [Fact]
    public async Task Models_are_listed_by_pages_and_tokens_counted_for_nothing()
    {
        await using var simulator = await StartAsync(s_options with { KnownModels = ["claude-x", "claude-y"], ContextTokens = 100 });
        var page = await simulator.GetAsync("/v1/models?limit=1", Version);
        Assert.Equal(("claude-x", true), (Field(page, "last_id"), page.Json.GetProperty("has_more").GetBoolean()));
        var rest = await simulator.GetAsync("/v1/models?after_id=claude-x", Version);
        Assert.Equal(("claude-y", false), (rest.Json.GetProperty("data")[0].GetProperty("id").GetString(), rest.Json.GetProperty("has_more").GetBoolean()));
        var count = await simulator.PostAsync("/v1/messages/count_tokens", """{"model":"claude-x","messages":[{"role":"user","content":"12345678"}]}""", Version);
        Assert.Equal("""{"input_tokens":2}""", count.Text);
        var unknown = await AskAsync(simulator, (Start + "}").Replace("claude-x", "claude-z", StringComparison.Ordinal));
        Assert.Equal((404, "not_found_error", "model: claude-z"), (unknown.Status, unknown.ErrorField("type"), unknown.Message));
        var long_ = await AskAsync(simulator, (Start + "}").Replace("hello", new string('x', 4000), StringComparison.Ordinal));
        Assert.Equal("prompt is too long: 1000 tokens > 100 maximum", long_.Message);
    }

    private const string Schema = """
        {"type":"object","properties":{"rows":{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"},"energy":
        {"type":"string","enum":["Low","High"]}},"required":["id","energy"],"additionalProperties":false}}},"required":["rows"],"additionalProperties":false}
        """;

    private static string Rows(string more) =>
        $$"""{"model":"claude-x","max_tokens":500,"messages":[{"role":"user","content":{{Ask("a", "b")}}}],{{more}} }""";

    private static Task<Reply> AskAsync(SimulatorHarness simulator, string body) => simulator.PostAsync("/v1/messages", body, Version);

    private static string? Field(Reply reply, string name) => reply.Json.GetProperty(name).GetString();

    private static int Input(Reply reply) => reply.Json.GetProperty("usage").GetProperty("input_tokens").GetInt32();

    private static (int Read, int Written) Cached(Reply reply)
    {
        var usage = reply.Json.GetProperty("usage");
        return (usage.GetProperty("cache_read_input_tokens").GetInt32(), usage.GetProperty("cache_creation_input_tokens").GetInt32());
    }
}
