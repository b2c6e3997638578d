using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>What becomes of the rows of a pack that a request left without a valid answer.</summary>
/// <param name="Again">Packs to ask.</param>
/// <param name="Failed">Rows that ended as failed.</param>
internal sealed record LadderStep(IReadOnlyList<Pack> Again, IReadOnlyList<Ask> Failed);

/// <summary>
/// The bounded way from a request to an end for every row: what is good is kept; the rest is asked again together; a pack that
/// brings nothing twice is split in halves, down to single rows; a row alone gets a few tries, then it is failed with its last
/// reason. Limits and outages never climb it.
/// </summary>
internal static class Ladder
{
    /// <summary>Requests a row alone gets.</summary>
    public const int TriesAlone = 3;

    /// <summary>The next step.</summary>
    /// <param name="asked">The pack that was asked.</param>
    /// <param name="rest">Its rows without a valid answer, at least one, each with its last failure set.</param>
    /// <param name="splitNow">True when asking the same again is pointless: it was too large or cut short.</param>
    /// <param name="final">True when asking a row alone again is pointless: it was refused or filtered.</param>
    public static LadderStep Next(Pack asked, IReadOnlyList<Ask> rest, bool splitNow, bool final)
    {
        if (rest.Count < asked.Rows.Count) return new LadderStep([new Pack(rest) { Fruitless = rest.Count == 1 ? 1 : 0 }], []);
        var fruitless = asked.Fruitless + 1;
        if (rest.Count == 1)
        {
            return final || splitNow || fruitless >= TriesAlone
                ? new LadderStep([], rest)
                : new LadderStep([new Pack(rest) { Fruitless = fruitless }], []);
        }

        if (fruitless == 1 && !splitNow && !final) return new LadderStep([new Pack(rest) { Fruitless = 1 }], []);
        var half = (rest.Count + 1) / 2;
        return new LadderStep([Half(rest.Take(half)), Half(rest.Skip(half))], []);

        // A single row starts its own tries; a larger half is split at once when it, too, brings nothing.
        static Pack Half(IEnumerable<Ask> rows)
        {
            var list = rows.ToList();
            return new Pack(list) { Fruitless = list.Count == 1 ? 0 : 1 };
        }
    }
}
