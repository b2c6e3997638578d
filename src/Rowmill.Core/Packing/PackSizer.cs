using Rowmill.Core.Models;

namespace Rowmill.Core.Packing;

/// <summary>How many rows the next pack of a route should carry. Safe for concurrent use.</summary>
/// <remarks>
/// A number in the job stands, as far as context, output limit and windows admit it. Otherwise the size is the least of three: what the
/// windows give a reason for (<see cref="PackTarget"/>), what replies have borne out (<see cref="PackCap"/>), and, row by row in
/// <see cref="Takes"/>, the budget with a part of the smallest window (<see cref="FlowingShare"/>).
/// </remarks>
internal sealed class PackSizer
{
    /// <summary>Rows of a pack while nothing is known.</summary>
    public const int Default = PackTarget.Usual;

    /// <summary>
    /// An automatic pack reserves at most this part of the smallest window. A larger one leaves only when the window is nearly full, and
    /// while the window is full nothing refills; and only one such pack is under way at a time.
    /// </summary>
    public const double FlowingShare = 0.5;

    /// <summary>
    /// The same, where the smallest window is not the one that binds: a minute's window stands full anyway while a day's lets only little
    /// through. A tenth stays free for what others use and for counts that differ.
    /// </summary>
    public const double StandingShare = 0.9;

    /// <summary>A window that would take longer than this to fill at the route's pace is not the one that sets the pace: a minute's, and as much again for doubt.</summary>
    private const double SecondsOfMinuteWindow = 120;

    private readonly Lock _gate = new();
    private readonly int? _upperBound;
    private readonly double _rowTokens;
    private readonly PackCap _cap;
    private volatile RouteRates _rates = RouteRates.Unlimited;
    private volatile int _rows;

    /// <summary>Creates the sizer of one route.</summary>
    /// <param name="budget">The route's budget.</param>
    /// <param name="upperBound">The job's <c>pack.rows</c>; null for automatic.</param>
    /// <param name="rowTokens">Estimated tokens of the usual row's fields, until calls have shown them; null when nothing is known of the rows.</param>
    public PackSizer(PackBudget budget, int? upperBound, double? rowTokens = null)
    {
        Budget = budget;
        _upperBound = upperBound;
        _rowTokens = rowTokens ?? 0;
        _cap = new(Begin(budget.Calibration));
        _rows = Decide();
    }

    /// <summary>The route's budget.</summary>
    public PackBudget Budget { get; }

    /// <summary>The most rows the next pack should carry; <see cref="Takes"/> says whether they fit.</summary>
    public int Rows => _rows;

    /// <summary>Rows of the usual pack: what of <see cref="Rows"/> fits when all rows are usual, at least one.</summary>
    public int UsualRows => Math.Max(1, Budget.MostRows(RowTokens, Rows, Share));

    /// <summary>Whether a pack may grow to so many rows with so many tokens of fields. A single row is never too many.</summary>
    public bool Takes(int rows, long fieldTokens) => rows <= 1 || (rows <= Rows && Budget.Fits(rows, fieldTokens, Share));

    /// <summary>What the route's windows admit changed; the budget follows too.</summary>
    public void Follow(RouteRates rates)
    {
        lock (_gate)
        {
            _rates = rates;
            Budget.Follow(rates);
            _rows = Decide();
        }
    }

    /// <summary>A reply came to a pack; the budget has observed it already.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="good">Those that got a valid answer.</param>
    /// <param name="truncated">Whether the output limit cut it short.</param>
    /// <param name="again">True when its rows were asked before: what comes of them says more about them than about the size.</param>
    public void Ended(int rows, int good, bool truncated, bool again = false)
    {
        lock (_gate)
        {
            if (!again) _cap.Ended(rows, good, truncated, Wanted());
            _rows = Decide();
        }
    }

    private double Share => _upperBound is not null ? 1
        : _rates.LargestTokens / _rates.TokensPerSecond > SecondsOfMinuteWindow ? StandingShare : FlowingShare;

    private double RowTokens => Budget.UsualRow ?? _rowTokens;

    private int Decide() => _upperBound ?? Math.Min(_cap.Rows, Wanted());

    private int Wanted() => PackTarget.Rows(Budget.Cost(RowTokens), _rates);

    /// <summary>Packs of an earlier run that went well are not grown anew: their usual size is where the next run begins.</summary>
    private static int Begin(TokenCalibration calibration) =>
        calibration is { OutputPerRow: not null, UsualRows: { } usual, TruncatedShare: < PackCap.Tolerated } ? Math.Max(Default, (int)Math.Round(usual)) : Default;
}
