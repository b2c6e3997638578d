namespace Rowmill.Core.Questions;

/// <summary>The job's <c>options</c>; null where the job is silent, and then nothing is sent.</summary>
public sealed record SamplingOptions
{
    /// <summary>0 to 2.</summary>
    public double? Temperature { get; init; }

    /// <summary>0 to 1.</summary>
    public double? TopP { get; init; }

    /// <summary>Best-effort repeatability.</summary>
    public long? Seed { get; init; }

    /// <summary>Such as <c>low</c>; the words are the provider's.</summary>
    public string? ReasoningEffort { get; init; }

    /// <summary>The most tokens a reply may take; null to reserve by the schema.</summary>
    public int? MaxOutputTokens { get; init; }
}
