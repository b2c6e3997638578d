using System.Text;
using Microsoft.Extensions.AI;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;

namespace Rowmill.Chat;

/// <summary>What a chat says, as one request to a route. What a route cannot do is refused, never left out in silence.</summary>
internal static class ChatRequests
{
    // About 3,000 words. What may be written is reserved in the windows, and a model's own most is more than most windows hold.
    private const int UsualReply = 4096;

    /// <summary>The request for a conversation that ends with the user's words.</summary>
    /// <exception cref="NotSupportedException">It asks for something besides text in and text out.</exception>
    public static ModelRequest Of(Route route, IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        Check(route, options);
        var system = new List<string>();
        if (options?.Instructions is { Length: > 0 } instructions) system.Add(instructions);
        var turns = new List<ModelTurn>();
        foreach (var message in messages)
        {
            if (message.Role == ChatRole.System) system.Add(Text(message));
            else if (message.Role == ChatRole.User || message.Role == ChatRole.Assistant) turns.Add(new ModelTurn(message.Role == ChatRole.Assistant, Text(message)));
            else throw new NotSupportedException($"A message of the role '{message.Role}' cannot be sent: a route takes system, user and assistant.");
        }

        if (turns is not [.., { IsModel: false } last]) throw new ArgumentException("The last message must be the user's.", nameof(messages));
        return new ModelRequest
        {
            System = string.Join("\n\n", system),
            User = Encoding.UTF8.GetBytes(last.Text),
            Earlier = turns[..^1],
            ReplySchema = options?.ResponseFormat is ChatResponseFormatJson { Schema: { } schema } ? Encoding.UTF8.GetBytes(schema.GetRawText()) : default,
            Form = options?.ResponseFormat switch
            {
                ChatResponseFormatJson { Schema: not null } => StructuredOutput.StrictSchema,
                ChatResponseFormatJson => StructuredOutput.JsonMode,
                _ => StructuredOutput.Text,
            },
            MaxOutputTokens = Math.Min(options?.MaxOutputTokens ?? UsualReply, route.MaxOutputTokens),
            Sampling = new SamplingOptions
            {
                Temperature = Short(options?.Temperature),
                TopP = Short(options?.TopP),
                Seed = options?.Seed,
                ReasoningEffort = options?.Reasoning?.Effort is { } effort ? Efforts.Word(effort) : null,
                MaxOutputTokens = options?.MaxOutputTokens,
            },
        };
    }

    /// <summary>The request in another form; where the service is not told the schema, the system message tells the model.</summary>
    public static ModelRequest In(StructuredOutput form, ModelRequest request) =>
        form is StructuredOutput.StrictSchema or StructuredOutput.Schema || request.ReplySchema.IsEmpty
            ? request with { Form = form }
            : request with
            {
                Form = form,
                System = $"{request.System}\nThe reply must be valid JSON under this JSON Schema:\n{Encoding.UTF8.GetString(request.ReplySchema.Span)}".TrimStart('\n'),
            };

    private static string Text(ChatMessage message) => message.Contents.FirstOrDefault(c => c is not (TextContent or TextReasoningContent)) is { } other
        ? throw new NotSupportedException($"{other.GetType().Name} cannot be sent: a route takes text only.")
        : message.Text;

    // 0.2f is 0.2 on the wire, not 0.20000000298.
    private static double? Short(float? number) => (double?)(decimal?)number;

    private static void Check(Route route, ChatOptions? options)
    {
        if (options is null) return;
        if (options.ModelId is { } model && model != route.Model) No($"ModelId '{model}': this client is {route.Name}");
        if (options.Tools is { Count: > 0 }) No("Tools");
        if (options.ConversationId is not null) No("ConversationId: a route keeps no conversation");
        if (options.StopSequences is { Count: > 0 }) No("StopSequences");
        if (options.TopK is not null) No("TopK");
        if (options.FrequencyPenalty is not null) No("FrequencyPenalty");
        if (options.PresencePenalty is not null) No("PresencePenalty");

        static void No(string what) => throw new NotSupportedException($"A route does not take {what}.");
    }
}
