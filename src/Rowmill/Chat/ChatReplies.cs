using System.Text;
using Microsoft.Extensions.AI;
using Rowmill.Core.Models;

namespace Rowmill.Chat;

/// <summary>What a chat client's response means.</summary>
internal static class ChatReplies
{
    // The code that OpenAI's chat client gives a refusal.
    private const string RefusalCode = "Refusal";

    public static ModelResult Of(ChatResponse response)
    {
        var errors = response.Messages.SelectMany(m => m.Contents).OfType<ErrorContent>().ToList();
        var refusal = errors.Find(e => string.Equals(e.ErrorCode, RefusalCode, StringComparison.OrdinalIgnoreCase));
        var text = response.Text;
        // An error beside a text was not fatal.
        if (refusal is null && text.Length == 0 && errors.Count > 0)
        {
            return new ModelResult
            {
                Failure = new ModelFailure(FailureKind.Unavailable, ChatFailures.Line(errors[0].Message)) { Billed = response.Usage is not null },
                RequestId = response.ResponseId,
            };
        }

        return new ModelResult
        {
            Reply = new ModelReply(Encoding.UTF8.GetBytes(text), refusal is null ? Ending(response.FinishReason) : ReplyEnding.Refused, Usage(response.Usage))
            {
                Refusal = refusal?.Message,
            },
            RequestId = response.ResponseId,
        };
    }

    private static ReplyEnding Ending(ChatFinishReason? reason) =>
        reason == ChatFinishReason.Length ? ReplyEnding.Truncated
        : reason == ChatFinishReason.ContentFilter ? ReplyEnding.Filtered
        : ReplyEnding.Complete;

    /// <summary>Null when prompt or reply are not counted: half a count is none.</summary>
    private static TokenUsage? Usage(UsageDetails? usage)
    {
        if (usage is not { InputTokenCount: >= 0 and var input, OutputTokenCount: >= 0 and var output }) return null;
        return new TokenUsage(input, Math.Clamp(usage.CachedInputTokenCount ?? 0, 0, input), output)
        {
            Reasoning = Math.Clamp(usage.ReasoningTokenCount ?? 0, 0, output),
        };
    }
}
