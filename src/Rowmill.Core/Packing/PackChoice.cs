namespace Rowmill.Core.Packing;

/// <summary>The size of packs changed, for rows of one length.</summary>
/// <param name="Rows">Rows of a pack from now on.</param>
/// <param name="Was">What it was when this was told last; null at first.</param>
/// <param name="RowTokens">The rows' length, as <see cref="RowLength.Name"/> says it.</param>
/// <param name="Reason">Why.</param>
internal sealed record PackChoice(int Rows, int? Was, string RowTokens, string Reason);
