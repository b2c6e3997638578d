using Rowmill.Core.Models;

namespace Rowmill.Simulator.Limits;

/// <summary>Which limit a bucket stands for.</summary>
internal enum Dimension
{
    RequestsPerMinute,
    TokensPerMinute,
    InputTokensPerMinute,
    OutputTokensPerMinute,
    RequestsPerDay,
    TokensPerDay,
}

/// <summary>The names of the limits.</summary>
internal static class Dimensions
{
    /// <summary>How many there are.</summary>
    public const int Count = 6;

    /// <summary>The job file's key, by which statistics tell it.</summary>
    public static string Key(Dimension dimension) => dimension switch
    {
        Dimension.RequestsPerMinute => LimitNames.RequestsPerMinute,
        Dimension.TokensPerMinute => LimitNames.TokensPerMinute,
        Dimension.InputTokensPerMinute => LimitNames.InputTokensPerMinute,
        Dimension.OutputTokensPerMinute => LimitNames.OutputTokensPerMinute,
        Dimension.RequestsPerDay => LimitNames.RequestsPerDay,
        _ => LimitNames.TokensPerDay,
    };

    /// <summary>How a refusal names it; OpenAI writes <c>min</c>, Groq <c>minute</c>.</summary>
    public static string Words(Dimension dimension, string minute) => dimension switch
    {
        Dimension.RequestsPerMinute => $"requests per {minute} (RPM)",
        Dimension.TokensPerMinute => $"tokens per {minute} (TPM)",
        Dimension.InputTokensPerMinute => $"input tokens per {minute} (ITPM)",
        Dimension.OutputTokensPerMinute => $"output tokens per {minute} (OTPM)",
        Dimension.RequestsPerDay => "requests per day (RPD)",
        _ => "tokens per day (TPD)",
    };
}

/// <summary>What one request takes of the limits.</summary>
/// <param name="Tokens">Of the limits on all tokens.</param>
/// <param name="Input">Prompt tokens.</param>
/// <param name="Output">Reply tokens.</param>
internal readonly record struct Claim(long Tokens, long Input, long Output)
{
    public long Of(Dimension dimension) => dimension switch
    {
        Dimension.RequestsPerMinute or Dimension.RequestsPerDay => 1,
        Dimension.InputTokensPerMinute => Input,
        Dimension.OutputTokensPerMinute => Output,
        _ => Tokens,
    };
}
