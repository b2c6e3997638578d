namespace Rowmill.Core.Models;

/// <summary>What was put right in a reply, and what was refused of it without being anybody's answer.</summary>
/// <param name="Labels">Labels that differed from an allowed one only by case, space or hyphen, or were listed aliases, and were mapped to it.</param>
/// <param name="Values">Values of another JSON type that could mean only one thing, such as "3" where a number is asked.</param>
/// <param name="Extras">Properties that the schema does not know, dropped.</param>
/// <param name="Duplicates">Further entries for a row that was answered already, equal ones included.</param>
/// <param name="Foreign">Entries with an id that was not asked.</param>
/// <param name="WithoutId">Entries without a usable id.</param>
public readonly record struct ReplyCounts(int Labels, int Values, int Extras, int Duplicates, int Foreign, int WithoutId)
{
    /// <summary>Both together.</summary>
    public static ReplyCounts operator +(ReplyCounts a, ReplyCounts b) => new(
        a.Labels + b.Labels, a.Values + b.Values, a.Extras + b.Extras, a.Duplicates + b.Duplicates, a.Foreign + b.Foreign, a.WithoutId + b.WithoutId);
}
