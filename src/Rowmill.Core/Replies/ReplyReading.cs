using Rowmill.Core.Models;

namespace Rowmill.Core.Replies;

/// <summary>What a reply holds for one row of the pack.</summary>
internal enum RowReadingKind
{
    /// <summary>Nothing carries its id.</summary>
    Missing,

    /// <summary>A valid answer.</summary>
    Answered,

    /// <summary>The model said why it cannot answer.</summary>
    Abstained,

    /// <summary>An entry that is not a valid answer, or several that contradict each other.</summary>
    Invalid,
}

/// <summary>What a reply holds for one row of the pack.</summary>
/// <param name="Kind">What.</param>
/// <param name="Json">The stored form of the answer, or the reason of the abstention as a JSON string; empty otherwise.</param>
/// <param name="Error">Why it is not valid; null otherwise.</param>
internal readonly record struct RowReading(RowReadingKind Kind, ReadOnlyMemory<byte> Json, string? Error);

/// <summary>A reply joined to its pack by id.</summary>
/// <param name="Rows">One reading for each row, by position in the pack.</param>
/// <param name="Good">How many are answered or abstained.</param>
/// <param name="Problem">What is wrong with the reply as a whole; null when nothing is.</param>
internal sealed record ReplyReading(IReadOnlyList<RowReading> Rows, int Good, string? Problem)
{
    /// <summary>What was put right, and what was refused without being anybody's answer.</summary>
    public ReplyCounts Counts { get; init; }
}
