using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using Rowmill.Core.Models;

namespace Rowmill.Chat;

/// <summary>Any chat client as the client of a route: system and user message in, text and usage out.</summary>
/// <param name="route">The route it serves.</param>
/// <param name="client">The caller's client; not disposed.</param>
/// <param name="clock">The clock of the timeout.</param>
internal sealed class ChatModelClient(Route route, IChatClient client, TimeProvider clock) : IModelClient
{
    private const string SchemaName = "rows";

    // A timer takes no more (49.7 days).
    private static readonly TimeSpan s_longestTimeout = TimeSpan.FromMilliseconds(uint.MaxValue - 1.0);

    private static readonly JsonSerializerOptions s_shown = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether the decoder is held to the schema is the client's to know; the answer is checked in any case.</summary>
    public StructuredOutput StructuredOutput => StructuredOutput.Schema;

    public async ValueTask<ModelResult> AskAsync(ModelRequest request, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var deadline = new CancellationTokenSource(route.Timeout > s_longestTimeout ? s_longestTimeout : route.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            // A client that does not heed the token is left behind.
            var response = await client.GetResponseAsync(Messages(request), Options(request), either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            return ChatReplies.Of(response);
        }
        catch (Exception e)
        {
            // A client may throw anything; what it means is a value here, with the exception's own words.
            cancellationToken.ThrowIfCancellationRequested();
            return new ModelResult
            {
                Failure = deadline.IsCancellationRequested
                    ? new ModelFailure(FailureKind.TimedOut, $"no reply from {route.Name} within {route.Timeout.TotalSeconds:0.###} s")
                    : ChatFailures.Of(e, request.Form),
            };
        }
    }

    public RequestPreview Preview(ModelRequest request)
    {
        var options = Options(request);
        var body = new JsonObject
        {
            ["messages"] = new JsonArray([.. Messages(request).Select(m => (JsonNode)new JsonObject { ["role"] = m.Role.Value, ["text"] = m.Text })]),
            ["response_format"] = options.ResponseFormat switch
            {
                ChatResponseFormatJson { Schema: { } schema } => JsonNode.Parse(schema.GetRawText()),
                ChatResponseFormatJson => "json",
                _ => "text",
            },
            ["max_output_tokens"] = options.MaxOutputTokens,
            ["temperature"] = options.Temperature,
            ["top_p"] = options.TopP,
            ["seed"] = options.Seed,
            ["reasoning_effort"] = request.Sampling.ReasoningEffort,
        };
        foreach (var name in body.Where(p => p.Value is null).Select(p => p.Key).ToList()) body.Remove(name);
        return new RequestPreview("IChatClient", route.Id, [], body.ToJsonString(s_shown));
    }

    public IReadOnlyList<string> Losses(ModelRequest request) => [];

    private static List<ChatMessage> Messages(ModelRequest request) =>
    [
        .. request.System.Length == 0 ? Array.Empty<ChatMessage>() : [new ChatMessage(ChatRole.System, request.System)],
        .. request.Earlier.Select(turn => new ChatMessage(turn.IsModel ? ChatRole.Assistant : ChatRole.User, turn.Text)),
        new ChatMessage(ChatRole.User, Encoding.UTF8.GetString(request.User.Span)),
    ];

    private static ChatOptions Options(ModelRequest request)
    {
        var options = new ChatOptions
        {
            MaxOutputTokens = request.MaxOutputTokens,
            Temperature = (float?)request.Sampling.Temperature,
            TopP = (float?)request.Sampling.TopP,
            Seed = request.Sampling.Seed,
            ResponseFormat = request.Form switch
            {
                StructuredOutput.StrictSchema or StructuredOutput.Schema => ChatResponseFormat.ForJsonSchema(JsonElement.Parse(request.ReplySchema.Span), SchemaName),
                StructuredOutput.JsonMode => ChatResponseFormat.Json,
                _ => null,
            },
        };
        if (request.Sampling.ReasoningEffort is not { } effort) return options;
        if (Efforts.Read(effort) is { } known) options.Reasoning = new ReasoningOptions { Effort = known };
        else options.AdditionalProperties = new AdditionalPropertiesDictionary { ["reasoning_effort"] = effort };
        return options;
    }
}
