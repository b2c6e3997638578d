namespace Rowmill.Core.Packing;

/// <summary>
/// The most rows that replies have borne out. Not safe for concurrent use; no clock, no chance: the same replies give the same cap.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Up: after three whole packs of more than half the cap it doubles, as long as more is wanted. At a size that failed before it
/// stops first, and each further failure there doubles the whole packs needed to try again.</item>
/// <item>Down: a pack that loses half its rows halves it; one cut short, or an average loss above the tolerated over the last packs, takes a
/// quarter. A pack larger than the cap left before the last cut and does not cut again.</item>
/// <item>When the loss is the same at the smaller size it is the rows', not the size's: the cap goes back and that loss is tolerated.</item>
/// <item>A pack of one row says nothing of the size, except that a cap of one may be tried at two.</item>
/// </list>
/// </remarks>
/// <param name="rows">Where it begins.</param>
internal sealed class PackCap(int rows)
{
    /// <summary>The part of its rows that a pack may lose: about what the fixed prompt may cost (<see cref="PackTarget.SmallShare"/>).</summary>
    public const double Tolerated = 0.05;

    private const int WholeToGrow = 3;
    private const int MostToGrow = 48;

    /// <summary>Each further pack leaves this part of what earlier ones say: five packs are remembered.</summary>
    private const double Fading = 0.8;

    /// <summary>Packs before an average says anything.</summary>
    private const int PacksToJudge = 5;

    /// <summary>A smaller size helps when at most this part of the loss is left.</summary>
    private const double Helped = 0.75;

    /// <summary>Losses that belong to the rows are tolerated up to this multiple: they vary.</summary>
    private const double Lenience = 1.5;

    private double _tolerated = Tolerated;
    private int _whole;
    private int _needed = WholeToGrow;
    private int _failedAt = int.MaxValue;
    private double _lost;
    private double _seen;
    private int _packs;
    private (int Rows, double Loss)? _before;

    /// <summary>The cap, at least 1.</summary>
    public int Rows { get; private set; } = rows;

    /// <summary>A reply came to rows asked for the first time.</summary>
    /// <param name="rows">Rows of the pack.</param>
    /// <param name="good">Those that got a valid answer.</param>
    /// <param name="truncated">Whether the output limit cut it short.</param>
    /// <param name="wanted">More than this is not worth growing to.</param>
    public void Ended(int rows, int good, bool truncated, int wanted)
    {
        var bad = rows - good;
        if (rows == 1 && (bad > 0 || Rows > 1)) return;
        if (!truncated && bad <= _tolerated * rows)
        {
            // Whatever left before a cut bears the old size out as well.
            if (rows * 2 > Rows && ++_whole >= _needed) Grow(wanted);
        }
        else
        {
            _whole = 0;
        }

        if (rows > Rows) return;
        if (bad * 2 >= rows && bad > 1)
        {
            Shrink(Rows / 2);
            _before = null;
            return;
        }

        _lost = Fading * _lost + bad;
        _seen = Fading * _seen + rows;
        _packs++;
        var loss = _lost / _seen;
        if (_packs >= PacksToJudge && _before is { } before)
        {
            _before = null;
            if (loss > Helped * before.Loss)
            {
                _tolerated = Lenience * Math.Max(loss, before.Loss);
                Restart(before.Rows);
                return;
            }
        }

        if (truncated || (_packs >= PacksToJudge && loss > _tolerated))
        {
            _before = truncated ? null : (Rows, loss);
            Shrink(Rows - Math.Max(1, Rows / 4));
        }
    }

    private void Grow(int wanted)
    {
        _whole = 0;
        if (Rows >= wanted) return;
        _before = null;
        if (Rows >= _failedAt) (_failedAt, _needed) = (int.MaxValue, WholeToGrow);
        var next = Rows > wanted / 2 ? wanted : Rows * 2;
        if (Rows < _failedAt && next > _failedAt) next = _failedAt;
        Restart(next);
    }

    private void Shrink(int to)
    {
        if (Rows >= _failedAt) _needed = Math.Min(MostToGrow, 2 * _needed);
        _failedAt = Rows;
        Restart(to);
    }

    private void Restart(int rows)
    {
        Rows = Math.Max(1, rows);
        (_whole, _lost, _seen, _packs) = (0, 0, 0, 0);
    }
}
