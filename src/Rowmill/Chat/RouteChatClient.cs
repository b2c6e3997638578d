using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using Rowmill.Core.Models;

namespace Rowmill.Chat;

/// <summary>Sends one request by a route, metered.</summary>
internal delegate Task<ModelResult> RouteCall(Route route, ModelRequest request, CancellationToken cancellationToken);

/// <summary>A route as a chat client. Whom the model refuses a form of structured output, it asks in the next lesser one; the rest is the meter's.</summary>
/// <param name="route">The route.</param>
/// <param name="call">Sends a request.</param>
internal sealed class RouteChatClient(Route route, RouteCall call) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new(route.Provider, new Uri(route.BaseUrl, UriKind.RelativeOrAbsolute), route.Model);
    private volatile int _bestForm = (int)StructuredOutput.StrictSchema;

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var request = ChatRequests.Of(route, messages, options);
        var form = (StructuredOutput)Math.Max((int)request.Form, request.Form == StructuredOutput.Text ? 0 : _bestForm);
        while (true)
        {
            var result = await call(route, ChatRequests.In(form, request), cancellationToken).ConfigureAwait(false);
            if (result.Reply is { } reply) return Response(reply, result.RequestId);
            var failure = result.Failure!;
            if (failure.Kind == FailureKind.FormRefused && form < StructuredOutput.Text) _bestForm = (int)++form;
            else throw new ModelCallException(failure);
        }
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var response = await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        foreach (var update in response.ToChatResponseUpdates()) yield return update;
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    public void Dispose()
    {
        // The connections are the process's.
    }

    private ChatResponse Response(ModelReply reply, string? requestId)
    {
        var message = new ChatMessage(ChatRole.Assistant, Encoding.UTF8.GetString(reply.Text.Span));
        if (reply.Ending == ReplyEnding.Refused) message.Contents.Add(new ErrorContent(reply.Refusal ?? "the model refused") { ErrorCode = "Refusal" });
        return new ChatResponse(message)
        {
            ResponseId = requestId,
            ModelId = route.Model,
            FinishReason = reply.Ending switch
            {
                ReplyEnding.Truncated => ChatFinishReason.Length,
                ReplyEnding.Filtered => ChatFinishReason.ContentFilter,
                _ => ChatFinishReason.Stop,
            },
            Usage = reply.Usage is not { } usage ? null : new UsageDetails
            {
                InputTokenCount = usage.Input,
                CachedInputTokenCount = usage.CachedInput,
                OutputTokenCount = usage.Output,
                ReasoningTokenCount = usage.Reasoning,
                TotalTokenCount = usage.Input + usage.Output,
            },
        };
    }
}
