namespace Rowmill.Core.Packing;

/// <summary>A number of tokens that is not known exactly.</summary>
/// <param name="Mean">What is expected.</param>
/// <param name="Low">Seldom less.</param>
/// <param name="High">Seldom more; never below the mean. What is reserved.</param>
internal readonly record struct TokenRange(double Mean, double Low, double High)
{
    /// <summary>How many standard deviations the ends lie from the mean: of normal errors one call in 700 is above the high end.</summary>
    public const double Certainty = 3;

    /// <summary>The range of a value whose variance was itself measured.</summary>
    /// <param name="mean">The mean.</param>
    /// <param name="deviation">The standard deviation of one value about it.</param>
    /// <param name="degrees">Degrees of freedom of the measured variance, at least 1.</param>
    public static TokenRange Around(double mean, double deviation, double degrees)
    {
        var reach = Factor(degrees) * deviation;
        return new(mean, Math.Max(0, mean - reach), mean + reach);
    }

    /// <summary>
    /// Student's t at the probability where the normal deviate is <see cref="Certainty"/>: with few calls the ends lie further out.
    /// The first three terms of Abramowitz and Stegun 26.7.5.
    /// </summary>
    private static double Factor(double degrees)
    {
        const double z = Certainty;
        const double first = (z * z * z + z) / 4;
        const double second = (5 * z * z * z * z * z + 16 * z * z * z + 3 * z) / 96;
        return z + first / degrees + second / (degrees * degrees);
    }
}

/// <summary>A measured proportion.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Spread">The standard deviation of single cases.</param>
/// <param name="Error">The standard error of the mean.</param>
internal readonly record struct Measured(double Mean, double Spread, double Error);
