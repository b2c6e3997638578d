namespace Rowmill.Core;

/// <summary>The interval in which a share lies, as far as a sample tells.</summary>
internal static class ScoreInterval
{
    /// <summary>
    /// The score interval: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    /// Statistical Association 22 (1927) 209–212. Without correction for continuity.
    /// </summary>
    /// <param name="hits">How many; a sum of weights may be a little less than none or more than all.</param>
    /// <param name="of">Of how many; of none every share is possible.</param>
    /// <param name="deviate">The normal deviate beyond which chance is not to go at either end.</param>
    public static (double Low, double High) Of(double hits, double of, double deviate)
    {
        if (of <= 0) return (0, 1);
        var square = deviate * deviate;
        var middle = (hits + square / 2) / (of + square);
        var half = deviate / (of + square) * Math.Sqrt(Math.Max(0, hits * (of - hits) / of) + square / 4);

        // At none and at all the end is exact; the arithmetic misses it by its last digit.
        return (hits <= 0 ? 0 : middle - half, hits >= of ? 1 : middle + half);
    }
}
