using System.Text;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers.Ollama;

public sealed class OllamaReplyTests
{
    private static readonly Route s_route = Given.Route("ollama") with { ContextTokens = 32_768 };

    // About 15,000 tokens; never fewer than 7,300.
    private static readonly string s_rows = $$"""{"rows":[{{string.Join(",", Enumerable.Range(1, 1000).Select(i => $$"""{"id":{{i}},"title":"Song number {{i}} of a long list of them"}"""))}}]}""";

    [Fact]
    public async Task A_reply_is_read_with_its_counts()
    {
        var result = await AskAsync("""
            {"model":"m","created_at":"2026-10-01T00:00:00Z","message":{"role":"assistant","content":"{\"label\":\"a\"}"},"done":true,"done_reason":"stop",
             "total_duration":2254970291,"load_duration":574751416,"prompt_eval_count":34,"prompt_eval_duration":1,"eval_count":12,"eval_duration":1}
            """);
        Assert.Equal("""{"label":"a"}""", Given.Utf8(result.Reply!.Text));
        Assert.Equal((ReplyEnding.Complete, new TokenUsage(34, 0, 12)), (result.Reply.Ending, result.Reply.Usage));
        Assert.Equal(4096, result.ContextTokens);
    }

    [Fact]
    public async Task Thinking_is_no_part_of_the_answer()
    {
        var result = await AskAsync("""{"message":{"role":"assistant","thinking":"hm {\"content\":\"no\"}","content":"{}"},"done":true,"done_reason":"stop"}""");
        Assert.Equal("{}", Given.Utf8(result.Reply!.Text));
    }

    [Fact]
    public async Task A_model_that_only_thought_until_its_limit_is_truncated()
    {
        var result = await AskAsync("""{"message":{"role":"assistant","thinking":"hm","content":""},"done":true,"done_reason":"length","prompt_eval_count":34,"eval_count":800}""");
        Assert.True(result.Reply!.Text.IsEmpty);
        Assert.Equal(ReplyEnding.Truncated, result.Reply.Ending);
    }

    [Fact]
    public async Task A_stream_from_a_proxy_is_joined()
    {
        var result = await AskAsync("""
            {"message":{"role":"assistant","thinking":"hm","content":""},"done":false}
            {"message":{"role":"assistant","content":"{\"a\""},"done":false}
            {"message":{"role":"assistant","content":":\"é\"}"},"done":false}
            {"message":{"role":"assistant","content":""},"done":true,"done_reason":"length","prompt_eval_count":34,"eval_count":9}
            """);
        Assert.Equal("""{"a":"é"}""", Given.Utf8(result.Reply!.Text));
        Assert.Equal((ReplyEnding.Truncated, new TokenUsage(34, 0, 9)), (result.Reply.Ending, result.Reply.Usage));
    }

    [Theory]
    [InlineData("""{"error":"an error was encountered while running the model: unexpected EOF"}""", "unexpected EOF")]
    [InlineData("", "before it was done")]
    [InlineData("""{"message":{"role":"assist""", "before it was done")]
    public async Task A_stream_that_breaks_off_keeps_its_text_and_is_no_reply(string end, string why)
    {
        var result = await AskAsync($$"""
            {"message":{"role":"assistant","content":"{\"rows\":[{\"id\":1},"},"done":false}
            {"message":{"role":"assistant","content":"{\"id\""},"done":false}
            {{end}}
            """);
        Assert.Equal(FailureKind.ConnectionLost, result.Failure?.Kind);
        Assert.Contains(why, result.Failure!.Message, StringComparison.Ordinal);
        Assert.True(result.Failure.Billed);
        Assert.Equal("""{"rows":[{"id":1},{"id" """.TrimEnd(), Given.Utf8(result.Failure.PartialText));
    }

    [Theory]
    [InlineData("""{"error":"model requires more system memory (5.6 GiB) than is available (3.1 GiB)"}""", FailureKind.OutOfMemory)]
    [InlineData("""{"message":{"role":"assistant","content":""},"done":false}<>{"error":"something broke"}""", FailureKind.BadReply)]
    [InlineData("""{"message":{"role":"assistant","content":""},"done":false}<>{"error":"model 'm' not found"}""", FailureKind.BadReply)]
    [InlineData("""{"message":{"role":"assistant","content":""},"done":false}<>{"error":"llama-server reported out-of-memory"}""", FailureKind.OutOfMemory)]
    public async Task An_error_after_a_200_without_a_word_of_the_model_is_a_refusal(string body, FailureKind kind)
    {
        var failure = (await AskAsync(body.Replace("<>", "\n", StringComparison.Ordinal))).Failure!;
        Assert.Equal(kind, failure.Kind);
        Assert.DoesNotContain('{', failure.Message);
    }

    [Theory]
    [InlineData("load")]
    [InlineData("unload")]
    public async Task A_model_that_was_only_loaded_gave_no_reply(string reason)
    {
        var result = await AskAsync($$"""{"message":{"role":"assistant","content":""},"done":true,"done_reason":"{{reason}}"}""");
        Assert.Equal(FailureKind.Unavailable, result.Failure?.Kind);
    }

    [Fact]
    public async Task Absent_counts_are_unknown_and_not_zero()
    {
        var result = await AskAsync("""{"message":{"content":"{}"},"done":true,"done_reason":"stop","eval_count":5}""");
        Assert.True(result.Succeeded);
        Assert.Null(result.Reply.Usage);
    }

    [Theory]
    [InlineData(10_000, 2000, 16_384, false)]
    [InlineData(10_000, 6384, 16_384, false)] // full to the last token
    [InlineData(16_384, 0, 16_384, true)] // the prompt fills it
    [InlineData(12_000, 4500, 16_384, true)] // the reply pushed out the prompt's beginning
    public async Task A_context_that_ran_over_makes_no_reply_and_the_next_request_has_a_larger_one(int prompt, int reply, int context, bool isCut)
    {
        var http = new ScriptedHttp().Reply(200, Body(prompt, reply)).Reply(200, Body(20, 5));
        var client = Given.Client(http, s_route);
        var request = Given.Request(user: s_rows) with { InputTokens = 10_000, MaxOutputTokens = 6000 };
        var result = await client.AskAsync(request);
        Assert.Equal((context, !isCut), (result.ContextTokens, result.Succeeded));
        if (!isCut) return;
        Assert.Equal(FailureKind.ParameterRefused, result.Failure!.Kind);
        Assert.Contains("the prompt was cut", result.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(32_768, (await client.AskAsync(request)).ContextTokens);
    }

    [Fact]
    public async Task Where_no_larger_context_is_left_the_pack_is_too_large()
    {
        var result = await Given.Client(new ScriptedHttp().Reply(200, Body(8192, 300)), Given.Route("ollama"))
            .AskAsync(Given.Request(user: s_rows) with { InputTokens = 7000 });
        Assert.Equal(FailureKind.TooLarge, result.Failure?.Kind);
    }

    [Theory]
    [InlineData(15_000, true)]
    [InlineData(7500, true)] // as long as tokens ever are
    [InlineData(2048, false)] // a server that never took more
    [InlineData(4096, false)]
    public async Task A_count_far_below_what_the_rows_must_take_shows_that_they_were_cut(int prompt, bool isWhole)
    {
        var result = await Given.Client(new ScriptedHttp().Reply(200, Body(prompt, 50)), s_route).AskAsync(Given.Request(user: s_rows));
        Assert.Equal(isWhole ? null : FailureKind.TooLarge, result.Failure?.Kind);
        if (!isWhole) Assert.Contains($"counted {prompt} tokens", result.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_leaves_out_what_its_cache_held_is_not_doubted_and_not_measured()
    {
        var http = new ScriptedHttp().Reply(200, Body(12, 50)).Reply(200, Body(3000, 50)).Reply(200, Body(0, 50));
        var client = Given.Client(http, s_route);
        foreach (var _ in new int[3])
        {
            var result = await client.AskAsync(Given.Request(user: s_rows));
            Assert.True(result.Succeeded, result.Failure?.Message);
            Assert.Null(result.Reply.Usage);
        }
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("=")]
    [InlineData("\n")]
    [InlineData("字")]
    public async Task Long_runs_of_one_character_may_be_few_tokens(string character)
    {
        var user = $$"""{"rows":[{"id":1,"text":"{{string.Concat(Enumerable.Repeat(character, 60_000))}}"}]}""";
        Assert.True((await Given.Client(new ScriptedHttp().Reply(200, Body(1100, 50)), s_route).AskAsync(Given.Request(user: user))).Succeeded);
    }

    [Fact]
    public async Task A_prompt_refused_as_too_long_is_asked_again_with_more_context_as_long_as_there_is_more()
    {
        const string TooLong = """{"error":"the prompt is longer than the context length currently available to the model; shorten it"}""";
        var http = new ScriptedHttp().Reply(400, TooLong).Reply(400, TooLong).Reply(400, TooLong).Reply(400, TooLong);
        var client = Given.Client(http, s_route);
        var kinds = new List<FailureKind>();
        foreach (var _ in new int[4]) kinds.Add((await client.AskAsync(Given.Request())).Failure!.Kind);
        Assert.Equal([FailureKind.ParameterRefused, FailureKind.ParameterRefused, FailureKind.ParameterRefused, FailureKind.TooLarge], kinds);
        Assert.Equal([4096, 8192, 16_384, 32_768], http.Sent.Select(s => (int)System.Text.Json.Nodes.JsonNode.Parse(s)!["options"]!["num_ctx"]!));
    }

    private static string Body(int prompt, int reply) =>
        $$"""{"message":{"role":"assistant","content":"{}"},"done":true,"done_reason":"stop"{{(prompt == 0 ? "" : $",\"prompt_eval_count\":{prompt}")}},"eval_count":{{reply}}}""";

    private static ValueTask<ModelResult> AskAsync(string body) => Given.Client(new ScriptedHttp().Reply(200, Encoding.UTF8.GetBytes(body)), s_route).AskAsync(Given.Request());
}
