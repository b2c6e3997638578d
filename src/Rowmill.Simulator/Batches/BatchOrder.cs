namespace Rowmill.Simulator.Batches;

/// <summary>What a batch is made of, once its lines have been read.</summary>
internal sealed record BatchOrder
{
    public required string Key { get; init; }

    public required BatchForm Form { get; init; }

    /// <summary>Before its number in the id of the batch.</summary>
    public required string IdPrefix { get; init; }

    public required BatchInput Input { get; init; }

    /// <summary>The name it is to be found by; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>In the order in which it was sent.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; init; } = [];

    /// <summary>The file it was read from; empty where the requests came with it.</summary>
    public string InputFile { get; init; } = "";

    public string Endpoint { get; init; } = "";

    /// <summary>OpenAI's completion window as it was written.</summary>
    public string Window { get; init; } = "";

    /// <summary>When it is given up, unless the options say otherwise.</summary>
    public required TimeSpan ExpiresAfter { get; init; }

    /// <summary>How long results are kept after the end; null for the provider's own time.</summary>
    public TimeSpan? KeepsOutput { get; init; }

    /// <summary>Where it stands in the provider's queue, as it was written; null for nothing.</summary>
    public long? Priority { get; init; }
}

/// <summary>The requests of a batch: where each stands, and what was found on a first look.</summary>
/// <param name="Body">The bytes.</param>
/// <param name="Lines">The place of each request in them.</param>
/// <param name="Model">The model; empty when no line names one.</param>
/// <param name="PromptTokens">Of all requests.</param>
/// <param name="FirstLine">The id of the first.</param>
/// <param name="Flaws">Why the batch cannot be done.</param>
internal sealed record BatchInput(
    FileBody Body, IReadOnlyList<(long Offset, int Length)> Lines, string Model, long PromptTokens, string FirstLine, IReadOnlyList<BatchFlaw> Flaws);
