using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

public sealed class GeminiReplyTests
{
    [Fact]
    public async Task A_reply_is_read_without_its_thoughts()
    {
        var result = await AskAsync(
            """
            { "candidates":[{"index":0,"finishReason":"STOP",
                "content":{"role":"model","parts":[{"text":"Let me see: {\"label\":\"b\"}","thought":true},{"text":"{\"label\":"},{"text":"\"a\"}"},{"thoughtSignature":"c2ln"}]},
                "safetyRatings":[{"category":"HARM_CATEGORY_HARASSMENT","probability":"NEGLIGIBLE"}]}],
              "usageMetadata":{"promptTokenCount":31,"cachedContentTokenCount":8,"candidatesTokenCount":9,"thoughtsTokenCount":120,
                "toolUsePromptTokenCount":4,"totalTokenCount":164,"promptTokensDetails":[{"modality":"TEXT","tokenCount":31}]},
              "modelVersion":"gemini-x","responseId":"abc" }
            """);
        Assert.Equal("""{"label":"a"}""", Given.Utf8(result.Reply!.Text));
        Assert.Equal(ReplyEnding.Complete, result.Reply.Ending);
        Assert.Equal(new TokenUsage(35, 8, 129) { Reasoning = 120 }, result.Reply.Usage);
        Assert.Equal("abc", result.RequestId);
    }

    [Theory]
    [InlineData("STOP", ReplyEnding.Complete)]
    [InlineData("MAX_TOKENS", ReplyEnding.Truncated)]
    [InlineData("SAFETY", ReplyEnding.Filtered)]
    [InlineData("RECITATION", ReplyEnding.Filtered)]
    [InlineData("LANGUAGE", ReplyEnding.Filtered)]
    [InlineData("BLOCKLIST", ReplyEnding.Filtered)]
    [InlineData("PROHIBITED_CONTENT", ReplyEnding.Filtered)]
    [InlineData("SPII", ReplyEnding.Filtered)]
    [InlineData("IMAGE_SAFETY", ReplyEnding.Filtered)]
    [InlineData("OTHER", ReplyEnding.Complete)]
    [InlineData("MALFORMED_FUNCTION_CALL", ReplyEnding.Complete)]
    [InlineData("UNEXPECTED_TOOL_CALL", ReplyEnding.Complete)]
    [InlineData("SOMETHING_NEW", ReplyEnding.Complete)]
    public async Task The_finish_reason_tells_the_ending(string reason, ReplyEnding ending)
    {
        var reply = (await AskAsync($$$"""{"candidates":[{"finishReason":"{{{reason}}}","content":{"parts":[{"text":"x"}]}}]}""")).Reply!;
        Assert.Equal((ending, "x"), (reply.Ending, Given.Utf8(reply.Text)));
        reply = (await AskAsync($$$"""{"candidates":[{"index":0,"finishReason":"{{{reason}}}"}]}""")).Reply!;
        Assert.Equal((ending, true), (reply.Ending, reply.Text.IsEmpty));
    }

    [Theory]
    [InlineData("""{"role":"model"}""")]
    [InlineData("""{"role":"model","parts":[]}""")]
    [InlineData("""{"parts":[{"thoughtSignature":"c2ln"}]}""")]
    [InlineData("""{"parts":[{"thought":true,"text":"hm"}]}""")]
    [InlineData("""{"parts":[null,{"inlineData":{"mimeType":"image/png","data":"AA=="}}]}""")]
    public async Task A_model_that_thought_until_the_limit_is_truncated(string content)
    {
        var reply = (await AskAsync(
            $$$"""{"candidates":[{"content":{{{content}}},"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":9,"thoughtsTokenCount":800}}""")).Reply!;
        Assert.Equal((ReplyEnding.Truncated, true), (reply.Ending, reply.Text.IsEmpty));
        Assert.Equal(new TokenUsage(9, 0, 800) { Reasoning = 800 }, reply.Usage);
    }

    [Theory]
    [InlineData("""{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":9}}""", "PROHIBITED_CONTENT")]
    [InlineData("""{"candidates":[],"promptFeedback":{"safetyRatings":[],"blockReason":"SAFETY"}}""", "SAFETY")]
    public async Task A_blocked_prompt_is_filtered_and_says_why(string body, string reason)
    {
        var failure = (await AskAsync(body)).Failure!;
        Assert.Equal((FailureKind.Filtered, false), (failure.Kind, failure.Billed));
        Assert.EndsWith(": " + reason, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_counted_of_a_blocked_prompt_is_told()
    {
        var failure = (await AskAsync("""{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":9}}""")).Failure!;
        Assert.Equal(new TokenUsage(9, 0, 0), failure.Usage);
    }

    [Fact]
    public async Task Feedback_beside_an_answer_is_no_failure() =>
        Assert.True((await AskAsync("""{"promptFeedback":{"blockReason":"OTHER"},"candidates":[{"content":{"parts":[{"text":"x"}]}}]}""")).Succeeded);

    [Theory]
    [InlineData("""{"promptTokenCount":"31","candidatesTokenCount":"9"}""", 31, 9)]
    [InlineData("""{"promptTokenCount":31}""", 31, 0)]
    [InlineData("""{"candidatesTokenCount":9}""", 0, 9)]
    public async Task Zero_is_left_out_and_numbers_may_be_strings(string usage, int input, int output) =>
        Assert.Equal(new TokenUsage(input, 0, output), (await AskAsync(Usage(usage))).Reply!.Usage);

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"promptTokenCount":"many","candidatesTokenCount":9}""")]
    [InlineData("""{"promptTokenCount":-1,"toolUsePromptTokenCount":5}""")]
    [InlineData("""{"promptTokenCount":5,"candidatesTokenCount":5,"thoughtsTokenCount":-4}""")]
    [InlineData("""{"promptTokenCount":5,"candidatesTokenCount":9223372036854775807,"thoughtsTokenCount":9223372036854775807}""")]
    public async Task Usage_that_cannot_be_true_is_unknown(string usage) => Assert.Null((await AskAsync(Usage(usage))).Reply!.Usage);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"candidates":[null]}""")]
    [InlineData("""{"promptFeedback":{}}""")]
    [InlineData("""{"choices":[{"message":{"content":"x"}}]}""")]
    public async Task What_is_no_reply_of_Gemini_is_a_bad_one(string body) => Assert.Equal(FailureKind.BadReply, (await AskAsync(body)).Failure?.Kind);

    private static string Usage(string usage) => $$$"""{"candidates":[{"content":{"parts":[{"text":"x"}]}}],"usageMetadata":{{{usage}}}}""";

    private static async Task<ModelResult> AskAsync(string body) =>
        await Given.Client(new ScriptedHttp().Reply(200, body), GeminiClientTests.Route).AskAsync(Given.Request());
}
