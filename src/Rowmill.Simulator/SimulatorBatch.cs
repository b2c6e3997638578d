namespace Rowmill.Simulator;

/// <summary>One batch as the provider remembers it, deleted ones included.</summary>
public sealed record SimulatorBatch
{
    /// <summary>The provider's id.</summary>
    public required string Id { get; init; }

    /// <summary>The name it was created with: Gemini's <c>displayName</c>, elsewhere the first value of its metadata; null for none.</summary>
    public required string? Name { get; init; }

    /// <summary>The metadata it was created with.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>The first eight hex digits of the key's SHA-256; empty for none.</summary>
    public required string Key { get; init; }

    /// <summary>The model; empty when its file names none.</summary>
    public required string Model { get; init; }

    /// <summary><c>validating, in_progress, finalizing, completed, failed, expired, cancelling, cancelled</c>, whatever the provider calls it.</summary>
    public required string State { get; init; }

    /// <summary>Requests in it.</summary>
    public required int Requests { get; init; }

    /// <summary>Requests answered so far.</summary>
    public required int Succeeded { get; init; }

    /// <summary>Requests that failed so far.</summary>
    public required int Failed { get; init; }

    /// <summary>Requests whose time was up before their turn came.</summary>
    public required int Expired { get; init; }

    /// <summary>Requests cancelled before their turn came.</summary>
    public required int Cancelled { get; init; }

    /// <summary>Requests charged so far.</summary>
    public required int Billed { get; init; }

    /// <summary>Rows charged so far.</summary>
    public required long RowsBilled { get; init; }

    /// <summary>Prompt and reply tokens charged so far.</summary>
    public required long Tokens { get; init; }

    /// <summary>Prompt tokens it held of the limit on what waits.</summary>
    public required long EnqueuedTokens { get; init; }

    /// <summary>The SHA-256 of what was sent, 64 hex digits: the same file submitted twice has the same.</summary>
    public required string InputSha256 { get; init; }

    /// <summary>The custom id of its first request; empty when there is none.</summary>
    public required string FirstLine { get; init; }

    /// <summary>When it was created, by the simulator's clock.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}
