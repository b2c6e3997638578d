using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Rowmill.Chat;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill.Tests.Package;

public sealed class RouteChatClientTests
{
    private readonly List<ModelRequest> _sent = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_route_answers_a_chat_over_the_wire()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = world.Rowmill.AsChatClient("groq/openai/gpt-oss-20b");

        var options = new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse(Simulator.SimulatorHarness.Wrapper)), MaxOutputTokens = 200 };
        var response = await chat.GetResponseAsync("""{"rows":[{"id":1,"title":"Adorn"}]}""", options, Token);

        Assert.Equal(1, JsonElement.Parse(response.Text).GetProperty("rows").GetArrayLength());
        Assert.True(response.Usage!.InputTokenCount > 0);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        var engine = await world.Rowmill.EngineAsync(Token);
        var call = await engine.Environment.Calls.ReadAsync(new CallQuery(RowmillService.CallsName), Token).SingleAsync(Token);
        Assert.Equal((CallState.Settled, response.Usage.InputTokenCount), (call.State, call.Settlement!.Usage.Input));
        Assert.InRange(call.Settlement.Usage.Input, 1, call.Intent.Reserved.Input);
        Assert.Equal("openai/gpt-oss-20b", chat.GetService<ChatClientMetadata>()!.DefaultModelId);
    }

    [Fact]
    public async Task Closing_the_service_gives_up_what_a_chat_waits_for()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = world.Rowmill.AsChatClient("groq/openai/gpt-oss-20b", change: r => r with { Limits = new RouteLimits { RequestsPerMinute = 1 } });
        await chat.GetResponseAsync("?", cancellationToken: Token);

        var waiting = chat.GetResponseAsync("?", cancellationToken: Token);
        await world.Rowmill.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        Assert.Equal(1, world.Server.Stats.Requests);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => chat.GetResponseAsync("?", cancellationToken: Token));
    }

    [Fact]
    public async Task A_conversation_becomes_one_request()
    {
        using var chat = Client(_ => Reply("Paris"));
        ChatMessage[] messages =
        [
            new(ChatRole.System, "Be brief."), new(ChatRole.User, "Hello"), new(ChatRole.Assistant, "Hi"), new(ChatRole.User, "The capital of France?"),
        ];

        var response = await chat.GetResponseAsync(
            messages, new ChatOptions { Instructions = "You know places.", Temperature = 0.2f, MaxOutputTokens = 50, Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High } }, Token);

        Assert.Equal("Paris", response.Text);
        var sent = Assert.Single(_sent);
        Assert.Equal(("You know places.\n\nBe brief.", "The capital of France?", StructuredOutput.Text, 50), (sent.System, Encoding.UTF8.GetString(sent.User.Span), sent.Form, sent.MaxOutputTokens));
        Assert.Equal([new ModelTurn(false, "Hello"), new ModelTurn(true, "Hi")], sent.Earlier);
        Assert.Equal((0.2, "high"), (sent.Sampling.Temperature, sent.Sampling.ReasoningEffort));
    }

    [Fact]
    public async Task A_stream_is_the_whole_reply_at_once()
    {
        using var chat = Client(_ => Reply("Paris"));

        Assert.Equal("Paris", (await chat.GetStreamingResponseAsync("?", cancellationToken: Token).ToChatResponseAsync(Token)).Text);
    }

    [Fact]
    public async Task A_refused_form_falls_back_step_by_step_and_is_remembered()
    {
        using var chat = Client(request => request.Form < StructuredOutput.JsonMode ? Fail(FailureKind.FormRefused) : Reply("{}"));
        var options = new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"type":"object"}""")) };

        await chat.GetResponseAsync("?", options, Token);
        await chat.GetResponseAsync("?", options, Token);

        Assert.Equal([StructuredOutput.StrictSchema, StructuredOutput.Schema, StructuredOutput.JsonMode, StructuredOutput.JsonMode], _sent.Select(r => r.Form));
        Assert.Contains("""{"type":"object"}""", _sent[2].System);
        Assert.Equal("", _sent[1].System);
    }

    [Fact]
    public async Task A_failure_is_an_exception_that_tells_its_kind_and_is_not_retried()
    {
        using var chat = Client(_ => Fail(FailureKind.RateLimited));

        var thrown = await Assert.ThrowsAsync<ModelCallException>(() => chat.GetResponseAsync("?", cancellationToken: Token));

        Assert.Equal((FailureKind.RateLimited, 1), (thrown.Failure.Kind, _sent.Count));
    }

    [Fact]
    public async Task A_refusal_is_told_as_chat_clients_tell_it()
    {
        using var chat = Client(_ => new ModelResult { Reply = new ModelReply(default, ReplyEnding.Refused, null) { Refusal = "I will not" } });

        var response = await chat.GetResponseAsync("?", cancellationToken: Token);

        Assert.Equal(("I will not", "Refusal"), response.Messages[0].Contents.OfType<ErrorContent>().Select(e => (e.Message, e.ErrorCode)).Single());
        Assert.Equal(ReplyEnding.Refused, ChatReplies.Of(response).Reply!.Ending);
    }

    [Fact]
    public async Task What_a_route_cannot_do_is_refused_before_anything_is_sent()
    {
        using var chat = Client(_ => Reply(""));
        ChatOptions[] options =
        [
            new() { Tools = [AIFunctionFactory.Create(() => 1)] }, new() { StopSequences = ["x"] }, new() { TopK = 1 }, new() { FrequencyPenalty = 1 },
            new() { PresencePenalty = 1 }, new() { ModelId = "another" }, new() { ConversationId = "c" },
        ];

        foreach (var option in options)
            await Assert.ThrowsAsync<NotSupportedException>(() => chat.GetResponseAsync("?", option, Token));
        await Assert.ThrowsAsync<NotSupportedException>(() => chat.GetResponseAsync(new ChatMessage(ChatRole.User, [new DataContent(new byte[1], "image/png")]), null, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => chat.GetResponseAsync(new ChatMessage(ChatRole.Assistant, "!"), null, Token));
        Assert.Empty(_sent);
    }

    private RouteChatClient Client(Func<ModelRequest, ModelResult> says) => new(Route.Of("groq/openai/gpt-oss-20b"), (_, request, _) =>
    {
        _sent.Add(request);
        return Task.FromResult(says(request));
    });

    private static ModelResult Reply(string text) => new() { Reply = new ModelReply(Encoding.UTF8.GetBytes(text), ReplyEnding.Complete, null) };

    private static ModelResult Fail(FailureKind kind) => new() { Failure = new ModelFailure(kind, "no") };
}
