namespace Rowmill.Core.Models;

/// <summary>The rows of a pack that a run settled on, for rows of one length.</summary>
/// <param name="RowTokens">The least estimated tokens of the fields of such rows: 0, or a power of four.</param>
/// <param name="Rows">Rows of a pack.</param>
public readonly record struct LearnedPackSize(int RowTokens, int Rows)
{
    /// <summary>False when this cannot be what a run settled on (a damaged store).</summary>
    public bool IsSound => RowTokens >= 0 && Rows is >= 1 and <= 1 << 20;
}
