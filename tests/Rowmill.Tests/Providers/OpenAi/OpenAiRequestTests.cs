using System.Text;
using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;

namespace Rowmill.Tests.Providers;

public sealed class OpenAiRequestTests
{
    private const string Ok = """{"choices":[{"message":{"content":"{}"}}]}""";

    private const string Messages =
        """[{"role":"system","content":"Answer in JSON."},{"role":"user","content":"{\"rows\":[{\"id\":1}]}"}]""";

    [Theory]
    [InlineData("openai", "gpt-4.1", "https://api.test/v1/chat/completions", "max_completion_tokens")]
    [InlineData("groq", "openai/gpt-oss-20b", "https://api.test/v1/chat/completions", "max_completion_tokens")]
    [InlineData("simulator", "small", "https://api.test/v1/chat/completions", "max_completion_tokens")]
    [InlineData("openai-compatible", "x/y", "https://api.test/v1/chat/completions", "max_tokens")]
    public async Task Each_provider_is_asked_at_its_address_with_its_name_of_the_limit(string provider, string model, string url, string limit)
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        await Given.Client(http, Given.Route(provider, model)).AskAsync(Given.Request());
        Assert.Equal(url, http.Url!.AbsoluteUri);
        ScriptedHttp.AssertJson($$"""{"model":"{{model}}","messages":{{Messages}},"{{limit}}":800}""", http.Sent[0]);
        Assert.Equal("Bearer " + Given.Key, http.Headers["Authorization"]);
        Assert.Equal("application/json", http.Headers["Content-Type"]);
        Assert.Equal("application/json", http.Headers["Accept"]);
    }

    [Fact]
    public async Task Strict_form_sends_the_schema_translated()
    {
        var sent = await SentAs(StructuredOutput.StrictSchema);
        ScriptedHttp.AssertJson(
            """
            {"type":"json_schema","json_schema":{"name":"rows","strict":true,"schema":
             {"type":"object","required":["rows"],"additionalProperties":false,"properties":{"rows":{"type":"array","items":
              {"type":"object","required":["id","mood","why"],"additionalProperties":false,"properties":
               {"id":{"type":"integer"},"mood":{"type":"string","enum":["High","Low"]},"why":{"type":["string","null"],"description":"Must satisfy {\"maxLength\":80}"}}}}}}}}
            """, sent["response_format"]!.ToJsonString());
    }

    [Fact]
    public async Task Schema_form_sends_the_schema_as_it_is()
    {
        var sent = await SentAs(StructuredOutput.Schema);
        ScriptedHttp.AssertJson(
            $$$"""{"type":"json_schema","json_schema":{"name":"rows","strict":false,"schema":{{{Given.Schema}}}}}""",
            sent["response_format"]!.ToJsonString());
    }

    [Fact]
    public async Task Json_mode_asks_for_an_object_and_text_for_nothing()
    {
        ScriptedHttp.AssertJson("""{"type":"json_object"}""", (await SentAs(StructuredOutput.JsonMode))["response_format"]!.ToJsonString());
        Assert.False((await SentAs(StructuredOutput.Text)).ContainsKey("response_format"));
    }

    [Fact]
    public async Task Options_are_sent_only_when_the_job_gives_them()
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        await Given.Client(http).AskAsync(Given.Request() with
        {
            Sampling = new SamplingOptions { Temperature = 0, TopP = 0.9, Seed = 7, ReasoningEffort = "low", MaxOutputTokens = 5 },
        });
        ScriptedHttp.AssertJson(
            $$"""{"model":"m-1","messages":{{Messages}},"temperature":0,"top_p":0.9,"seed":7,"reasoning_effort":"low","max_completion_tokens":800}""",
            http.Sent[0]);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("\"quotes\" \\ back\\slash / \b\f\n\r\t \u0001 \u007f \u2028")]
    [InlineData("Füße 漢字 😀 <b>&amp;'</b> \u00A0\uFFFD")]
    [InlineData("")]
    public async Task The_user_message_arrives_letter_by_letter(string text)
    {
        foreach (var user in new[] { text, string.Concat(Enumerable.Repeat(text, 5000)) })
        {
            var http = new ScriptedHttp().Reply(200, Ok);
            await Given.Client(http).AskAsync(Given.Request(user: user));
            Assert.Equal(user, (string?)JsonNode.Parse(http.Sent[0])!["messages"]![1]!["content"]);
        }
    }

    [Fact]
    public async Task Letters_are_sent_as_themselves()
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        await Given.Client(http).AskAsync(Given.Request(user: "Füße <漢字>") with { System = "Größe <b>" });
        Assert.Contains("Füße <漢字>", http.Sent[0], StringComparison.Ordinal);
        Assert.Contains("Größe <b>", http.Sent[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_kept_for_many_requests_sends_each_as_it_is()
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        var client = Given.Client(http);
        var one = Given.Request(StructuredOutput.Schema);
        var variants = Enumerable.Range(0, 6).SelectMany(n => new[]
        {
            one with { System = $"json {n}" },
            one with { Sampling = new SamplingOptions { Seed = n } },
            one with { Form = (StructuredOutput)(n % 4) },
            one with { MaxOutputTokens = n },
            one with { ReplySchema = Encoding.UTF8.GetBytes($$$"""{"type":"object","title":"{{{n}}}","properties":{}}""") },
        }).ToList();
        foreach (var request in variants.Concat(variants)) await client.AskAsync(request);
        for (var n = 0; n < http.Sent.Count; n++)
        {
            var fresh = new ScriptedHttp().Reply(200, Ok);
            await Given.Client(fresh).AskAsync(variants[n % variants.Count]);
            Assert.Equal(fresh.Sent[0], http.Sent[n]);
        }
    }

    [Theory]
    [InlineData("openai", "max_completion_tokens", "max_tokens")]
    [InlineData("openai-compatible", "max_tokens", "max_completion_tokens")]
    public async Task A_refused_name_of_the_limit_is_the_callers_to_count_and_the_next_request_carries_the_other(
        string provider, string first, string second)
    {
        var http = new ScriptedHttp().Reply(400, Refusal(first, second)).Reply(200, Ok);
        var client = Given.Client(http, Given.Route(provider));
        Assert.Equal(FailureKind.ParameterRefused, (await client.AskAsync(Given.Request())).Failure?.Kind);
        Assert.True((await client.AskAsync(Given.Request())).Succeeded);
        Assert.Equal([first, second], http.Sent.Select(Limit));
    }

    [Fact]
    public async Task A_service_that_refuses_both_names_is_told_of_as_it_is()
    {
        var http = new ScriptedHttp().Reply(400, Refusal("max_completion_tokens", "max_tokens"))
            .Reply(400, Refusal("max_tokens", "max_completion_tokens"));
        var client = Given.Client(http);
        Assert.Equal(FailureKind.ParameterRefused, (await client.AskAsync(Given.Request())).Failure?.Kind);
        Assert.Equal(FailureKind.BadRequest, (await client.AskAsync(Given.Request())).Failure?.Kind);
    }

    [Fact]
    public async Task A_limit_that_is_too_large_is_not_resent_under_the_other_name()
    {
        var http = new ScriptedHttp().Reply(400, OpenAiFailureTests.Vllm);
        await Given.Client(http, Given.Route("openai-compatible")).AskAsync(Given.Request());
        Assert.Single(http.Sent);
    }

    [Fact]
    public async Task A_server_without_a_key_gets_no_authorization()
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        await Given.Client(http, Given.Route("openai-compatible") with { ApiKeyEnv = null }).AskAsync(Given.Request());
        Assert.DoesNotContain("Authorization", http.Headers.Keys);
    }

    [Theory]
    [InlineData("sk-1234567890abcdefXY")]
    [InlineData("short-key")]
    public void A_preview_shows_nothing_of_the_key(string key) =>
        Assert.Equal("Bearer ***", Given.Client(new ScriptedHttp(), key: key).Preview(Given.Request()).Headers.Single(h => h.Key == "Authorization").Value);

    private static string Refusal(string refused, string wanted) =>
        $$$"""{"error":{"message":"Unsupported parameter: '{{{refused}}}' is not supported with this model. Use '{{{wanted}}}' instead.","type":"invalid_request_error","param":"{{{refused}}}","code":"unsupported_parameter"}}""";

    private static string Limit(string sent) => JsonNode.Parse(sent)!.AsObject().Last().Key;

    private static async Task<JsonObject> SentAs(StructuredOutput form)
    {
        var http = new ScriptedHttp().Reply(200, Ok);
        await Given.Client(http).AskAsync(Given.Request(form));
        return JsonNode.Parse(http.Sent[0])!.AsObject();
    }
}
