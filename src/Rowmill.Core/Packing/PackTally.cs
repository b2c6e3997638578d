namespace Rowmill.Core.Packing;

/// <summary>What came of packs of one size, as sums that can be added; not whole numbers, because old packs weigh less.</summary>
/// <param name="Packs">Packs asked for the first time.</param>
/// <param name="Whole">Packs that brought not one valid answer.</param>
/// <param name="Part">Packs that lost some of their rows.</param>
/// <param name="Share">The parts of their rows that those lost, 0 to 1 each, summed.</param>
/// <param name="Cut">Packs that lost rows because the reply was cut short.</param>
internal readonly record struct PackTally(double Packs, double Whole, double Part, double Share, double Cut)
{
    /// <summary>
    /// z of a one-sided 5 %: what lies beyond it is taken for more than chance.
    /// </summary>
    public const double Z = 1.645;

    /// <summary>One pack.</summary>
    public static PackTally Of(int rows, int good, bool truncated)
    {
        var lost = rows - good;
        if (lost <= 0) return new(1, 0, 0, 0, 0);
        return good <= 0 ? new(1, 1, 0, 0, truncated ? 1 : 0) : new(1, 0, 1, (double)lost / rows, truncated ? 1 : 0);
    }

    /// <summary>The part of all rows that was lost.</summary>
    public double Loss => Packs > 0 ? (Whole + Share) / Packs : 0;

    /// <summary>The part of all packs that lost any row.</summary>
    public double Lossy => Packs > 0 ? (Whole + Part) / Packs : 0;

    /// <summary>A part of the packs as the interval it lies in, with the surety of z at each end.</summary>
    public (double Low, double High) Interval(double count, double z = Z) => ScoreInterval.Of(count, Packs, z);

    public static PackTally operator +(PackTally a, PackTally b) =>
        new(a.Packs + b.Packs, a.Whole + b.Whole, a.Part + b.Part, a.Share + b.Share, a.Cut + b.Cut);

    public static PackTally operator *(double weight, PackTally t) =>
        new(weight * t.Packs, weight * t.Whole, weight * t.Part, weight * t.Share, weight * t.Cut);
}
