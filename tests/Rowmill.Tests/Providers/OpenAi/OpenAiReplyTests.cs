using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

public sealed class OpenAiReplyTests
{
    [Fact]
    public async Task OpenAis_reply_is_read()
    {
        var http = new ScriptedHttp().Reply(200,
            """
            { "id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"gpt-x-2026-01-01",
              "choices":[{"index":0,"finish_reason":"stop","logprobs":null,
                 "message":{"role":"assistant","content":"{\"label\":\"a\",\"score\":null}","refusal":null,"annotations":[]}}],
              "usage":{"prompt_tokens":120,"completion_tokens":14,"total_tokens":134,
                 "prompt_tokens_details":{"cached_tokens":64,"audio_tokens":0,"cache_write_tokens":0},
                 "completion_tokens_details":{"reasoning_tokens":9,"audio_tokens":0}},
              "service_tier":"default","system_fingerprint":"fp_x" }
            """, ("x-request-id", "req_7"));
        var result = await Given.Client(http).AskAsync(Given.Request());
        Assert.Equal("""{"label":"a","score":null}""", Given.Utf8(result.Reply!.Text));
        Assert.Equal(ReplyEnding.Complete, result.Reply.Ending);
        Assert.Equal(new TokenUsage(120, 64, 14) { Reasoning = 9 }, result.Reply.Usage);
        Assert.Equal("req_7", result.RequestId);
    }

    [Fact]
    public async Task Groqs_reply_is_read()
    {
        var http = new ScriptedHttp().Reply(200,
            """{"id":"chatcmpl-2","choices":[{"index":0,"message":{"role":"assistant","content":"{}","reasoning":"hm {\"content\":\"no\"}"},"finish_reason":"stop"}],"usage":{"queue_time":0.1,"prompt_tokens":50,"prompt_time":0.002,"completion_tokens":5,"completion_time":0.01,"total_tokens":55,"total_time":0.012,"prompt_tokens_details":{"cached_tokens":32}},"x_groq":{"id":"req_01","usage":{"prompt_tokens":999}}}""");
        var result = await Given.Client(http, Given.Route("groq")).AskAsync(Given.Request());
        Assert.Equal("{}", Given.Utf8(result.Reply!.Text));
        Assert.Equal(new TokenUsage(50, 32, 5), result.Reply.Usage);
        Assert.Equal("chatcmpl-2", result.RequestId);
    }

    [Theory]
    [InlineData("stop", ReplyEnding.Complete)]
    [InlineData("length", ReplyEnding.Truncated)]
    [InlineData("content_filter", ReplyEnding.Filtered)]
    [InlineData("tool_calls", ReplyEnding.Complete)]
    public async Task The_finish_reason_tells_the_ending(string reason, ReplyEnding ending) =>
        Assert.Equal(ending, (await Given.Reply($$$"""{"choices":[{"finish_reason":"{{{reason}}}","message":{"content":"x"}}]}""")).Ending);

    [Fact]
    public async Task A_thinking_model_that_ran_out_before_it_wrote_is_truncated_and_not_complete()
    {
        var reply = await Given.Reply("""{"choices":[{"message":{"content":""},"finish_reason":"length"}],"usage":{"prompt_tokens":9,"completion_tokens":800}}""");
        Assert.True(reply.Text.IsEmpty);
        Assert.Equal(ReplyEnding.Truncated, reply.Ending);
        Assert.Equal(800, reply.Usage?.Output);
    }

    [Fact]
    public async Task A_refusal_is_told_as_such()
    {
        var reply = await Given.Reply("""{"choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"I can’t."}}]}""");
        Assert.Equal(ReplyEnding.Refused, reply.Ending);
        Assert.Equal("I can’t.", reply.Refusal);
        Assert.True(reply.Text.IsEmpty);
    }

    [Theory]
    [InlineData("""{"choices":[{"message":{"content":null}}]}""", "")]
    [InlineData("""{"choices":[{"message":{"role":"assistant"}}]}""", "")]
    [InlineData("""{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"x","n":[1]},{"type":"text","text":"b\n"}]}}]}""", "ab\n")]
    [InlineData("""{"choices":[{"message":{"content":"first"}},{"message":{"content":"second"}}]}""", "first")]
    [InlineData("""{"choices":[{"message":{"content":"tail \ud83d"},"finish_reason":"length"}]}""", "tail \uFFFD")]
    [InlineData("""{"choices":[{"message":{"content":"\u0041\ud83d\ude00\n\t\"\\\/ \ude00"}}]}""", "A😀\n\t\"\\/ \uFFFD")]
    [InlineData("\uFEFF  {\"choices\":[{\"message\":{\"content\":\"bom\"}}]}\n", "bom")]
    public async Task Every_form_of_content_is_read(string body, string text) => Assert.Equal(text, Given.Utf8((await Given.Reply(body)).Text));

    [Theory]
    [InlineData("")]
    [InlineData(",\"usage\":null")]
    [InlineData(",\"usage\":{}")]
    [InlineData(",\"usage\":[1]")]
    public async Task Missing_usage_is_unknown_and_not_zero(string usage) =>
        Assert.Null((await Given.Reply($$$"""{"choices":[{"message":{"content":"x"}}]{{{usage}}}}""")).Usage);

    [Fact]
    public async Task Half_of_the_usage_counts()
    {
        var reply = await Given.Reply("""{"usage":{"prompt_tokens":7,"prompt_tokens_details":null},"choices":[{"message":{"content":"x"}}]}""");
        Assert.Equal(new TokenUsage(7, 0, 0), reply.Usage);
    }

    [Theory]
    [InlineData("""{"prompt_tokens":1000000000,"completion_tokens":3}""")]
    [InlineData("""{"prompt_tokens":12,"completion_tokens":1601}""")]
    [InlineData("""{"prompt_tokens":-1,"completion_tokens":3}""")]
    [InlineData("""{"prompt_tokens":12,"completion_tokens":-3}""")]
    [InlineData("""{"prompt_tokens":12,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":-4}}""")]
    [InlineData("""{"prompt_tokens":1e30,"completion_tokens":3}""")]
    public async Task Usage_that_cannot_be_true_is_unknown(string usage)
    {
        var reply = await Given.Reply($$$"""{"choices":[{"message":{"content":"x"}}],"usage":{{{usage}}}}""");
        Assert.Null(reply.Usage);
        Assert.Equal("x", Given.Utf8(reply.Text));
    }

    // The context is 8192 tokens, the output limit 800.
    [Theory]
    [InlineData(8192, 1600, 1)]
    [InlineData(12, 5000, 10_000)]
    public async Task Usage_that_can_be_true_is_kept(int input, int output, int length)
    {
        var text = new string('x', length);
        var reply = await Given.Reply(
            $$$"""{"choices":[{"message":{"content":"{{{text}}}"}}],"usage":{"prompt_tokens":{{{input}}},"completion_tokens":{{{output}}}}}""");
        Assert.Equal(new TokenUsage(input, 0, output), reply.Usage);
    }

    [Fact]
    public async Task A_prompt_beyond_the_context_is_believed_while_the_request_is_as_long()
    {
        const string Body = """{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":20000,"completion_tokens":3}}""";
        var result = await Given.Client(new ScriptedHttp().Reply(200, Body)).AskAsync(Given.Request(user: new string('x', 20_000)));
        Assert.Equal(new TokenUsage(20_000, 0, 3), result.Reply!.Usage);
    }

    [Fact]
    public async Task An_empty_completion_whose_usage_cannot_be_true_was_billed_all_the_same() => Assert.True(
        (await Given.Failure(new ScriptedHttp().Reply(200, """{"choices":[],"usage":{"prompt_tokens":1000000000}}"""))).Billed);

    [Theory]
    [InlineData("""{"choices":[]}""")]
    [InlineData("""{"choices":null}""")]
    [InlineData("""{"choices":[null]}""")]
    [InlineData("""{"choices":[{"message":null}]}""")]
    [InlineData("""{"object":"list"}""")]
    [InlineData("<html><body>Welcome to the hotel network</body></html>")]
    [InlineData("""{"choices":[{"message":{"content":"x"}}]} trailing""")]
    public async Task What_is_not_a_completion_is_a_bad_reply_that_shows_itself(string body)
    {
        var failure = await Given.Failure(new ScriptedHttp().Reply(200, body));
        Assert.Equal(FailureKind.BadReply, failure.Kind);
        Assert.Equal(200, failure.HttpStatus);
        Assert.Contains(body, failure.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_completion_with_usage_was_billed() => Assert.True(
        (await Given.Failure(new ScriptedHttp().Reply(200, """{"choices":[],"usage":{"prompt_tokens":5}}"""))).Billed);

    [Fact]
    public async Task A_reply_beyond_32_MB_is_not_taken_in()
    {
        var http = new ScriptedHttp().Reply(200, new byte[(32 << 20) + 1]);
        var failure = await Given.Failure(http);
        Assert.Equal(FailureKind.BadReply, failure.Kind);
        Assert.Contains("32 MB", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"error":{"message":"Rate limit exceeded","code":429}}""", FailureKind.RateLimited)]
    [InlineData("""{"error":"llama runner: CUDA error: out of memory"}""", FailureKind.Unavailable)]
    [InlineData("""{"error":{"message":"something"}}""", FailureKind.BadReply)]
    public async Task An_error_sent_with_status_200_is_a_failure(string body, FailureKind kind) =>
        Assert.Equal(kind, (await Given.Failure(new ScriptedHttp().Reply(200, body))).Kind);
}
