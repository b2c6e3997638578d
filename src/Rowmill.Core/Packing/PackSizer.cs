using Rowmill.Core.Models;

namespace Rowmill.Core.Packing;

/// <summary>How many rows the next pack of a route should carry. Safe for concurrent use; looking up takes no lock.</summary>
/// <remarks>
/// For rows of each length (<see cref="RowLength"/>) apart, the size is the least of three: the job's number, or where it gives none what
/// the windows give a reason for (<see cref="PackTarget"/>); what costs least by the replies (<see cref="PackCap"/>), which begins at the
/// job's number, or where an earlier run left off, else at <see cref="Default"/>, or where rows of the nearest length stand; and, row by
/// row in <see cref="Fills"/>, the budget with a part of the smallest window (<see cref="FlowingShare"/>).
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

    /// <summary>A size of an earlier run stands when so few of its replies were cut short.</summary>
    private const double FewCut = 0.05;

    private readonly Lock _gate = new();
    private readonly int? _upperBound;
    private readonly double _rowTokens;
    private readonly int _first;
    private readonly LengthSizes?[] _lengths = new LengthSizes?[RowLength.Classes];
    private readonly int[] _limits = new int[RowLength.Classes];
    private readonly Dictionary<int, int> _earlier = [];
    private volatile RouteRates _rates = RouteRates.Unlimited;
    private volatile (int Next, int Most)[] _rows;

    /// <summary>Creates the sizer of one route.</summary>
    /// <param name="budget">The route's budget.</param>
    /// <param name="upperBound">The job's <c>pack.rows</c>; null for automatic.</param>
    /// <param name="rowTokens">Estimated tokens of the usual row's fields, until calls have shown them; null when nothing is known of the rows.</param>
    /// <param name="earlier">What earlier runs settled on; counts for an automatic size.</param>
    public PackSizer(PackBudget budget, int? upperBound, double? rowTokens = null, IReadOnlyList<LearnedPackSize>? earlier = null)
    {
        Budget = budget;
        _upperBound = upperBound;
        _rowTokens = rowTokens ?? 0;
        _first = upperBound ?? Begin(budget.Calibration);
        if (upperBound is null)
        {
            foreach (var size in earlier ?? []) _earlier[RowLength.Of(size.RowTokens)] = size.Rows;
        }

        _rows = Follow();
    }

    /// <summary>The route's budget.</summary>
    public PackBudget Budget { get; }

    /// <summary>The most rows the next pack of usual rows should carry; <see cref="Fills"/> says whether they fit.</summary>
    public int Rows => _rows[RowLength.Of(RowTokens)].Next;

    /// <summary>Rows of the usual pack: what of <see cref="Rows"/> fits when all rows are usual, at least one.</summary>
    public int UsualRows => Math.Max(1, Budget.MostRows(RowTokens, Rows, Share));

    /// <summary>Whether the next pack may grow to so many rows with so many tokens of fields. A single row is never too many.</summary>
    public bool Fills(int rows, long fieldTokens) =>
        rows <= 1 || (rows <= _rows[RowLength.Of(rows, fieldTokens)].Next && Budget.Fits(rows, fieldTokens, Share));

    /// <summary>Whether a pack that was filled may go with so many rows: one filled for a size that is tried is not taken apart.</summary>
    public bool Takes(int rows, long fieldTokens) =>
        rows <= 1 || (rows <= _rows[RowLength.Of(rows, fieldTokens)].Most && Budget.Fits(rows, fieldTokens, Share));

    /// <summary>What the route's windows admit changed; the budget follows too.</summary>
    public void Follow(RouteRates rates)
    {
        lock (_gate)
        {
            _rates = rates;
            Budget.Follow(rates);
            _rows = Follow();
        }
    }

    /// <summary>A reply came to a pack; the budget has observed it already.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="good">Those that got a valid answer.</param>
    /// <param name="truncated">Whether the output limit cut it short.</param>
    /// <param name="times">
    /// How often its rows have been asked of this route, this time included: 1 for new ones. What comes of others says more about them than about the
    /// size; from the second time is learned whether what is lost whole is lost again.
    /// </param>
    /// <param name="fieldTokens">Estimated tokens of the fields of its rows; null for usual ones.</param>
    /// <returns>The size of packs, when that is another than was told last.</returns>
    public PackChoice? Ended(int rows, int good, bool truncated, int times = 1, long? fieldTokens = null)
    {
        lock (_gate)
        {
            var length = RowLength.Of(fieldTokens / (double)rows ?? RowTokens);
            var usual = RowLength.Of(RowTokens);
            var before = Decisive(length, usual);
            PackChoice? told = null;
            if (times == 1)
            {
                var sizes = _lengths[length] ??= new(StartOf(length), _upperBound is not null ? "the job's number" : WhereFrom(length));
                sizes.Saw(fieldTokens / (double)rows ?? RowTokens);
                Limit(length);
                if (_limits[length] > 1 || sizes.Cap.Settled > 1)
                    sizes.Cap.Ended(rows, good, truncated, Price(sizes.RowTokens), _limits[length]);
                told = sizes.Tell(RowLength.Name(length));
            }
            else if (times == 2)
            {
                _lengths[length]?.Cap.Repeated(rows, good);
            }

            Limit(usual);
            if (Decisive(length, usual) != before) _rows = Decide();
            return told;
        }
    }

    /// <summary>What was settled on since the last time this was called, to be stored; nothing for a number of the job.</summary>
    public IReadOnlyList<LearnedPackSize> TakeFresh()
    {
        lock (_gate)
        {
            var fresh = new List<LearnedPackSize>();
            if (_upperBound is not null) return fresh;
            for (var i = 0; i < _lengths.Length; i++)
            {
                if (_lengths[i] is not { Cap.Settled: var rows } || (_earlier.TryGetValue(i, out var known) && known == rows)) continue;
                _earlier[i] = rows;
                fresh.Add(new(RowLength.Least(i), rows));
            }

            return fresh;
        }
    }

    private double Share => _upperBound is not null ? 1
        : _rates.LargestTokens / _rates.TokensPerSecond > SecondsOfMinuteWindow ? StandingShare : FlowingShare;

    private double RowTokens => Budget.UsualRow ?? _rowTokens;

    private (int Next, int Most)[] Follow()
    {
        for (var i = 0; i < _limits.Length; i++) Limit(i);
        return Decide();
    }

    private void Limit(int length)
    {
        // Of rows that were not seen, the middle of their class.
        var tokens = _lengths[length]?.RowTokens ?? (length == RowLength.Of(RowTokens) ? RowTokens : 2.0 * RowLength.Least(length));
        _limits[length] = _upperBound ?? PackTarget.Rows(Budget.Cost(tokens), _rates);
    }

    /// <summary>What packs cost. Where the job gives a number and no window speaks, calls count: that is what the number is about.</summary>
    private PackPrice Price(double rowTokens) => _upperBound is not null && !_rates.IsBound
        ? new PackPrice(default, _rates)
        : new PackPrice(Budget.Cost(rowTokens), _rates, Budget.Price);

    /// <summary>What the sizes follow from and a reply may change: while it stays, so do they.</summary>
    private (int?, int?, int?, int, int) Decisive(int length, int usual) =>
        (_lengths[length]?.Cap.Rows, _lengths[length]?.Cap.Most, _lengths[length]?.Cap.Settled, _limits[length], _limits[usual]);

    private (int Next, int Most)[] Decide()
    {
        var rows = new (int, int)[RowLength.Classes];
        for (var i = 0; i < rows.Length; i++)
        {
            if (_lengths[i] is { Cap: var cap }) rows[i] = (Math.Min(_limits[i], cap.Rows), Math.Min(_limits[i], cap.Most));
            else rows[i].Item1 = rows[i].Item2 = Math.Min(_limits[i], StartOf(i));
        }

        return rows;
    }

    private int StartOf(int length) =>
        _earlier.TryGetValue(length, out var rows) ? rows
        : Neighbour(length) is { } other ? _lengths[other]?.Cap.Settled ?? _earlier[other] : _first;

    private string WhereFrom(int length) => _earlier.ContainsKey(length) ? "where an earlier run left off"
        : Neighbour(length) is { } other ? $"as for rows of {RowLength.Name(other)} tokens"
        : _first == Default ? "nothing is known yet" : "the usual size of earlier runs";

    /// <summary>The nearest length of which anything is known; of two the longer one, whose packs are the more difficult.</summary>
    private int? Neighbour(int length)
    {
        for (var away = 1; away < RowLength.Classes; away++)
        {
            if (IsKnown(length + away)) return length + away;
            if (IsKnown(length - away)) return length - away;
        }

        return null;

        bool IsKnown(int other) => other is >= 0 and < RowLength.Classes && (_lengths[other] is not null || _earlier.ContainsKey(other));
    }

    /// <summary>Packs of an earlier run that went well are not grown anew: their usual size is where the next run begins.</summary>
    private static int Begin(TokenCalibration calibration) =>
        calibration is { OutputPerRow: not null, UsualRows: { } usual, TruncatedShare: < FewCut } ? Math.Max(Default, (int)Math.Round(usual)) : Default;

    /// <summary>What is known of rows of one length.</summary>
    private sealed class LengthSizes(int rows, string reason)
    {
        /// <summary>The usual row is that of about so many packs.</summary>
        private const double Memory = 100;

        /// <summary>A change is told when the replies have grown by this since the last one: their number stays small however long a run.</summary>
        private const double Spacing = 1.1;

        private double _packs;
        private double _tokens;
        private long _replies;
        private long _toldAt;
        private int? _told;

        public PackCap Cap { get; } = new(rows);

        public double RowTokens => _tokens / _packs;

        public void Saw(double tokens)
        {
            _packs = (1 - 1 / Memory) * _packs + 1;
            _tokens = (1 - 1 / Memory) * _tokens + tokens;
        }

        public PackChoice? Tell(string rowTokens)
        {
            _replies++;
            if (Cap.Settled == _told || _replies < Spacing * _toldAt) return null;
            var choice = new PackChoice(Cap.Settled, _told, rowTokens, Cap.Reason ?? reason);
            (_told, _toldAt) = (Cap.Settled, _replies);
            return choice;
        }
    }
}
