namespace Rowmill.Core.Quality;

/// <summary>The same rows judged twice: how much the share of hits differs between the two, and what chance leaves open of it.</summary>
/// <param name="Both">Rows that are hits both times.</param>
/// <param name="Gained">Hits the second time only.</param>
/// <param name="Lost">Hits the first time only.</param>
/// <param name="Neither">Hits neither time.</param>
internal readonly record struct PairedDifference(double Both, double Gained, double Lost, double Neither)
{
    /// <summary>Rows.</summary>
    public double Rows => Both + Gained + Lost + Neither;

    /// <summary>The second share less the first; 0 of no rows.</summary>
    public double Value => Rows == 0 ? 0 : (Gained - Lost) / Rows;

    /// <summary>
    /// The 95 % interval of the difference: R. G. Newcombe, "Improved confidence intervals for the difference between binomial
    /// proportions based on paired data", Statistics in Medicine 17 (1998) 2635–2650, method 10: the score intervals of both shares, and
    /// their correlation with a correction for continuity.
    /// </summary>
    public (double Low, double High) Interval()
    {
        if (Rows == 0) return (-1, 1);
        var (second, first) = ((Both + Gained) / Rows, (Both + Lost) / Rows);
        var (secondLow, secondHigh) = Share.Interval(Both + Gained, Rows);
        var (firstLow, firstHigh) = Share.Interval(Both + Lost, Rows);
        var phi = Correlation();
        return (Value - Length(second - secondLow, firstHigh - first), Value + Length(secondHigh - second, first - firstLow));

        double Length(double a, double b) => Math.Sqrt(Math.Max(0, a * a - 2 * phi * a * b + b * b));
    }

    /// <summary>
    /// How probable it is that chance alone makes losses and gains differ by at least as much: the exact, two-sided form of Q. McNemar,
    /// "Note on the sampling error of the difference between correlated proportions or percentages", Psychometrika 12 (1947) 153–157:
    /// each row that changed is as likely a loss as a gain.
    /// </summary>
    public double Chance()
    {
        var (fewer, changed) = ((long)Math.Round(Math.Min(Gained, Lost)), (long)Math.Round(Gained + Lost));
        if (changed == 0) return 1;
        var (sum, logarithm) = (0d, -changed * Math.Log(2));
        for (var k = 0L; k <= fewer; k++)
        {
            sum += Math.Exp(logarithm);
            logarithm += Math.Log((double)(changed - k) / (k + 1));
        }

        return Math.Min(1, 2 * sum);
    }

    /// <summary>The same shares in a sample of another size.</summary>
    public PairedDifference At(double rows) => new(Both / Rows * rows, Gained / Rows * rows, Lost / Rows * rows, Neither / Rows * rows);

    private double Correlation()
    {
        var product = (Both + Gained) * (Lost + Neither) * (Both + Lost) * (Gained + Neither);
        if (product <= 0) return 0;
        var together = Both * Neither - Gained * Lost;
        if (together > 0) together = Math.Max(together - Rows / 2, 0);
        return together / Math.Sqrt(product);
    }
}
