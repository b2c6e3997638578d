using System.Text.Json;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

/// <summary>The servers that speak OpenAI's chat completions, each a little differently.</summary>
public sealed class CompatibleTests
{
    private const string Hello = """{"model":"m","messages":[{"role":"user","content":"hello"}]}""";
    private const string Deployment = "/openai/deployments/mine/chat/completions";

    [Fact]
    public async Task Vllm_ignores_what_it_does_not_know_and_its_codes_are_numbers()
    {
        await using var simulator = await StartAsync(Of(SimulatorDialect.Vllm) with { ContextTokens = 100, KnownModels = ["m"] });
        Assert.Equal(200, (await simulator.AskAsync(With("\"whatever\":1,\"chat_template_kwargs\":{\"enable_thinking\":false}"))).Status);
        var reply = await simulator.AskAsync(With("\"max_tokens\":4096"));
        Assert.Equal((400, 400, "BadRequestError"), (reply.Status, reply.Error.GetProperty("code").GetInt32(), reply.ErrorField("type")));
        Assert.Equal("'max_tokens' or 'max_completion_tokens' is too large: 4096. This model's maximum context length is 100 tokens and your request has 2 input tokens (4096 > 100 - 2).", reply.Message);
        var unknown = await simulator.AskAsync(Hello.Replace("\"m\"", "\"n\"", StringComparison.Ordinal));
        Assert.Equal((404, "The model `n` does not exist."), (unknown.Status, unknown.Message));
        Assert.Equal(100, (await simulator.GetAsync("/v1/models")).Json.GetProperty("data")[0].GetProperty("max_model_len").GetInt32());
        await using var old = await StartAsync(Of(SimulatorDialect.Vllm) with { OldServer = true });
        var flat = (await old.AskAsync("""{"model":"m","messages":[]}""")).Json;
        Assert.Equal(("error", 400), (flat.GetProperty("object").GetString(), flat.GetProperty("code").GetInt32()));
    }

    [Theory]
    [InlineData("{\"type\":\"json_object\",\"schema\":SCHEMA}")]
    [InlineData("{\"type\":\"json_schema\",\"schema\":SCHEMA}")]
    [InlineData("{\"type\":\"json_schema\",\"json_schema\":{\"schema\":SCHEMA}}")]
    public async Task LlamaCpp_takes_a_schema_in_three_places(string format)
    {
        await using var simulator = await StartAsync(Of(SimulatorDialect.LlamaCpp));
        var body = $$"""{"messages":[{"role":"user","content":{{Ask("a")}}}],"response_format":{{format.Replace("SCHEMA", Wrapper, StringComparison.Ordinal)}} }""";
        var reply = await simulator.AskAsync(body);
        Assert.True(reply.Rows[0].TryGetProperty("energy", out _));
        Assert.True(reply.Json.TryGetProperty("timings", out _));
    }

    [Fact]
    public async Task LlamaCpp_has_one_model_and_tells_both_numbers_of_its_context()
    {
        await using var simulator = await StartAsync(Of(SimulatorDialect.LlamaCpp) with { KnownModels = ["one", "two"], ContextTokens = 100, Script = [SimulatorFault.None, SimulatorFault.Http503] });
        Assert.Equal(200, (await simulator.AskAsync(Hello)).Status);
        Assert.Equal("one", Assert.Single((await simulator.GetAsync("/v1/models")).Json.GetProperty("data").EnumerateArray()).GetProperty("id").GetString());
        var tooLong = await simulator.AskAsync(Hello.Replace("hello", new string('x', 4000), StringComparison.Ordinal));
        Assert.Equal("request (1000 tokens) exceeds the available context size (100 tokens), try increasing it", tooLong.Message);
        Assert.Equal(("exceed_context_size_error", 1000, 100), (tooLong.ErrorField("type"), tooLong.Error.GetProperty("n_prompt_tokens").GetInt32(), tooLong.Error.GetProperty("n_ctx").GetInt32()));
        var loading = await simulator.AskAsync(Hello);
        Assert.Equal((503, "Loading model", "unavailable_error"), (loading.Status, loading.Message, loading.ErrorField("type")));
    }

    [Fact]
    public async Task Azure_wants_its_own_header_and_a_version_beside_a_deployment()
    {
        await using var simulator = await StartAsync(Of(SimulatorDialect.Azure) with { ApiKey = "right" });
        Assert.Equal("/openai/v1", simulator.Server.BaseAddress.AbsolutePath);
        var reply = await simulator.PostAsync("/openai/v1/chat/completions", Hello, "api-key: right");
        Assert.True(reply.Json.TryGetProperty("prompt_filter_results", out _));
        Assert.Equal(200, (await simulator.PostAsync("/openai/v1/chat/completions", Hello, "Authorization: Bearer right")).Status);
        const string Nameless = """{"messages":[{"role":"user","content":"hello"}]}""";
        Assert.Equal(200, (await simulator.PostAsync(Deployment + "?api-version=2024-10-21", Nameless, "api-key: right")).Status);
        Assert.Equal("mine", simulator.Server.Ledger[^1].Model);
        var versionless = await simulator.PostAsync(Deployment, Nameless, "api-key: right");
        Assert.Equal((404, "404", "Resource not found"), (versionless.Status, versionless.ErrorField("code"), versionless.Message));
        var bearer = await simulator.PostAsync(Deployment + "?api-version=2024-10-21", Nameless, "Authorization: Bearer right");
        Assert.Equal((401, "401"), (bearer.Status, bearer.ErrorField("code")));
        var early = await simulator.PostAsync(Deployment + "?api-version=2024-06-01", Body(["a"]), "api-key: right");
        Assert.Equal("response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later", early.Message);
    }

    [Fact]
    public async Task Azures_filter_refuses_a_prompt_and_names_what_it_found()
    {
        await using var simulator = await StartAsync(Of(SimulatorDialect.Azure) with { KnownModels = ["m"], Script = [SimulatorFault.BlockedPrompt, SimulatorFault.ContentFilter, SimulatorFault.Http429] });
        var blocked = await simulator.AskAsync(Hello);
        Assert.Equal((400, "content_filter"), (blocked.Status, blocked.ErrorField("code")));
        var inner = blocked.Error.GetProperty("innererror");
        Assert.Equal("ResponsibleAIPolicyViolation", inner.GetProperty("code").GetString());
        Assert.True(inner.GetProperty("content_filter_result").GetProperty("violence").GetProperty("filtered").GetBoolean());
        Assert.Equal("content_filter", (await simulator.AskAsync(Hello)).Finish);
        var limited = await simulator.AskAsync(Hello);
        Assert.Equal((429, "429", "1000"), (limited.Status, limited.ErrorField("code"), limited.Header("retry-after-ms")));
        var unknown = await simulator.AskAsync(Hello.Replace("\"m\"", "\"n\"", StringComparison.Ordinal));
        Assert.Equal((404, "DeploymentNotFound"), (unknown.Status, unknown.ErrorField("code")));
    }

    [Fact]
    public async Task Googles_compatible_endpoint_wraps_errors_in_an_array_and_leaves_out_empty_content()
    {
        await using var simulator = await StartAsync(Of(SimulatorDialect.GeminiOpenAi) with { RequestsPerDay = 2, KnownModels = ["m"], Script = [SimulatorFault.None, SimulatorFault.ThoughtCut] });
        Assert.Equal("/v1beta/openai", simulator.Server.BaseAddress.AbsolutePath);
        var unknown = InArray(await simulator.AskAsync(With("\"store\":true")));
        Assert.Equal(("INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name \"store\": Cannot find field."), (Field(unknown, "status"), Field(unknown, "message")));
        Assert.Equal(200, (await simulator.AskAsync(Hello.Replace("\"m\"", "\"models/m\"", StringComparison.Ordinal))).Status);
        var cut = await simulator.AskAsync(Hello);
        Assert.Equal("length", cut.Finish);
        Assert.False(cut.Choice.GetProperty("message").TryGetProperty("content", out _));
        var day = InArray(await simulator.AskAsync(Hello));
        Assert.Equal((429, "RESOURCE_EXHAUSTED"), (day.GetProperty("code").GetInt32(), Field(day, "status")));
        Assert.Equal("models/m", (await simulator.GetAsync("/v1beta/openai/models")).Json.GetProperty("data")[0].GetProperty("id").GetString());
        Assert.Equal(429, (await simulator.PostAsync("/v1beta/models/m:generateContent", """{"contents":[{"parts":[{"text":"x"}]}]}""")).Status);

        static JsonElement InArray(Reply reply) => Assert.Single(reply.Json.EnumerateArray()).GetProperty("error");
        static string? Field(JsonElement error, string name) => error.GetProperty(name).GetString();
    }

    [Fact]
    public async Task Reasoning_tokens_are_told_where_the_provider_tells_them()
    {
        await using var openAi = await StartAsync(Of(SimulatorDialect.OpenAI) with { ThoughtTokens = 30 });
        var usage = (await openAi.AskAsync(Hello)).Json.GetProperty("usage");
        Assert.Equal(30, usage.GetProperty("completion_tokens_details").GetProperty("reasoning_tokens").GetInt32());
        Assert.True(usage.GetProperty("completion_tokens").GetInt32() > 30);
        var eaten = await openAi.AskAsync(With("\"max_completion_tokens\":20"));
        Assert.Equal(("length", ""), (eaten.Finish, eaten.Content));
        await using var groq = await StartAsync(Of(SimulatorDialect.Groq) with { ThoughtTokens = 30 });
        Assert.True((await groq.AskAsync(Hello)).Choice.GetProperty("message").TryGetProperty("reasoning", out _));
        var hidden = await groq.AskAsync(With("\"include_reasoning\":false"));
        Assert.False(hidden.Choice.GetProperty("message").TryGetProperty("reasoning", out _));
    }

    [Fact]
    public async Task A_key_may_be_refused_and_a_gateway_may_take_the_client_for_a_robot_in_the_middle_of_a_run()
    {
        await using var simulator = await StartAsync(Of(SimulatorDialect.OpenAI) with { Script = [SimulatorFault.BadKey, SimulatorFault.Cloudflare1010, SimulatorFault.SpendCap] });
        var key = await simulator.AskAsync(Hello, "Bearer sk-1234567890");
        Assert.Equal((401, "text/plain", "invalid_api_key"), (key.Status, key.Header("content-type"), key.ErrorField("code")));
        var robot = await simulator.AskAsync(Hello);
        Assert.Equal((403, "error code: 1010"), (robot.Status, robot.Text));
        Assert.Equal("insufficient_quota", (await simulator.AskAsync(Hello)).ErrorField("code"));
    }

    private static SimulatorOptions Of(SimulatorDialect dialect) => new() { Dialect = dialect };

    private static string With(string field) => $"{Hello[..^1]},{field}}}";
}
