using Rowmill.Core.Models;

namespace Rowmill.Core.Packing;

/// <summary>
/// Prompt tokens as the service counts them (A) from those estimated (E): a straight line through the middle of what calls have shown.
/// </summary>
/// <remarks>
/// <para>The fixed prompt and the rows may each be estimated wrong in their own proportion. Both packs and single rows then lie on one
/// line A = a + b E, which calls of different sizes show. As long as all calls have one size they show nothing but the ratio
/// r = ΣA/ΣE, so b starts at r and moves to the least-squares slope as the sizes spread: the mean of both, weighted by their precision
/// (ridge regression: 1/<see cref="SlopeDoubt"/>² for r, Σ(E−Ē)²/s² for the slope).</para>
/// <para>One call at E has the variance s² max(1, E/Ē)² + s²/calls + var(b)(E−Ē)²: its own spread, growing with its size, the error of
/// the middle, and that of the slope. s² is the sum of the squared residuals over (calls − 1).</para>
/// </remarks>
internal sealed class InputModel
{
    /// <summary>How far, in one standard deviation, the ratio of added tokens may lie from that of all: prompt, schema and rows are different text.</summary>
    public const double SlopeDoubt = 0.15;

    /// <summary>The spread is at least this part of the mean: estimates are rounded up text by text.</summary>
    private const double LeastSpread = 0.005;

    private readonly double _degrees;
    private readonly double _estimated;
    private readonly double _counted;
    private readonly double _slope;
    private readonly double _slopeVariance;
    private readonly double _spread;

    private InputModel(UsageMoments m)
    {
        var calls = m.Calls;
        _estimated = m.Estimated / calls;
        _counted = m.Input / calls;
        var ratio = m.Input / m.Estimated;
        var ee = Math.Max(0, m.EstimatedSquared - calls * _estimated * _estimated);
        var ea = m.EstimatedByInput - calls * _estimated * _counted;
        var aa = Math.Max(0, m.InputSquared - calls * _counted * _counted);

        var least = LeastSpread * _counted;
        var line = ee > 0 ? ea / ee : ratio;
        var weight = ee / Variance(line);
        _slopeVariance = 1 / (weight + 1 / (SlopeDoubt * SlopeDoubt));
        _slope = Math.Max(0, ratio + weight * _slopeVariance * (line - ratio));
        _spread = Math.Sqrt(Variance(_slope));
        _degrees = calls - 1;
        Ratio = new(ratio, _spread / _estimated, _spread / _estimated / Math.Sqrt(calls));

        double Variance(double slope) => Math.Max(least * least, (aa - 2 * slope * ea + slope * slope * ee) / (calls - 1));
    }

    /// <summary>ΣA/ΣE, with the spread and the error of A/E at the size of the usual call.</summary>
    public Measured Ratio { get; }

    /// <summary>The line of calls; null while they are too few to show one.</summary>
    public static InputModel? Of(UsageMoments moments) => moments.Calls >= TokenCalibration.LeastCalls ? new(moments) : null;

    /// <summary>Tokens of a prompt with this estimate.</summary>
    public TokenRange At(double estimate)
    {
        var away = estimate - _estimated;
        var mean = Math.Max(0, _counted + _slope * away);
        var own = _spread * Math.Max(1, estimate / _estimated);
        return TokenRange.Around(
            mean, Math.Sqrt(own * own + _spread * _spread / (_degrees + 1) + _slopeVariance * away * away), _degrees);
    }
}
