using Rowmill.Core.Models;

namespace Rowmill.Core.Packing;

/// <summary>How many rows a pack gains from, by what binds the route.</summary>
/// <remarks>
/// In the long run a row costs each window a time: 1/(nR) of a window of R requests a second, (F/n + c)/T of a window of T tokens a
/// second (F of the fixed prompt and c of the row as far as that window counts them). The route is as fast as the longest of these.
/// While that is the requests', larger packs are faster in proportion. Once tokens bind, only the share F/n can still be saved: a pack
/// is large enough where that share is small. Where no window is known the same share counts, as money, and <see cref="Usual"/> is the end.
/// </remarks>
internal static class PackTarget
{
    /// <summary>Rows of a pack while nothing is known.</summary>
    public const int Usual = 20;

    /// <summary>No pack gains from more rows than this.</summary>
    public const int Most = 1 << 20;

    /// <summary>The fixed prompt may take this part of a request's tokens: halving it again needs packs of twice the size for 2.5 %.</summary>
    public const double SmallShare = 0.05;

    /// <summary>The least number of rows that gives all that a large pack can give; <see cref="Most"/> when more always gives more.</summary>
    public static int Rows(PackCost cost, RouteRates rates)
    {
        var all = new Share(cost.Fixed, cost.RowInput + cost.RowOutput, 1);
        Share[] windows =
        [
            all with { Rate = rates.TokensPerSecond },
            new(cost.Fixed, cost.RowInput, rates.InputTokensPerSecond),
            new(0, cost.RowOutput, rates.OutputTokensPerSecond),
        ];
        var known = Array.FindAll(windows, w => double.IsFinite(w.Rate));
        if (known.Length == 0) return double.IsFinite(rates.RequestsPerSecond) ? Most : Math.Min(Usual, First(rows => all.FixedPart(rows) <= SmallShare));
        return First(rows =>
        {
            var binding = known.MaxBy(w => w.Seconds(rows));
            return binding.Seconds(rows) >= 1 / (rows * rates.RequestsPerSecond) && binding.FixedPart(rows) <= SmallShare;
        });
    }

    /// <summary>The least number of rows for which a condition holds that holds for all above it too.</summary>
    private static int First(Predicate<int> holds)
    {
        var (fails, works) = (0, Most);
        while (works - fails > 1)
        {
            var rows = fails + (works - fails) / 2;
            if (holds(rows)) works = rows;
            else fails = rows;
        }

        return works;
    }

    /// <summary>What a window of tokens sees of a request.</summary>
    private readonly record struct Share(double Fixed, double Row, double Rate)
    {
        public double Seconds(int rows) => (Fixed / rows + Row) / Rate;

        public double FixedPart(int rows) => Fixed > 0 ? Fixed / (Fixed + rows * Row) : 0;
    }
}
