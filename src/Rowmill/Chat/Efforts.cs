using Microsoft.Extensions.AI;

namespace Rowmill.Chat;

/// <summary>The words for how long a model thinks: the providers' and those of chat clients.</summary>
internal static class Efforts
{
    private static readonly (string Word, ReasoningEffort Effort)[] s_words =
    [
        ("none", ReasoningEffort.None),
        ("low", ReasoningEffort.Low),
        ("medium", ReasoningEffort.Medium),
        ("high", ReasoningEffort.High),
        ("xhigh", ReasoningEffort.ExtraHigh),
    ];

    /// <summary>What a provider's word means; null for one that chat clients have no value for.</summary>
    public static ReasoningEffort? Read(string word) => Array.FindIndex(s_words, w => w.Word == word) is >= 0 and var i ? s_words[i].Effort : null;

    /// <summary>The providers' word.</summary>
    public static string Word(ReasoningEffort effort) => Array.Find(s_words, w => w.Effort == effort).Word
        ?? throw new NotSupportedException($"There is no word for the reasoning effort {effort}.");
}
