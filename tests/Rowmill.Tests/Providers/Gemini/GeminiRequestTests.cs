using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;

namespace Rowmill.Tests.Providers;

public sealed class GeminiRequestTests
{
    private const string Ok = """{"candidates":[{"content":{"parts":[{"text":"{}"}]},"finishReason":"STOP"}]}""";
    private const string System = """{"parts":[{"text":"Answer in JSON."}]}""";
    private const string Contents = """[{"role":"user","parts":[{"text":"{\"rows\":[{\"id\":1}]}"}]}]""";

    [Theory]
    [InlineData("gemini-2.5-flash", "https://api.test", "https://api.test/v1beta/models/gemini-2.5-flash:generateContent")]
    [InlineData("gemini-2.5-flash", "https://api.test/v1beta/", "https://api.test/v1beta/models/gemini-2.5-flash:generateContent")]
    [InlineData("models/gemini-2.5-flash", "https://api.test", "https://api.test/v1beta/models/gemini-2.5-flash:generateContent")]
    [InlineData("tunedModels/mine", "https://api.test", "https://api.test/v1beta/tunedModels/mine:generateContent")]
    [InlineData("odd?key=x", "https://api.test", "https://api.test/v1beta/models/odd%3Fkey%3Dx:generateContent")]
    public async Task The_model_stands_in_the_address_and_the_key_in_a_header(string model, string baseUrl, string url)
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        await Given.Client(http, Given.Route("gemini", model, baseUrl)).AskAsync(Given.Request());
        Assert.Equal(url, http.Url!.AbsoluteUri);
        Assert.Equal(Given.Key, http.Headers["x-goog-api-key"]);
        Assert.DoesNotContain("Authorization", http.Headers.Keys);
        ScriptedHttp.AssertJson($$$"""{"systemInstruction":{{{System}}},"contents":{{{Contents}}},"generationConfig":{"maxOutputTokens":800}}""", http.Sent[0]);
    }

    [Theory]
    [InlineData(StructuredOutput.StrictSchema, """
        {"responseMimeType":"application/json","maxOutputTokens":800,"responseJsonSchema":
         {"type":"object","required":["rows"],"properties":{"rows":{"type":"array","items":
          {"type":"object","required":["id","mood"],"properties":
           {"id":{"type":"integer"},"mood":{"type":"string","enum":["High","Low"]},"why":{"type":"string","description":"Must satisfy {\"maxLength\":80}"}},"propertyOrdering":["id","mood","why"]}}}}}
        """)]
    [InlineData(StructuredOutput.Schema, """
        {"responseMimeType":"application/json","maxOutputTokens":800,"responseSchema":
         {"type":"OBJECT","required":["rows"],"properties":{"rows":{"type":"ARRAY","items":
          {"type":"OBJECT","required":["id","mood"],"properties":
           {"id":{"type":"INTEGER"},"mood":{"type":"STRING","enum":["High","Low"]},"why":{"type":"STRING","maxLength":80}},"propertyOrdering":["id","mood","why"]}}}}}
        """)]
    [InlineData(StructuredOutput.JsonMode, """{"responseMimeType":"application/json","maxOutputTokens":800}""")]
    [InlineData(StructuredOutput.Text, """{"maxOutputTokens":800}""")]
    public async Task Each_form_is_sent_its_own_way(StructuredOutput form, string config) => ScriptedHttp.AssertJson(
        $$$"""{"systemInstruction":{{{System}}},"contents":{{{Contents}}},"generationConfig":{{{config}}}}""", await SentAsync(Given.Request(form)));

    [Fact]
    public async Task Options_are_sent_under_Googles_names() => ScriptedHttp.AssertJson(
        $$$"""
        {"systemInstruction":{{{System}}},"contents":{{{Contents}}},"generationConfig":
         {"temperature":0,"topP":0.9,"seed":7,"thinkingConfig":{"thinkingBudget":400},"maxOutputTokens":800}}
        """,
        await SentAsync(Given.Request() with { Sampling = new SamplingOptions { Temperature = 0, TopP = 0.9, Seed = 7, ReasoningEffort = "low", MaxOutputTokens = 5 } }));

    [Fact]
    public async Task Earlier_turns_stand_before_the_last()
    {
        var sent = await SentAsync(Given.Request() with { Earlier = [new(false, "one"), new(true, "two")] });
        ScriptedHttp.AssertJson(
            """[{"role":"user","parts":[{"text":"one"}]},{"role":"model","parts":[{"text":"two"}]},{"role":"user","parts":[{"text":"{\"rows\":[{\"id\":1}]}"}]}]""",
            JsonNode.Parse(sent)!["contents"]!.ToJsonString());
    }

    // Thinking is taken from the output limit, so at most half of it.
    [Theory]
    [InlineData("gemini-2.5-flash", "none", 60_000, """{"thinkingBudget":0}""")]
    [InlineData("gemini-2.5-flash", "minimal", 60_000, """{"thinkingBudget":1024}""")]
    [InlineData("gemini-2.5-flash", "low", 60_000, """{"thinkingBudget":1024}""")]
    [InlineData("gemini-2.5-flash", "medium", 60_000, """{"thinkingBudget":8192}""")]
    [InlineData("gemini-2.5-flash", "high", 60_000, """{"thinkingBudget":24576}""")]
    [InlineData("gemini-2.5-flash", "high", 3_000, """{"thinkingBudget":1500}""")]
    [InlineData("gemini-2.5-pro", "none", 60_000, """{"thinkingBudget":128}""")]
    [InlineData("gemini-3-pro-preview", "high", 800, """{"thinkingLevel":"high"}""")]
    [InlineData("gemini-3.5-flash", "minimal", 800, """{"thinkingLevel":"minimal"}""")]
    [InlineData("gemini-3.5-flash", "none", 800, """{"thinkingLevel":"minimal"}""")]
    [InlineData("gemini-flash-latest", "medium", 800, """{"thinkingLevel":"medium"}""")]
    [InlineData("gemini-flash-latest", "xhigh", 800, """{"thinkingLevel":"high"}""")]
    public async Task Thinking_is_asked_for_in_the_models_own_measure(string model, string effort, int most, string config)
    {
        var request = Given.Request() with { MaxOutputTokens = most, Sampling = new SamplingOptions { ReasoningEffort = effort } };
        ScriptedHttp.AssertJson(config, JsonNode.Parse(await SentAsync(request, model))!["generationConfig"]!["thinkingConfig"]!.ToJsonString());
    }

    [Theory]
    [InlineData("gemini-2.5-flash", "low", null)]
    [InlineData("gemini-2.5-flash", "none", null)]
    [InlineData("gemini-2.5-pro", "none", "reasoning_effort none is sent as the least: this model always thinks")]
    [InlineData("gemini-3.5-flash", "none", "reasoning_effort none is sent as minimal: this model always thinks")]
    [InlineData("gemini-3.5-flash", "max", "reasoning_effort max is sent as high, the most there is")]
    [InlineData("gemini-3.5-flash", "hard", "reasoning_effort hard is not sent: known are none, minimal, low, medium and high")]
    public void What_is_thought_otherwise_than_asked_is_told(string model, string effort, string? line)
    {
        var request = Given.Request() with { Sampling = new SamplingOptions { ReasoningEffort = effort } };
        var losses = Given.Client(new ScriptedHttp(), Given.Route("gemini", model, "https://api.test")).Losses(request);
        Assert.Equal(line is null ? [] : [line], losses);
    }

    [Fact]
    public async Task A_seed_that_does_not_fit_is_left_out_and_told()
    {
        var request = Given.Request() with { Sampling = new SamplingOptions { Seed = 1L << 40 } };
        Assert.DoesNotContain("seed", await SentAsync(request), StringComparison.Ordinal);
        Assert.Equal(["seed is not sent: this service takes one of 32 bits"], Given.Client(new ScriptedHttp(), GeminiClientTests.Route).Losses(request));
    }

    [Theory]
    [InlineData("gemini-2.5-flash", StructuredOutput.StrictSchema)]
    [InlineData("gemini-3.5-flash", StructuredOutput.StrictSchema)]
    [InlineData("gemma-3-27b-it", StructuredOutput.Text)]
    public void Each_model_is_asked_in_the_best_form_it_takes(string model, StructuredOutput form) =>
        Assert.Equal(form, Given.Client(new ScriptedHttp(), Given.Route("gemini", model)).StructuredOutput);

    [Theory]
    [InlineData("gemma-3-27b-it", 1)]
    [InlineData("gemma-9", 2)]
    public async Task A_model_without_system_messages_is_told_in_the_users(string model, int requests)
    {
        var http = new ScriptedHttp();
        if (requests == 2)
            http.Reply(400, """{"error":{"code":400,"message":"Developer instruction is not enabled for models/gemma-9","status":"INVALID_ARGUMENT"}}""");
        var client = Given.Client(http.Reply(200, Ok), Given.Route("gemini", model, "https://api.test"));
        for (var n = 1; n < requests; n++) Assert.Equal(FailureKind.ParameterRefused, (await client.AskAsync(Given.Request())).Failure?.Kind);
        Assert.True((await client.AskAsync(Given.Request() with { Earlier = [new(true, "hello")] })).Succeeded);
        ScriptedHttp.AssertJson(
            """
            {"contents":[{"role":"model","parts":[{"text":"hello"}]},{"role":"user","parts":[{"text":"Answer in JSON."},{"text":"{\"rows\":[{\"id\":1}]}"}]}],
             "generationConfig":{"maxOutputTokens":800}}
            """, http.Sent[^1]);
    }

    [Fact]
    public async Task A_model_that_refuses_to_be_told_how_much_to_think_is_not_told_again()
    {
        var http = new ScriptedHttp()
            .Reply(400, """{"error":{"code":400,"message":"Thinking level MEDIUM is not supported for this model.","status":"INVALID_ARGUMENT"}}""").Reply(200, Ok);
        var client = Given.Client(http, Given.Route("gemini", "gemini-3-pro-preview", "https://api.test"));
        var request = Given.Request() with { Sampling = new SamplingOptions { ReasoningEffort = "medium" } };
        Assert.Equal(FailureKind.ParameterRefused, (await client.AskAsync(request)).Failure?.Kind);
        Assert.True((await client.AskAsync(request)).Succeeded);
        Assert.DoesNotContain("thinking", http.Sent[1], StringComparison.Ordinal);
        Assert.Equal(["reasoning_effort is not sent: the model refuses it"], client.Losses(request));
    }

    private static async Task<string> SentAsync(ModelRequest request, string model = "gemini-2.5-flash")
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        await Given.Client(http, Given.Route("gemini", model, "https://api.test")).AskAsync(request);
        return http.Sent[0];
    }
}
