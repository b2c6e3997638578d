using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;

namespace Rowmill.Tests.Providers.Ollama;

public sealed class OllamaRequestTests
{
    private const string Ok = """{"message":{"content":"{}"},"done":true}""";

    private static readonly Route s_route = Given.Route("ollama", "llama3.1:8b") with { ContextTokens = 32_768, ApiKeyEnv = null };

    [Fact]
    public async Task The_whole_request_is_written_for_the_native_wire()
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        await Given.Client(http, s_route).AskAsync(Given.Request(StructuredOutput.Schema) with
        {
            InputTokens = 5000,
            Sampling = new SamplingOptions { Temperature = 0, TopP = 0.9, Seed = 7 },
        });
        Assert.Equal("http://localhost:11434/api/chat", http.Url!.AbsoluteUri);
        Assert.DoesNotContain("Authorization", http.Headers.Keys);
        ScriptedHttp.AssertJson(
            $$$"""
            {"model":"llama3.1:8b","messages":[{"role":"system","content":"Answer in JSON."},{"role":"user","content":"{\"rows\":[{\"id\":1}]}"}],
             "stream":false,"format":{{{Given.Schema}}},"options":{"temperature":0,"top_p":0.9,"seed":7,"num_ctx":8192,"num_predict":800},
             "keep_alive":"10m","truncate":false,"shift":false}
            """, http.Sent[0]);
    }

    [Theory]
    [InlineData(StructuredOutput.JsonMode, "\"json\"")]
    [InlineData(StructuredOutput.Text, null)]
    public async Task Lesser_forms_send_less(StructuredOutput form, string? format) =>
        Assert.Equal(format, (await SentAsync(s_route, Given.Request(form)))["format"]?.ToJsonString());

    [Theory]
    [InlineData("qwen3:4b", null, null)]
    [InlineData("qwen3:4b", "none", "false")]
    [InlineData("qwen3:4b", "low", "true")]
    [InlineData("gpt-oss:20b", "none", "false")]
    [InlineData("gpt-oss:20b", "minimal", "\"low\"")]
    [InlineData("gpt-oss:20b", "medium", "\"medium\"")]
    [InlineData("gpt-oss:20b", "xhigh", "\"high\"")]
    public async Task Thinking_follows_the_jobs_reasoning_effort(string model, string? effort, string? think)
    {
        var request = Given.Request() with { Sampling = new SamplingOptions { ReasoningEffort = effort } };
        Assert.Equal(think, (await SentAsync(s_route with { Model = model }, request))["think"]?.ToJsonString());
    }

    [Fact]
    public async Task A_model_that_does_not_think_is_told_so_once_and_asked_without()
    {
        var http = new ScriptedHttp().Reply(400, """{"error":"\"llama3.1:8b\" does not support thinking"}""").Reply(200, Ok);
        var client = Given.Client(http, s_route);
        var request = Given.Request() with { Sampling = new SamplingOptions { ReasoningEffort = "low" } };
        Assert.Equal(FailureKind.ParameterRefused, (await client.AskAsync(request)).Failure?.Kind);
        Assert.True((await client.AskAsync(request)).Succeeded);
        Assert.DoesNotContain("think", http.Sent[1], StringComparison.Ordinal);
        Assert.Equal("reasoning_effort is not sent: the model refuses it", Assert.Single(client.Losses(request)));
    }

    [Theory]
    [InlineData(100, 500, 4096)] // never less: that saves nothing
    [InlineData(3000, 840, 4096)]
    [InlineData(3000, 841, 8192)] // with headroom
    [InlineData(9000, 4000, 16_384)]
    [InlineData(20_000, 4000, 32_768)]
    [InlineData(40_000, 4000, 32_768)] // never more than the route's
    public async Task The_context_is_set_from_prompt_and_reply_in_doublings(int input, int output, int context)
    {
        var request = Given.Request() with { InputTokens = input, MaxOutputTokens = output };
        Assert.Equal(context, Context(await SentAsync(s_route, request)));
    }

    [Fact]
    public async Task Without_an_estimate_the_bytes_are_counted_on_the_safe_side()
    {
        var sent = await SentAsync(s_route, Given.Request(user: new string('x', 15_000)));
        Assert.Equal(16_384, Context(sent)); // 7,500 tokens and 800 of reply
    }

    [Fact]
    public async Task The_context_only_grows_so_that_the_model_is_not_loaded_anew_for_every_pack()
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        var client = Given.Client(http, s_route);
        foreach (var input in new[] { 100, 9000, 100, 4000 }) await client.AskAsync(Given.Request() with { InputTokens = input });
        Assert.Equal([4096, 16_384, 16_384, 16_384], http.Sent.Select(s => Context(JsonNode.Parse(s)!)));
    }

    [Fact]
    public async Task A_bound_of_the_caller_holds_whatever_was_needed_before()
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        var client = Given.Client(http, s_route);
        var large = Given.Request() with { InputTokens = 20_000 };
        Assert.Equal(32_768, (await client.AskAsync(large)).ContextTokens);
        Assert.Equal(6000, (await client.AskAsync(large with { MostContextTokens = 6000 })).ContextTokens);
        Assert.Equal(6000, Context(JsonNode.Parse(http.Sent[1])!));
    }

    private static int Context(JsonNode sent) => (int)sent["options"]!["num_ctx"]!;

    private static async Task<JsonNode> SentAsync(Route route, ModelRequest request)
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        await Given.Client(http, route).AskAsync(request);
        return JsonNode.Parse(http.Sent[0])!;
    }
}
