namespace Rowmill.Core.Limits;

/// <summary>What a window counts.</summary>
public enum WindowMeasure
{
    /// <summary>Requests.</summary>
    Requests,

    /// <summary>Tokens, prompt and reply together.</summary>
    Tokens,

    /// <summary>Prompt tokens.</summary>
    InputTokens,

    /// <summary>Reply tokens.</summary>
    OutputTokens,
}

/// <summary>What a request takes from the windows, by what they count.</summary>
/// <param name="Requests">From windows of requests.</param>
/// <param name="Tokens">From windows of tokens.</param>
/// <param name="InputTokens">From windows of prompt tokens.</param>
/// <param name="OutputTokens">From windows of reply tokens.</param>
public readonly record struct Charge(long Requests, long Tokens, long InputTokens, long OutputTokens)
{
    /// <summary>The amount in windows of that measure.</summary>
    public long this[WindowMeasure measure] => measure switch
    {
        WindowMeasure.Requests => Requests,
        WindowMeasure.Tokens => Tokens,
        WindowMeasure.InputTokens => InputTokens,
        _ => OutputTokens,
    };

    /// <summary>The sum, measure by measure.</summary>
    public static Charge operator +(Charge a, Charge b) => new(
        a.Requests + b.Requests, a.Tokens + b.Tokens, a.InputTokens + b.InputTokens, a.OutputTokens + b.OutputTokens);

    /// <summary>The difference, measure by measure.</summary>
    public static Charge operator -(Charge a, Charge b) => new(
        a.Requests - b.Requests, a.Tokens - b.Tokens, a.InputTokens - b.InputTokens, a.OutputTokens - b.OutputTokens);
}
