namespace Rowmill.Simulator;

/// <summary>What one key has taken of one model, by the server's own account.</summary>
public sealed record AccountStats
{
    /// <summary>The first eight hex digits of the key's SHA-256; empty for requests without a key.</summary>
    public required string Key { get; init; }

    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>Requests that the limits let in.</summary>
    public required long Admitted { get; init; }

    /// <summary>Requests refused until later, by the limit that refused: <c>requests_per_minute</c>, …</summary>
    public required IReadOnlyDictionary<string, long> Refused { get; init; }

    /// <summary>Requests larger than the limit itself, by that limit.</summary>
    public required IReadOnlyDictionary<string, long> TooLarge { get; init; }

    /// <summary>Tokens that counted towards the limits in the end; cached ones do not where they are free.</summary>
    public required long TokensCounted { get; init; }

    /// <summary>Prompt tokens charged, cached ones included.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Cached prompt tokens charged.</summary>
    public required long CachedTokens { get; init; }

    /// <summary>Reply tokens charged.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>When the first request was let in; null before.</summary>
    public required DateTimeOffset? FirstAdmittedAt { get; init; }

    /// <summary>When the last request was let in.</summary>
    public required DateTimeOffset? LastAdmittedAt { get; init; }

    /// <summary>When the last request that is charged for ended.</summary>
    public required DateTimeOffset? LastReplyAt { get; init; }
}
