namespace Rowmill.Simulator.Protocol;

/// <summary>A request for vectors that has passed every check of form.</summary>
/// <param name="Model">The model.</param>
/// <param name="Inputs">What is to be embedded; tokens, where they were sent in the place of text, in decimal.</param>
/// <param name="Tokens">Of each input.</param>
internal sealed record EmbedRequest(string Model, IReadOnlyList<string> Inputs, IReadOnlyList<int> Tokens)
{
    /// <summary>How long a vector is wanted; null for the model's own length.</summary>
    public int? Dimensions { get; init; }

    /// <summary>True for vectors in base64, as little-endian numbers of four bytes.</summary>
    public bool Base64 { get; init; }

    public int AllTokens => (int)Math.Min(int.MaxValue, Tokens.Sum(t => (long)t));
}

/// <summary>One vector, and the place of its input.</summary>
internal readonly record struct Embedded(int Index, float[] Vector);
