using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;

namespace Rowmill.Tests.Providers;

public sealed class AnthropicRequestTests
{
    private const string Ok = """{"content":[{"type":"text","text":"{}"}],"stop_reason":"end_turn"}""";

    private const string Head =
        """
        "model":"claude-x","max_tokens":800,"system":[{"type":"text","text":"Answer in JSON."}],
        "messages":[{"role":"user","content":"{\"rows\":[{\"id\":1}]}"}]
        """;

    [Theory]
    [InlineData("https://api.test")]
    [InlineData("https://api.test/v1/")]
    public async Task A_message_goes_to_its_address_with_key_and_version(string baseUrl)
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        await Given.Client(http, Given.Route("anthropic", "claude-x", baseUrl)).AskAsync(Given.Request());
        Assert.Equal("https://api.test/v1/messages", http.Url!.AbsoluteUri);
        Assert.Equal((Given.Key, "2023-06-01", "application/json"), (http.Headers["x-api-key"], http.Headers["anthropic-version"], http.Headers["Content-Type"]));
        Assert.DoesNotContain("Authorization", http.Headers.Keys);
        ScriptedHttp.AssertJson("{" + Head + "}", http.Sent[0]);
    }

    [Fact]
    public async Task The_best_form_closes_every_object() => ScriptedHttp.AssertJson(
        $$"""
        {{{Head}},"output_config":{"format":{"type":"json_schema","schema":
         {"type":"object","required":["rows"],"additionalProperties":false,"properties":{"rows":{"type":"array","items":
          {"type":"object","required":["id","mood"],"additionalProperties":false,"properties":
           {"id":{"type":"integer"},"mood":{"type":"string","enum":["High","Low"]},"why":{"type":"string","description":"Must satisfy {\"maxLength\":80}"} } } } } } } } }
        """, await SentAsync(Given.Request(StructuredOutput.StrictSchema)));

    [Fact]
    public async Task The_next_form_is_one_tool_that_must_be_used() => ScriptedHttp.AssertJson(
        $$"""
        {{{Head}},"tools":[{"name":"answer","description":"Takes the reply, whole and in this form.","input_schema":{{Given.Schema}} }],
         "tool_choice":{"type":"tool","name":"answer"} }
        """, await SentAsync(Given.Request(StructuredOutput.Schema)));

    [Theory]
    [InlineData(StructuredOutput.JsonMode)]
    [InlineData(StructuredOutput.Text)]
    public async Task There_is_no_JSON_mode(StructuredOutput form) => ScriptedHttp.AssertJson("{" + Head + "}", await SentAsync(Given.Request(form)));

    [Fact]
    public async Task Earlier_turns_stand_before_the_last()
    {
        var sent = await SentAsync(Given.Request() with { System = "", Earlier = [new(false, "one"), new(true, "two")] });
        ScriptedHttp.AssertJson(
            """
            {"model":"claude-x","max_tokens":800,"messages":[{"role":"user","content":"one"},{"role":"assistant","content":"two"},
              {"role":"user","content":"{\"rows\":[{\"id\":1}]}"}]}
            """, sent);
    }

    [Theory]
    [InlineData(3071, StructuredOutput.StrictSchema, false)]
    [InlineData(3072, StructuredOutput.StrictSchema, true)]
    [InlineData(2900, StructuredOutput.Schema, true)] // tools are cached with it
    public async Task A_prefix_that_is_long_enough_is_marked_for_the_cache(int length, StructuredOutput form, bool isMarked)
    {
        var sent = JsonNode.Parse(await SentAsync(Given.Request(form) with { System = new string('x', length) }))!["system"]![0]!.AsObject();
        Assert.Equal(isMarked ? """{"type":"ephemeral"}""" : null, sent["cache_control"]?.ToJsonString());
    }

    [Fact]
    public async Task Options_are_sent_as_far_as_there_are_any()
    {
        var request = Asked(new SamplingOptions { Temperature = 0.5, TopP = 0.9, Seed = 7, ReasoningEffort = "none" });
        ScriptedHttp.AssertJson("{" + Head + ",\"temperature\":0.5,\"top_p\":0.9}", await SentAsync(request));
        Assert.Equal(["seed is not sent: this service has none"], Client().Losses(request));
    }

    [Fact]
    public async Task A_temperature_beyond_1_is_sent_as_1_and_told()
    {
        var request = Asked(new SamplingOptions { Temperature = 1.5 });
        ScriptedHttp.AssertJson("{" + Head + ",\"temperature\":1}", await SentAsync(request));
        Assert.Equal(["temperature 1.5 is sent as 1, the most this service takes"], Client().Losses(request));
    }

    // Thinking is taken from the output limit, so at most half of it, and at least what the service takes.
    [Theory]
    [InlineData("minimal", 60_000, 1024)]
    [InlineData("low", 60_000, 1024)]
    [InlineData("medium", 60_000, 8192)]
    [InlineData("high", 60_000, 24576)]
    [InlineData("high", 6_000, 3000)]
    [InlineData("high", 1_500, 1024)]
    public async Task Thinking_is_asked_for_in_tokens(string effort, int most, int budget)
    {
        var request = Asked(new SamplingOptions { ReasoningEffort = effort }) with { MaxOutputTokens = most };
        ScriptedHttp.AssertJson(
            $$"""{"type":"enabled","budget_tokens":{{budget}}}""", JsonNode.Parse(await SentAsync(request))!["thinking"]!.ToJsonString());
    }

    [Fact]
    public async Task A_model_that_thinks_takes_no_temperature()
    {
        var request = Asked(new SamplingOptions { Temperature = 0, TopP = 0.9, ReasoningEffort = "low" });
        var sent = JsonNode.Parse(await SentAsync(request))!.AsObject();
        Assert.False(sent.ContainsKey("temperature") || sent.ContainsKey("top_p"));
        Assert.Equal(
            ["temperature is not sent: a model that thinks takes none", "top_p is not sent: a model that thinks takes none below 0.95"],
            Client().Losses(request));
        Assert.Contains("\"top_p\":0.96", await SentAsync(Asked(new SamplingOptions { TopP = 0.96, ReasoningEffort = "low" })), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_must_use_a_tool_does_not_think()
    {
        var request = Asked(new SamplingOptions { ReasoningEffort = "low", Temperature = 0 }, StructuredOutput.Schema);
        var sent = JsonNode.Parse(await SentAsync(request))!.AsObject();
        Assert.False(sent.ContainsKey("thinking"));
        Assert.True(sent.ContainsKey("temperature"));
        Assert.Equal(["reasoning_effort is not sent: a model that must use a tool cannot think"], Client().Losses(request));
    }

    [Fact]
    public async Task A_model_that_measures_its_thinking_itself_is_asked_for_an_effort()
    {
        var http = new ScriptedHttp().Reply(400, Error("`thinking.type.enabled` is not supported for this model. Use `thinking.type.adaptive` and `output_config.effort` to control thinking behavior."))
            .Reply(200, Ok);
        var client = Client(http);
        var request = Asked(new SamplingOptions { ReasoningEffort = "minimal" }, StructuredOutput.StrictSchema);
        Assert.Equal(FailureKind.ParameterRefused, (await client.AskAsync(request)).Failure?.Kind);
        Assert.True((await client.AskAsync(request)).Succeeded);
        var sent = JsonNode.Parse(http.Sent[1])!;
        Assert.Equal("""{"type":"adaptive"}""", sent["thinking"]!.ToJsonString());
        Assert.Equal("low", (string?)sent["output_config"]!["effort"]);
        Assert.Equal("json_schema", (string?)sent["output_config"]!["format"]!["type"]);
    }

    [Theory]
    [InlineData("`temperature` and `top_p` cannot both be specified for this model. Please use only one.", "top_p")]
    [InlineData("`temperature` is deprecated for this model.", "temperature")]
    [InlineData("top_p: not supported on this model", "top_p")]
    public async Task A_refused_option_is_left_out_from_then_on(string words, string option)
    {
        var http = new ScriptedHttp().Reply(400, Error(words)).Reply(200, Ok);
        var client = Client(http);
        var request = Asked(new SamplingOptions { Temperature = 0, TopP = 0.9 });
        Assert.Equal(FailureKind.ParameterRefused, (await client.AskAsync(request)).Failure?.Kind);
        Assert.True((await client.AskAsync(request)).Succeeded);
        var sent = JsonNode.Parse(http.Sent[1])!.AsObject();
        Assert.Equal((option != "temperature", option != "top_p"), (sent.ContainsKey("temperature"), sent.ContainsKey("top_p")));
        Assert.Equal([$"{option} is not sent: the model refuses it"], client.Losses(request));
    }

    [Fact]
    public async Task A_model_that_cannot_think_is_not_asked_to_again()
    {
        var http = new ScriptedHttp().Reply(400, Error("thinking is not supported by this model")).Reply(200, Ok);
        var client = Client(http);
        var request = Asked(new SamplingOptions { ReasoningEffort = "low" });
        Assert.Equal(FailureKind.ParameterRefused, (await client.AskAsync(request)).Failure?.Kind);
        Assert.True((await client.AskAsync(request)).Succeeded);
        Assert.DoesNotContain("thinking", http.Sent[1], StringComparison.Ordinal);
    }

    private static string Error(string words) => $$$"""{"type":"error","error":{"type":"invalid_request_error","message":"{{{words}}}"}}""";

    private static ModelRequest Asked(SamplingOptions sampling, StructuredOutput form = StructuredOutput.Text) =>
        Given.Request(form) with { Sampling = sampling };

    private static IModelClient Client(ScriptedHttp? http = null) => Given.Client(http ?? new ScriptedHttp(), AnthropicClientTests.Route);

    private static async Task<string> SentAsync(ModelRequest request)
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        await Client(http).AskAsync(request);
        return http.Sent[0];
    }
}
