using System.Text.Json;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

public sealed class GeminiTests
{
    private const string Path = "/v1beta/models/gemini-x:generateContent";
    private const string Hello = """{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}""";

    private const string OpenSchema = """
        {"type":"OBJECT","properties":{"rows":{"type":"ARRAY","items":{"type":"OBJECT","properties":{"id":{"type":"INTEGER"},
        "energy":{"type":"STRING","enum":["Low","High"],"nullable":true}},"required":["id","energy"],"propertyOrdering":["id","energy"]}}},"required":["rows"]}
        """;

    private const string JsonSchema = """
        {"type":"object","properties":{"rows":{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"},
        "energy":{"type":"string","enum":["Low","High"]}},"required":["id","energy"],"additionalProperties":false}}},"required":["rows"]}
        """;

    private static readonly SimulatorOptions s_options = new() { Dialect = SimulatorDialect.Gemini };

    [Theory]
    [InlineData("systemInstruction", "generationConfig", "responseMimeType", "responseJsonSchema", JsonSchema)]
    [InlineData("system_instruction", "generation_config", "response_mime_type", "response_schema", OpenSchema)]
    public async Task Both_spellings_and_both_schemas_are_read(string instruction, string config, string mime, string field, string schema)
    {
        await using var simulator = await StartAsync(s_options);
        Assert.Equal("/", simulator.Server.BaseAddress.AbsolutePath);
        var reply = await simulator.PostAsync(Path, $$"""
            {"{{instruction}}":{"parts":[{"text":"Label."}]},"contents":[{"role":"user","parts":[{"text":{{Ask("a", "b")}}}]}],
            "{{config}}":{"temperature":0,"maxOutputTokens":200,"{{mime}}":"application/json","{{field}}":{{schema}} } }
            """);
        Assert.Equal(200, reply.Status);
        var candidate = reply.Json.GetProperty("candidates")[0];
        Assert.Equal("STOP", candidate.GetProperty("finishReason").GetString());
        var rows = JsonElement.Parse(Text(reply)).GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal([1, 2], rows.Select(r => r.GetProperty("id").GetInt32()));
        Assert.All(rows, r => Assert.Contains(r.GetProperty("energy").ToString(), new[] { "Low", "High", "" }));
        var usage = reply.Json.GetProperty("usageMetadata");
        Assert.Equal(
            usage.GetProperty("totalTokenCount").GetInt32(),
            usage.GetProperty("promptTokenCount").GetInt32() + usage.GetProperty("candidatesTokenCount").GetInt32());
        Assert.False(usage.TryGetProperty("thoughtsTokenCount", out _) || usage.TryGetProperty("cachedContentTokenCount", out _));
        Assert.Null(reply.Header("x-request-id"));
    }

    [Theory]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"systemInstruction":{"parts":[{"text":"x"}]}}}""", "Invalid JSON payload received. Unknown name \"systemInstruction\" at 'generation_config': Cannot find field.")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"system":"x"}""", "Invalid JSON payload received. Unknown name \"system\": Cannot find field.")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"max_tokens":5}""", "Invalid JSON payload received. Unknown name \"max_tokens\": Cannot find field.")]
    [InlineData("""{"contents":[{"parts":[{"text":"x","kind":1}]}]}""", "Invalid JSON payload received. Unknown name \"kind\" at 'contents[0].parts[0]': Cannot find field.")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"temperature":"hot"}}""", "Invalid value at 'generation_config.temperature' (TYPE_FLOAT), \"hot\"")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"temperature":3}}""", "* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].\n")]
    [InlineData("""{"contents":[]}""", "* GenerateContentRequest.contents: contents is not specified\n")]
    [InlineData("""{"contents":[{"role":"system","parts":[{"text":"x"}]}]}""", "Please use a valid role: user, model.")]
    [InlineData("""{"contents":[{"role":"user","parts":[{}]}]}""", "* GenerateContentRequest.contents[0].parts[0].data: required oneof field 'data' must have one initialized field\n")]
    [InlineData("""{"contents":[{"role":"user","parts":[]}]}""", "* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.\n")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"responseSchema":{"type":"OBJECT"}}}""", "* GenerateContentRequest.generation_config.response_mime_type: response_schema requires response_mime_type to be `application/json` or `text/x.enum`.\n")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"OBJECT"},"responseJsonSchema":{}}}""", "* GenerateContentRequest.generation_config.response_schema: only one of response_schema and response_json_schema may be set.\n")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"a":{"type":"STRING"},"b":{"type":["string","null"]}},"additionalProperties":false}}}""", "Invalid JSON payload received. Unknown name \"type\" at 'generation_config.response_schema.properties[1].value': Proto field is not repeating, cannot start list.\nInvalid JSON payload received. Unknown name \"additionalProperties\" at 'generation_config.response_schema': Cannot find field.")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"object","properties":{"a":{"type":"string","maxLength":5}}}}}""", "* GenerateContentRequest.generation_config.response_json_schema.properties.a: keyword 'maxLength' is not supported\n")]
    [InlineData("[]", "Invalid JSON payload received. Unexpected token.")]
    public async Task A_wrong_request_is_an_invalid_argument(string body, string message)
    {
        await using var simulator = await StartAsync(s_options);
        var reply = await simulator.PostAsync(Path, body);
        Assert.Equal((400, message), (reply.Status, reply.Message));
        Assert.Equal((400, "INVALID_ARGUMENT"), (reply.Error.GetProperty("code").GetInt32(), reply.ErrorField("status")));
        Assert.Equal(0, simulator.Server.Stats.Accepted);
    }

    [Fact]
    public async Task The_key_stands_in_its_header_or_the_query_and_nowhere_else()
    {
        await using var simulator = await StartAsync(s_options with { ApiKey = "right" });
        Assert.Equal(200, (await simulator.PostAsync(Path, Hello, "x-goog-api-key: right")).Status);
        Assert.Equal(200, (await simulator.PostAsync(Path + "?key=right", Hello)).Status);
        var wrong = await simulator.PostAsync(Path, Hello, "x-goog-api-key: wrong");
        Assert.Equal((400, "INVALID_ARGUMENT"), (wrong.Status, wrong.ErrorField("status")));
        Assert.Equal("API_KEY_INVALID", wrong.Error.GetProperty("details")[0].GetProperty("reason").GetString());
        foreach (var headers in new string[][] { [], ["Authorization: Bearer right"] })
        {
            var none = await simulator.PostAsync(Path, Hello, headers);
            Assert.Equal((403, "PERMISSION_DENIED"), (none.Status, none.ErrorField("status")));
        }
    }

    [Fact]
    public async Task Thoughts_count_and_are_shown_on_demand_and_a_budget_of_nothing_forbids_them()
    {
        await using var simulator = await StartAsync(s_options with { ThoughtTokens = 120 });
        var silent = await simulator.PostAsync(Path, Hello);
        Assert.Equal(120, silent.Json.GetProperty("usageMetadata").GetProperty("thoughtsTokenCount").GetInt32());
        Assert.Equal(["text", "thoughtSignature"], Parts(silent).Select(p => p.EnumerateObject().First().Name));
        var shown = Parts(await simulator.PostAsync(Path, With("\"thinkingConfig\":{\"includeThoughts\":true}")));
        Assert.True(shown[0].GetProperty("thought").GetBoolean());
        var off = await simulator.PostAsync(Path, With("\"thinkingConfig\":{\"thinkingBudget\":0}"));
        Assert.Equal("text", Assert.Single(Parts(off)).EnumerateObject().Single().Name);
        var eaten = await simulator.PostAsync(Path, With("\"maxOutputTokens\":100"));
        var candidate = eaten.Json.GetProperty("candidates")[0];
        Assert.Equal("MAX_TOKENS", candidate.GetProperty("finishReason").GetString());
        Assert.DoesNotContain(Parts(eaten), p => p.TryGetProperty("text", out _));
        Assert.False(eaten.Json.GetProperty("usageMetadata").TryGetProperty("candidatesTokenCount", out _));
    }

    [Theory]
    [InlineData(SimulatorFault.Truncate, "MAX_TOKENS", true)]
    [InlineData(SimulatorFault.ContentFilter, "SAFETY", false)]
    [InlineData(SimulatorFault.Empty, "STOP", false)]
    [InlineData(SimulatorFault.ThoughtOnly, "STOP", false)]
    [InlineData(SimulatorFault.ThoughtCut, "MAX_TOKENS", false)]
    [InlineData(SimulatorFault.Refuse, "STOP", true)]
    [InlineData(SimulatorFault.BadGeneration, "STOP", true)]
    public async Task A_fault_of_the_reply_ends_it_with_its_reason(SimulatorFault fault, string finish, bool text)
    {
        await using var simulator = await StartAsync(s_options with { Script = [fault] });
        var reply = await simulator.PostAsync(Path, Hello);
        Assert.Equal(200, reply.Status);
        Assert.Equal(finish, reply.Json.GetProperty("candidates")[0].GetProperty("finishReason").GetString());
        Assert.Equal(text, Text(reply).Length > 0);
    }

    [Fact]
    public async Task A_blocked_prompt_is_a_200_without_candidates()
    {
        await using var simulator = await StartAsync(s_options with { Script = [SimulatorFault.BlockedPrompt] });
        var reply = await simulator.PostAsync(Path, Hello);
        Assert.Equal(200, reply.Status);
        Assert.False(reply.Json.TryGetProperty("candidates", out _));
        Assert.Equal("PROHIBITED_CONTENT", reply.Json.GetProperty("promptFeedback").GetProperty("blockReason").GetString());
    }

    [Theory]
    [InlineData(SimulatorFault.Http500, 500, "INTERNAL")]
    [InlineData(SimulatorFault.Http503, 503, "UNAVAILABLE")]
    [InlineData(SimulatorFault.Http498, 503, "UNAVAILABLE")]
    [InlineData(SimulatorFault.Http429, 429, "RESOURCE_EXHAUSTED")]
    [InlineData(SimulatorFault.Quota, 429, "RESOURCE_EXHAUSTED")]
    [InlineData(SimulatorFault.GoogleDayLimit, 429, "RESOURCE_EXHAUSTED")]
    [InlineData(SimulatorFault.RetryAfterDate, 429, "RESOURCE_EXHAUSTED")]
    [InlineData(SimulatorFault.BadKey, 400, "INVALID_ARGUMENT")]
    public async Task A_refusal_has_the_status_and_its_name(SimulatorFault fault, int status, string name)
    {
        await using var simulator = await StartAsync(s_options with { Script = [fault] });
        var reply = await simulator.PostAsync(Path, Hello);
        Assert.Equal((status, name), (reply.Status, reply.ErrorField("status")));
    }

    [Fact]
    public async Task A_days_quota_opens_at_midnight_in_California_and_tells_a_delay_that_lies()
    {
        await using var simulator = await StartAsync(s_options with { RequestsPerDay = 1 });
        Assert.Equal(200, (await simulator.PostAsync(Path, Hello)).Status);
        var refused = await simulator.PostAsync(Path, Hello);
        Assert.Equal(429, refused.Status);
        var details = refused.Error.GetProperty("details");
        var violation = details[1].GetProperty("violations")[0];
        Assert.Equal(("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "1"), (violation.GetProperty("quotaId").GetString(), violation.GetProperty("quotaValue").GetString()));
        Assert.Equal("32s", details[2].GetProperty("retryDelay").GetString());
        Assert.Null(refused.Header("retry-after"));

        var zone = TimeZoneInfo.FindSystemTimeZoneById("America/Los_Angeles");
        var there = TimeZoneInfo.ConvertTime(simulator.Clock.GetUtcNow(), zone);
        simulator.Clock.Advance(there.Date.AddDays(1) - there.DateTime - TimeSpan.FromSeconds(1));
        Assert.Equal(429, (await simulator.PostAsync(Path, Hello)).Status);
        simulator.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await simulator.PostAsync(Path, Hello)).Status);
    }

    [Fact]
    public async Task A_minutes_quota_is_of_prompt_tokens_and_its_delay_holds()
    {
        await using var simulator = await StartAsync(s_options with { TokensPerMinute = 60 });
        var body = Hello.Replace("hello", new string('x', 160), StringComparison.Ordinal);
        Assert.Equal(200, (await simulator.PostAsync(Path, body)).Status);
        var refused = await simulator.PostAsync(Path, body);
        var details = refused.Error.GetProperty("details");
        Assert.Equal("GenerateContentInputTokensPerModelPerMinute-FreeTier", details[1].GetProperty("violations")[0].GetProperty("quotaId").GetString());
        Assert.Equal("20s", details[2].GetProperty("retryDelay").GetString());
        simulator.Clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(200, (await simulator.PostAsync(Path, body)).Status);
    }

    [Fact]
    public async Task Tokens_are_counted_without_being_charged_and_models_are_listed_by_pages()
    {
        await using var simulator = await StartAsync(s_options with { KnownModels = ["gemini-x", "gemini-y"], ContextTokens = 1000 });
        const string Count = "/v1beta/models/gemini-x:countTokens";
        var plain = (await simulator.PostAsync(Count, Hello)).Json.GetProperty("totalTokens").GetInt32();
        var whole = await simulator.PostAsync(Count, $$"""{"generateContentRequest":{"model":"models/gemini-x",{{Hello[1..]}}}""");
        Assert.Equal((2, 2), (plain, whole.Json.GetProperty("totalTokens").GetInt32()));
        var first = await simulator.GetAsync("/v1beta/models?pageSize=1");
        var model = Assert.Single(first.Json.GetProperty("models").EnumerateArray());
        Assert.Equal(("models/gemini-x", 1000), (model.GetProperty("name").GetString(), model.GetProperty("inputTokenLimit").GetInt32()));
        Assert.Contains("generateContent", model.GetProperty("supportedGenerationMethods").EnumerateArray().Select(m => m.GetString()));
        var second = await simulator.GetAsync($"/v1beta/models?pageToken={first.Json.GetProperty("nextPageToken").GetString()}");
        Assert.Equal("models/gemini-y", second.Json.GetProperty("models")[0].GetProperty("name").GetString());
        Assert.False(second.Json.TryGetProperty("nextPageToken", out _));
        var unknown = await simulator.PostAsync("/v1beta/models/gemini-z:generateContent", Hello);
        Assert.Equal((404, "NOT_FOUND"), (unknown.Status, unknown.ErrorField("status")));
        Assert.Equal((0L, 404), (simulator.Server.Stats.Accepted, (await simulator.PostAsync("/v1beta/models/gemini-x:sing", Hello)).Status));
        var tooLong = await simulator.PostAsync(Path, Hello.Replace("hello", new string('x', 8000), StringComparison.Ordinal));
        Assert.Equal("The input token count (2000) exceeds the maximum number of tokens allowed (1000).", tooLong.Message);
    }

    private static string With(string config) => $$"""{{Hello[..^1]}},"generationConfig":{ {{config}} } }""";

    private static JsonElement[] Parts(Reply reply) =>
        reply.Json.GetProperty("candidates")[0].TryGetProperty("content", out var content) && content.TryGetProperty("parts", out var parts)
            ? [.. parts.EnumerateArray()]
            : [];

    private static string Text(Reply reply) => string.Concat(
        Parts(reply).Where(p => !p.TryGetProperty("thought", out _) && p.TryGetProperty("text", out _)).Select(p => p.GetProperty("text").GetString()));
}
