using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Rowmill.Chat;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Package;

public sealed class ChatModelClientTests
{
    private static readonly Route s_route = Route.Of("acme", "large", "client") with { Timeout = TimeSpan.FromSeconds(30) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_becomes_messages_and_options()
    {
        using var chat = Saying("{}");

        await Client(chat).AskAsync(
            Request(StructuredOutput.Schema) with
            {
                Earlier = [new ModelTurn(false, "hello"), new ModelTurn(true, "hi")],
                Sampling = new SamplingOptions { Temperature = 0.2, TopP = 0.9, Seed = 7, ReasoningEffort = "low" },
            },
            Token);

        var (messages, options) = Assert.Single(chat.Calls);
        Assert.Equal([("system", "Judge."), ("user", "hello"), ("assistant", "hi"), ("user", """{"rows":[]}""")], messages.Select(m => (m.Role.Value, m.Text)));
        Assert.Equal((100, 0.2f, 0.9f, 7L, ReasoningEffort.Low), (options!.MaxOutputTokens, options.Temperature, options.TopP, options.Seed, options.Reasoning!.Effort));
        Assert.Equal("""{"type":"object"}""", Assert.IsType<ChatResponseFormatJson>(options.ResponseFormat).Schema!.Value.GetRawText());
    }

    [Theory]
    [InlineData(StructuredOutput.JsonMode, true)]
    [InlineData(StructuredOutput.Text, false)]
    public async Task A_lesser_form_asks_for_JSON_or_for_nothing(StructuredOutput form, bool json)
    {
        using var chat = Saying("{}");

        await Client(chat).AskAsync(Request(form) with { Sampling = new SamplingOptions { ReasoningEffort = "minimal" } }, Token);

        var options = chat.Calls[0].Options!;
        Assert.Equal(json ? ChatResponseFormat.Json : null, options.ResponseFormat);
        Assert.Equal("minimal", options.AdditionalProperties!["reasoning_effort"]);
    }

    [Fact]
    public async Task A_response_brings_text_ending_and_usage()
    {
        using var chat = new ScriptedChat
        {
            Response = () => new ChatResponse(new ChatMessage(ChatRole.Assistant, [new TextReasoningContent("hm"), new TextContent("{"), new TextContent("}")]))
            {
                ResponseId = "r-1",
                FinishReason = ChatFinishReason.Length,
                Usage = new UsageDetails { InputTokenCount = 10, CachedInputTokenCount = 4, OutputTokenCount = 6, ReasoningTokenCount = 5 },
            },
        };

        var result = await Client(chat).AskAsync(Request(), Token);

        Assert.Equal(("{}", ReplyEnding.Truncated, "r-1"), (Encoding.UTF8.GetString(result.Reply!.Text.Span), result.Reply.Ending, result.RequestId));
        Assert.Equal(new TokenUsage(10, 4, 6) { Reasoning = 5 }, result.Reply.Usage);
    }

    [Fact]
    public async Task A_refusal_is_a_reply_and_half_a_count_is_none()
    {
        using var chat = new ScriptedChat
        {
            Response = () => new ChatResponse(new ChatMessage(ChatRole.Assistant, [new ErrorContent("I cannot") { ErrorCode = "Refusal" }]))
            {
                Usage = new UsageDetails { InputTokenCount = 10 },
            },
        };

        var reply = (await Client(chat).AskAsync(Request(), Token)).Reply!;

        Assert.Equal((ReplyEnding.Refused, "I cannot", null), (reply.Ending, reply.Refusal, reply.Usage));
    }

    [Fact]
    public async Task An_error_instead_of_a_text_is_a_failure()
    {
        using var chat = new ScriptedChat { Response = () => new ChatResponse(new ChatMessage(ChatRole.Assistant, [new ErrorContent("out of\norder")])) };

        Assert.Equal((FailureKind.Unavailable, "out of order"), Told(await Client(chat).AskAsync(Request(), Token)));
    }

    public static TheoryData<Exception, FailureKind, int?> Thrown => new()
    {
        { new HttpRequestException("x", null, HttpStatusCode.TooManyRequests), FailureKind.RateLimited, 429 },
        { new InvalidOperationException("HTTP 429 (requests: rate_limit_exceeded)\n\nPlease try again in 2.5s."), FailureKind.RateLimited, 429 },
        { new InvalidOperationException("You exceeded your current quota.\nStatus: 429 (Too Many Requests)\nErrorCode: insufficient_quota"), FailureKind.QuotaExhausted, 429 },
        { new InvalidOperationException("Status Code: Unauthorized"), FailureKind.KeyRefused, 401 },
        { new InvalidOperationException("outer", new HttpRequestException("x", null, HttpStatusCode.NotFound)), FailureKind.ModelRefused, 404 },
        { new InvalidOperationException("HTTP 400 (invalid_request_error: context_length_exceeded)"), FailureKind.TooLarge, 400 },
        { new InvalidOperationException("HTTP 400: 'response_format' of type json_schema is not supported with this model"), FailureKind.FormRefused, 400 },
        { new InvalidOperationException("HTTP 400 content_filter"), FailureKind.Filtered, 400 },
        { new InvalidOperationException("HTTP 422 no"), FailureKind.BadRequest, 422 },
        { new InvalidOperationException("HTTP 503"), FailureKind.Unavailable, 503 },
        { new TimeoutException("slow"), FailureKind.TimedOut, null },
        { new TaskCanceledException("its own timeout"), FailureKind.TimedOut, null },
        { new HttpRequestException("no such host"), FailureKind.ConnectionLost, null },
        { new InvalidOperationException("outer", new SocketException()), FailureKind.ConnectionLost, null },
        { new JsonException("torn"), FailureKind.BadReply, null },
        { new NotSupportedException("no schemas here"), FailureKind.FormRefused, null },
        { Wrong("that"), FailureKind.BadRequest, null },
        { new InvalidOperationException("who knows"), FailureKind.Unavailable, null },
    };

    [Theory]
    [MemberData(nameof(Thrown), DisableDiscoveryEnumeration = true)]
    public async Task Whatever_a_client_throws_is_a_failure_of_a_known_kind(Exception thrown, FailureKind kind, int? status)
    {
        using var chat = new ScriptedChat { Response = () => throw thrown };

        var failure = (await Client(chat).AskAsync(Request(), Token)).Failure!;

        Assert.Equal((kind, status), (failure.Kind, failure.HttpStatus));
        Assert.DoesNotContain('\n', failure.Message);
        if (thrown.Message.Contains("2.5s", StringComparison.Ordinal)) Assert.Equal(TimeSpan.FromSeconds(2.5), failure.RetryAfter);
    }

    [Fact]
    public async Task A_key_in_an_exception_is_told_to_nobody()
    {
        using var chat = new ScriptedChat { Response = () => throw new InvalidOperationException("HTTP 401 Incorrect API key provided: sk-proj-abcdefghijklmnop1234") };

        Assert.Equal((FailureKind.KeyRefused, "HTTP 401 Incorrect API key provided: …"), Told(await Client(chat).AskAsync(Request(), Token)));
    }

    [Fact]
    public async Task A_client_that_never_answers_times_out_and_the_callers_cancelling_is_thrown()
    {
        var clock = new VirtualClock();
        using var chat = Saying("{}");
        chat.Hold = new TaskCompletionSource().Task;
        var client = new ChatModelClient(s_route, chat, clock);
        await client.AskAsync(Request(), Token);

        var asking = client.AskAsync(Request(), Token).AsTask();
        await chat.Second;
        clock.Advance(s_route.Timeout);
        Assert.Equal(FailureKind.TimedOut, (await asking).Failure!.Kind);

        using var cancel = new CancellationTokenSource();
        var cancelled = client.AskAsync(Request(), cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
    }

    private static (FailureKind, string) Told(ModelResult result) => (result.Failure!.Kind, result.Failure.Message);

    private static ScriptedChat Saying(string text) => new() { Response = () => new ChatResponse(new ChatMessage(ChatRole.Assistant, text)) };

    private static ChatModelClient Client(ScriptedChat chat) => new(s_route, chat, new VirtualClock());

    private static ModelRequest Request(StructuredOutput form = StructuredOutput.Schema) => new()
    {
        System = "Judge.",
        User = """{"rows":[]}"""u8.ToArray(),
        ReplySchema = """{"type":"object"}"""u8.ToArray(),
        Form = form,
        MaxOutputTokens = 100,
        Sampling = new SamplingOptions(),
    };

    private static ArgumentException Wrong(string options) => new($"what is {options}?", nameof(options));
}
