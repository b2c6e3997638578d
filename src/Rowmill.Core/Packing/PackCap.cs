namespace Rowmill.Core.Packing;

/// <summary>
/// The size of packs that costs least for rows of one length. Not safe for concurrent use; no clock, no chance: the same replies give the
/// same sizes.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>What a row costs in packs of a size is told by <see cref="PackLosses"/>. The size settled on gives way to a larger one when three
/// packs of that have come and a row costs less in them, half a pack's doubt included; to a smaller one when a row costs less there
/// by more than chance explains: than the doubt of both costs, each the distance to the end of what agrees with what was seen.</item>
/// <item>A size is tried, pack by pack, when it would save something if it lost as little as agrees with what was seen: twice the largest
/// as long as that is the settled one, half of the smallest and the middle to there, and the middle between two that were tried. A larger one is not hoped
/// to lose less than the settled one does.</item>
/// <item>What trying costs, beyond what the same rows cost in packs of the settled size, stays a small part of all that is spent.</item>
/// </list>
/// </remarks>
/// <param name="rows">Where it begins.</param>
internal sealed class PackCap(int rows)
{
    /// <summary>A size may be settled on after three packs, less what fades of them.</summary>
    private const double PacksToSettle = 2.5;

    /// <summary>What a larger size must save to be settled on: less is not worth the change.</summary>
    private const double WorthGrowing = 0.01;

    /// <summary>What a size must promise to save, at best, to be tried: somewhat less than the prompt's small share.</summary>
    private const double WorthTrying = 0.04;

    /// <summary>What has cost less for so many packs is settled on when too little is left known of the settled size to compare.</summary>
    private const double LongTried = 30;

    /// <summary>Packs that cost half as much again as if they came whole are bad enough to look elsewhere before there are three.</summary>
    private const double Bad = 1.5;

    /// <summary>Sizes are told apart down to this ratio: that of neighbours on the grid.</summary>
    private const double Finest = 1.1;

    /// <summary>What trying may cost, of all that is spent.</summary>
    private const double TrialShare = 0.03;

    /// <summary>Trying may cost so many packs of the settled size before anything has been spent.</summary>
    private const double TrialsAhead = 3;

    /// <summary>Replies after which spending is forgotten.</summary>
    private const double SpendingMemory = 1000;

    /// <summary>A trial whose reply does not come is given up after about as many replies.</summary>
    private const double TrialMemory = 16;

    /// <summary>Of so many whole packs of the settled size one is thought about: it costs as much as reading some rows.</summary>
    private const int Alike = 8;

    private readonly PackLosses _losses = new();
    private double _trials;
    private double _spent;
    private double _under;
    private int _tried;
    private int _alike;
    private int _limit;

    /// <summary>Rows of the next pack, at least 1: the settled size, or one that is tried.</summary>
    public int Rows { get; private set; } = Math.Max(1, rows);

    /// <summary>The size that costs least by what replies have shown, at least 1.</summary>
    public int Settled { get; private set; } = Math.Max(1, rows);

    /// <summary>The largest size of packs that may be under way.</summary>
    public int Most => Math.Max(_tried, Math.Max(Rows, Settled));

    /// <summary>Why the settled size is another than it was; null when it never was another.</summary>
    public string? Reason { get; private set; }

    /// <summary>A reply came to rows asked for the first time.</summary>
    /// <param name="rows">Rows of the pack.</param>
    /// <param name="good">Those that got a valid answer.</param>
    /// <param name="truncated">Whether the output limit cut it short.</param>
    /// <param name="price">What calls and rows cost.</param>
    /// <param name="limit">No pack may, or gains from, more rows.</param>
    public void Ended(int rows, int good, bool truncated, PackPrice price, int limit)
    {
        if (IsNothingNew(rows, good, limit))
        {
            _spent = (1 - 1 / SpendingMemory) * _spent + rows;
            _losses.Add(rows, PackTally.Of(rows, good, truncated));
            return;
        }

        var costs = _losses.Costs(price);
        var (settled, near) = (PackLosses.Near(Settled), PackLosses.Near(rows));
        Spend(rows, rows - good, near != settled, costs, costs(settled), price);
        if (near == PackLosses.Near(_tried)) _tried = 0;
        _losses.Add(rows, PackTally.Of(rows, good, truncated));
        Decide(price, limit);
    }

    /// <summary>A reply came to rows that had been asked once before.</summary>
    /// <param name="rows">Rows of the pack.</param>
    /// <param name="good">Those that got a valid answer.</param>
    public void Repeated(int rows, int good)
    {
        if (rows > 1) _losses.Repeated(good == 0);
    }

    /// <summary>A whole pack more of the settled size; of these only some need be thought about.</summary>
    private bool IsNothingNew(int rows, int good, int limit)
    {
        var isUsual = good == rows && rows == Settled && Rows == Settled && limit == _limit && _losses.At(PackLosses.Near(rows)).Packs >= Alike && ++_alike < Alike;
        if (!isUsual) (_alike, _limit) = (0, limit);
        return isUsual;
    }

    /// <summary>Counts, in rows of the settled size, what the pack costs, and what it does beyond that size.</summary>
    private void Spend(int rows, int lost, bool tried, Func<int, double> costs, double usual, PackPrice price)
    {
        var again = lost == 0 ? 0 : lost * costs(PackLosses.Near(lost < rows ? lost : lost / 2.0));
        var cost = (price.Of(1, rows) + again) / usual;
        _spent = (1 - 1 / SpendingMemory) * _spent + cost;
        _trials = Math.Max(0, (1 - 1 / SpendingMemory) * _trials + (tried ? cost - rows : 0));
        _under = (1 - 1 / TrialMemory) * _under;
        if (tried) _under = Math.Max(0, _under - Worst(PackLosses.Near(rows), usual, price));
    }

    private void Decide(PackPrice price, int limit)
    {
        var (last, settled) = (PackLosses.Near(limit), PackLosses.Near(Math.Min(Settled, limit)));
        var expected = _losses.Costs(price);
        var (best, least) = (settled, expected(settled));
        var larger = _losses.Costs(price, Surety.Doubted, settled);
        var smaller = _losses.Costs(price, Surety.Most);
        var usual = least;
        var doubt = usual - _losses.Costs(price, Surety.Least)(settled);
        var isForgotten = _losses.At(settled).Packs < PacksToSettle;
        foreach (var size in _losses.Seen)
        {
            if (size == settled || size > last || _losses.At(size).Packs < PacksToSettle || expected(size) is var cost && cost >= least) continue;
            var isSure = size > settled ? larger(size) <= (1 - WorthGrowing) * usual : usual - cost >= Root(doubt, smaller(size) - cost);
            if (!isSure && !(isForgotten && _losses.At(size).Packs >= LongTried)) continue;
            (best, least) = (size, cost);
        }

        if (best != settled) Reason = Why(settled, best);
        else if (Settled > limit) Reason = "more rows gain nothing";
        Settled = best == last ? limit : best == settled ? Math.Min(Settled, limit) : best;
        var tried = Try(best, least, price, last);
        Rows = tried is null ? Settled : tried == last ? limit : tried.Value;
        if (tried is not null) _tried = Math.Max(_tried, Rows);

        // The doubt of a difference.
        static double Root(double a, double b) => Math.Sqrt(a * a + b * b);
    }

    private string Why(int was, int now)
    {
        var (before, after) = (_losses.At(was), _losses.At(now));
        if (now > was) return after.Loss < 0.005 ? "replies come whole" : FormattableString.Invariant($"fewer calls cost less: {after.Loss:P0} of rows lost at {now}, {before.Loss:P0} at {was}");
        return 2 * before.Cut > before.Whole + before.Part ? "replies are cut short"
            : FormattableString.Invariant($"rows are lost: {before.Loss:P0} at {was}, {after.Loss:P0} at {now}");
    }

    /// <summary>A size worth trying now; null when there is none, or when trying has cost enough.</summary>
    private int? Try(int settled, double usual, PackPrice price, int last)
    {
        var packs = _losses.At(settled).Packs;
        if (packs < PacksToSettle && (packs < 1.5 || usual < Bad * price.Of(1, settled) / settled)) return null;
        var costs = _losses.Costs(price, Surety.Least, settled);
        var isBad = _losses.Costs(price, Surety.Least)(settled) > Bad * price.Of(1, settled) / settled;
        var (best, promise) = (0, (1 - WorthTrying) * usual);
        foreach (var size in Candidates(settled, last))
        {
            // An unlucky moment is not held against the settled size for good: unless it is bad beyond chance, it is asked as often as a smaller one.
            if (size < settled && !isBad && _losses.At(size).Packs > Math.Max(PacksToSettle, packs)) continue;
            var cost = costs(size);
            if (cost < promise) (best, promise) = (size, cost);
        }

        if (best == 0) return null;
        var worst = Worst(best, usual, price);
        if (_trials + _under + worst > TrialShare * _spent + TrialsAhead * settled) return null;
        _under += worst;
        return best;
    }

    private IEnumerable<int> Candidates(int settled, int last)
    {
        var below = 0;
        foreach (var size in _losses.Seen)
        {
            if (below == 0)
            {
                yield return PackLosses.Near(size / 2.0);
                // Nearer only on much evidence: a few unlucky packs promise more there than there is.
                if (_losses.At(settled).Packs >= LongTried) yield return PackLosses.Near(size / Math.Sqrt(2));
            }
            else if (size > Finest * below && size > below + 1 && Middle(below, size) is var middle && middle < last) yield return middle;
            if (size != settled && size <= last) yield return size;
            below = size;
        }

        // Not twice and then a little more.
        if (below == settled && settled < last) yield return 3 * settled >= last ? last : PackLosses.Near(2.0 * settled);

        static int Middle(int below, int above) => PackLosses.Near(Math.Sqrt((double)below * above));
    }

    /// <summary>What a pack that is lost and comes in halves costs beyond its rows in packs of the settled size, in such rows.</summary>
    private static double Worst(int rows, double usual, PackPrice price) => Math.Max(0, price.Of(3, 2.0 * rows) / usual - rows);
}
