using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

public sealed class AnthropicReplyTests
{
    [Fact]
    public async Task A_reply_is_read_without_its_thinking()
    {
        var http = new ScriptedHttp().Reply(200,
            """
            {"id":"msg_1","type":"message","role":"assistant","model":"claude-x",
             "content":[{"type":"thinking","thinking":"{\"label\":\"b\"}","signature":"c2ln"},{"type":"redacted_thinking","data":"AAAA"},
               {"type":"text","text":"{\"label\":","citations":null},{"type":"text","text":"\"a\"}"}],
             "stop_reason":"end_turn","stop_sequence":null,
             "usage":{"input_tokens":20,"cache_creation_input_tokens":300,"cache_read_input_tokens":1800,
               "cache_creation":{"ephemeral_5m_input_tokens":300,"ephemeral_1h_input_tokens":0},"output_tokens":9,"service_tier":"standard"}}
            """, ("request-id", "req_7"));
        var result = await Given.Client(http, AnthropicClientTests.Route).AskAsync(Given.Request());
        Assert.Equal("""{"label":"a"}""", Given.Utf8(result.Reply!.Text));
        Assert.Equal((ReplyEnding.Complete, null), (result.Reply.Ending, result.Reply.Refusal));
        Assert.Equal(new TokenUsage(2120, 1800, 9) { CacheWrites = 300 }, result.Reply.Usage);
        Assert.Equal("req_7", result.RequestId);
    }

    [Fact]
    public async Task What_is_read_from_and_written_to_the_cache_has_prices_of_its_own()
    {
        var usage = (await AskAsync("""{"content":[],"usage":{"input_tokens":20,"cache_creation_input_tokens":300,"cache_read_input_tokens":1800,"output_tokens":9}}""")).Reply!.Usage;
        var price = new Price(3, 15) { CachedInput = 0.3m, CacheWrite = 3.75m };
        Assert.Equal((20 * 3 + 300 * 3.75m + 1800 * 0.3m + 9 * 15) / 1_000_000, price.Of(usage!.Value));
    }

    [Theory]
    [InlineData("""[{"type":"tool_use","id":"toolu_1","name":"answer","input":{"rows": [{"id":1,"t":"\u00e9 }"}]}}]""", """{"rows": [{"id":1,"t":"\u00e9 }"}]}""")]
    [InlineData("""[{"type":"text","text":""},{"type":"tool_use","name":"answer","input":{}}]""", "{}")]
    [InlineData("[]", "")]
    [InlineData("""[null,7,{"type":"server_tool_use","name":"x"}]""", "")]
    public async Task A_tools_input_is_the_text(string content, string text) =>
        Assert.Equal(text, Given.Utf8((await AskAsync($$$"""{"content":{{{content}}},"stop_reason":"tool_use"}""")).Reply!.Text));

    [Fact]
    public async Task A_tools_input_that_breaks_off_keeps_what_came()
    {
        var failure = (await AskAsync("""{"id":"msg_1","content":[{"type":"tool_use","name":"answer","input":{"rows":[{"id":1,"t":"a"},{"id":2,"t":"b""")).Failure!;
        Assert.Equal((FailureKind.ConnectionLost, true), (failure.Kind, failure.Billed));
        Assert.Equal("""{"rows":[{"id":1,"t":"a"},{"id":2,"t":"b"}]}""", Given.Utf8(failure.PartialText));
    }

    [Theory]
    [InlineData("end_turn", ReplyEnding.Complete)]
    [InlineData("stop_sequence", ReplyEnding.Complete)]
    [InlineData("tool_use", ReplyEnding.Complete)]
    [InlineData("pause_turn", ReplyEnding.Complete)]
    [InlineData("max_tokens", ReplyEnding.Truncated)]
    [InlineData("model_context_window_exceeded", ReplyEnding.Truncated)]
    [InlineData("refusal", ReplyEnding.Refused)]
    [InlineData("something_new", ReplyEnding.Complete)]
    public async Task The_stop_reason_tells_the_ending(string reason, ReplyEnding ending) => Assert.Equal(
        ending, (await AskAsync($$$"""{"content":[{"type":"text","text":"x"}],"stop_reason":"{{{reason}}}"}""")).Reply!.Ending);

    [Theory]
    [InlineData("""{"type":"refusal","category":"cyber","explanation":"Not this."}""", "cyber: Not this.")]
    [InlineData("""{"type":"refusal","category":null,"explanation":"Not this."}""", "Not this.")]
    [InlineData("""{"type":"refusal","category":"bio"}""", "bio")]
    [InlineData("null", "the model refused, without saying why")]
    public async Task A_refusal_says_why(string details, string refusal)
    {
        var reply = (await AskAsync($$$"""{"content":[],"stop_reason":"refusal","stop_details":{{{details}}}}""")).Reply!;
        Assert.Equal((ReplyEnding.Refused, refusal), (reply.Ending, reply.Refusal));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"input_tokens":-1,"output_tokens":3}""")]
    [InlineData("""{"input_tokens":5,"cache_read_input_tokens":-1,"output_tokens":3}""")]
    [InlineData("""{"input_tokens":5,"cache_creation_input_tokens":-1,"output_tokens":3}""")]
    [InlineData("""{"input_tokens":5,"cache_creation_input_tokens":9223372036854775807,"output_tokens":3}""")]
    public async Task Usage_that_cannot_be_true_is_unknown(string usage) =>
        Assert.Null((await AskAsync($$$"""{"content":[{"type":"text","text":"x"}],"usage":{{{usage}}}}""")).Reply!.Usage);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"type":"message","content":null}""")]
    [InlineData("""{"choices":[{"message":{"content":"x"}}]}""")]
    public async Task What_is_no_message_is_a_bad_reply(string body) => Assert.Equal(FailureKind.BadReply, (await AskAsync(body)).Failure?.Kind);

    [Fact]
    public async Task An_error_sent_with_status_200_is_a_failure() => Assert.Equal(
        FailureKind.Unavailable, (await AskAsync("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded","code":529}}""")).Failure?.Kind);

    private static async Task<ModelResult> AskAsync(string body) =>
        await Given.Client(new ScriptedHttp().Reply(200, body), AnthropicClientTests.Route).AskAsync(Given.Request());
}
