using System.Globalization;

namespace Rowmill.Core.Quality;

/// <summary>So many of so many, with what chance leaves open of the true share.</summary>
/// <param name="Hits">How many.</param>
/// <param name="Of">Of how many.</param>
public readonly record struct Share(long Hits, long Of)
{
    /// <summary>Of a normal deviate, 2.5 % lie beyond it on each side: what makes every interval here one of 95 %.</summary>
    internal const double Deviate = 1.959963984540054;

    /// <summary>From 0 to 1; null of none.</summary>
    public double? Value => Of == 0 ? null : (double)Hits / Of;

    /// <summary>The lower end of the 95 % interval; 0 of none.</summary>
    public double Low => Interval(Hits, Of).Low;

    /// <summary>The upper end of the 95 % interval; 1 of none.</summary>
    public double High => Interval(Hits, Of).High;

    /// <summary>The 95 % interval; see <see cref="ScoreInterval"/>.</summary>
    internal static (double Low, double High) Interval(double hits, double of) => ScoreInterval.Of(hits, of, Deviate);

    /// <summary>For people: <c>94 % (88–97 %)</c>.</summary>
    public override string ToString() => Value is { } value ? $"{Percent(value)} % ({Percent(Low)}–{Percent(High)} %)" : "none";

    /// <summary>A share in whole per cent; one that is not quite none or all does not look so.</summary>
    internal static string Percent(double share)
    {
        var percent = 100 * share;
        var shown = percent is > 0 and < 0.5 or > 99.5 and < 100 ? "0.0" : "0";
        return percent is > 99.9 and < 100 ? "99.9" : percent.ToString(shown, CultureInfo.InvariantCulture);
    }
}
