using Rowmill.Core.Models;

namespace Rowmill.Core.Packing;

/// <summary>Reply tokens (O) from the number of rows (n), thinking included.</summary>
/// <remarks>
/// <para>Rows are taken to add up independently: the mean is n·m with m = ΣO/Σn. Then (O − n m)²/n has the expectation σ² in every call,
/// and summed over calls it is ΣO²/n − 2m ΣO + m² Σn = ΣO²/n − m ΣO, so σ² is that over (calls − 1).</para>
/// <para>A new call of n rows has the variance n σ² about n·m, and n·m itself is known to n² σ²/Σn. In packs larger than the usual one
/// (n̄ = Σn/calls) the deviation is taken to grow with n and not with its root: whatever rows of one reply have in common was not seen there.</para>
/// </remarks>
internal sealed class OutputModel
{
    /// <summary>Tokens of the outer object, its white space, and a closing word.</summary>
    private const double Slack = 24;

    private readonly double _degrees;
    private readonly double _rows;
    private readonly double _usualRows;

    private OutputModel(UsageMoments m)
    {
        _rows = m.Rows;
        _degrees = m.Calls - 1;
        _usualRows = m.Rows / m.Calls;
        var mean = m.Output / m.Rows;
        var spread = Math.Sqrt(Math.Max(0, m.OutputSquaredByRow - mean * m.Output) / _degrees);
        PerRow = new(mean, spread, spread / Math.Sqrt(m.Rows));
    }

    /// <summary>m, σ, and the standard error of m.</summary>
    public Measured PerRow { get; }

    /// <summary>What calls have shown; null while they are too few.</summary>
    public static OutputModel? Of(UsageMoments moments) => moments.Calls >= TokenCalibration.LeastCalls ? new(moments) : null;

    /// <summary>Tokens of the reply to so many rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="plain">The schema's estimate for them, with headroom for thinking.</param>
    public TokenRange At(int rows, double plain)
    {
        var range = Line(rows);
        if (rows * 2 >= _usualRows) return range;

        // A part of the reply may be the same for every size, thinking above all, and packs of the usual size do not show it.
        return range with { High = Math.Max(range.High, Math.Min(plain, Line(_usualRows).High)) };
    }

    private TokenRange Line(double rows)
    {
        var own = PerRow.Spread * PerRow.Spread * rows * Math.Max(1, rows / _usualRows);
        var error = PerRow.Spread * PerRow.Spread * rows * rows / _rows;
        var range = TokenRange.Around(rows * PerRow.Mean, Math.Sqrt(own + error), _degrees);
        return range with { High = range.High + Slack };
    }
}
