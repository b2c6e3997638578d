namespace Rowmill.Simulator.Protocol;

/// <summary>Why a model stopped.</summary>
internal enum Ending
{
    /// <summary>It had said all.</summary>
    Stop,

    /// <summary>The output limit was reached.</summary>
    Length,

    /// <summary>A filter stopped the text.</summary>
    Filtered,

    /// <summary>A filter stopped the prompt; the model saw nothing.</summary>
    Blocked,

    /// <summary>It did not want to, and the provider tells so apart from the text.</summary>
    Refused,
}

/// <summary>What a model said.</summary>
/// <param name="Text">UTF-8; null for nothing in the place of a text.</param>
/// <param name="Ending">Why it stopped.</param>
internal sealed record Completion(ReadOnlyMemory<byte>? Text, Ending Ending)
{
    /// <summary>The words of a refusal told apart; null for none.</summary>
    public string? Refusal { get; init; }

    /// <summary>What it thought before; null when it did not think.</summary>
    public string? Thoughts { get; init; }
}
