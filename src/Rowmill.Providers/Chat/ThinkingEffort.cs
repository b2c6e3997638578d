using Rowmill.Core.Models;

namespace Rowmill.Providers.Chat;

/// <summary><c>reasoning_effort</c> is OpenAI's word; this is what it means at services that have another.</summary>
internal static class ThinkingEffort
{
    /// <summary>No thinking.</summary>
    public const string None = "none";

    /// <summary>
    /// An effort in the words that have a meaning everywhere: none, minimal, low, medium, high. What is beyond high, as some OpenAI models
    /// have it, becomes high. What differs from the job's word is told.
    /// </summary>
    /// <returns>Null when the job gives none, or a word nobody knows.</returns>
    public static string? Of(string? effort, TemplateWriter body)
    {
        switch (effort)
        {
            case null or None or "minimal" or "low" or "medium" or "high":
                return effort;
            case "xhigh" or "max":
                body.Lose($"reasoning_effort {effort} is sent as high, the most there is");
                return "high";
            default:
                body.Lose($"reasoning_effort {effort} is not sent: known are none, minimal, low, medium and high");
                return null;
        }
    }

    /// <summary>
    /// An effort in tokens, by the table of Google's OpenAI-compatible endpoint (ai.google.dev/gemini-api/docs/openai, "Thinking"); at most
    /// half of the request's output limit, since thinking is taken from it and the answer needs the rest.
    /// </summary>
    public static long Tokens(string effort, ModelRequest request) => Math.Min(request.MaxOutputTokens / 2, effort switch
    {
        None => 0,
        "minimal" or "low" => 1024,
        "medium" => 8192,
        _ => 24576,
    });
}
