#region types
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Guide;

/// <summary>A row: its public properties are the fields the model sees.</summary>
public sealed record Track(string Title, string Artist, int? Year);

/// <summary>How much a song moves.</summary>
public enum Drive
{
    [JsonStringEnumMemberName("Very Low")]
    VeryLow,
    Low,
    Medium,
    High,
    [JsonStringEnumMemberName("Very High")]
    VeryHigh,
}

/// <summary>An answer: its JSON Schema is derived from this type.</summary>
/// <param name="Drive">From still to relentless, as a listener feels it.</param>
/// <param name="Tags">Up to three styles.</param>
/// <param name="Why">Why, in one sentence.</param>
public sealed record Verdict(
    Drive Drive,
    [Length(1, 3)] IReadOnlyList<string> Tags,
    [StringLength(300)] string? Why);
#endregion
