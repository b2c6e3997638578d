namespace Rowmill.Core.Models;

/// <summary>Port: texts to vectors over one service's wire. Safe for concurrent use; it never retries and never waits for a limit.</summary>
public interface IEmbeddingClient
{
    /// <summary>What one request may hold.</summary>
    EmbeddingLimits Limits { get; }

    /// <summary>Sends one request and reads the whole reply.</summary>
    /// <returns>A vector for each text, in the texts' order, or the failure as a value. Only the caller's cancellation is thrown.</returns>
    ValueTask<EmbeddingResult> EmbedAsync(EmbeddingRequest request, CancellationToken cancellationToken = default);
}

/// <summary>What one request for vectors may hold; null where the service tells no bound.</summary>
/// <param name="Texts">The most texts.</param>
/// <param name="TextTokens">The most tokens of one text, as the service counts them.</param>
/// <param name="RequestTokens">The most tokens of all texts together.</param>
public sealed record EmbeddingLimits(int? Texts, int? TextTokens, int? RequestTokens);

/// <summary>Texts to be made into vectors.</summary>
/// <param name="Texts">The texts; none may be empty.</param>
public sealed record EmbeddingRequest(IReadOnlyList<string> Texts)
{
    /// <summary>How many numbers a vector shall have; null for the model's own.</summary>
    public int? Dimensions { get; init; }

    /// <summary>What the vectors are for, in the service's words, such as <c>RETRIEVAL_DOCUMENT</c> (Gemini); null for nothing.</summary>
    public string? TaskType { get; init; }
}

/// <summary>What came of one request: vectors or a failure, never both.</summary>
public sealed record EmbeddingResult
{
    /// <summary>A vector for each text, in the texts' order, all of one length; null when there is a failure.</summary>
    public IReadOnlyList<ReadOnlyMemory<float>>? Vectors { get; init; }

    /// <summary>The failure, otherwise.</summary>
    public ModelFailure? Failure { get; init; }

    /// <summary>Tokens as the service counted them; null when it did not say.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>The service's own id of the request, when it gave one.</summary>
    public string? RequestId { get; init; }

    /// <summary>What the service said of its windows.</summary>
    public IReadOnlyList<LimitReading> Limits { get; init; } = [];
}
