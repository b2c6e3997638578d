using Points = System.Collections.Generic.List<(double At, double Value, double Weight)>;

namespace Rowmill.Core.Packing;

/// <summary>How sure a loss is to be: the least that agrees with what was seen, the expected, or the most.</summary>
internal enum Surety
{
    Least,
    Expected,
    Doubted,
    Most,
}

/// <summary>
/// What packs of each size have lost, for rows of one length, and what a row costs in packs of any size by that.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Sizes are kept about 9 % apart (eight to a doubling, through 20).</item>
/// <item>A larger pack does not lose less: the parts of packs that are lost whole, or in part, do not fall with the size. What was seen is
/// brought into that order by pooling neighbours that violate it (Ayer et al. 1955); between two sizes it is a line over the logarithm,
/// beyond the ends it stays, and rows that are lost one at a time are fewer in a smaller pack.</item>
/// <item>Rows that a reply leaves out are asked again together, and lose as packs of that number do; a pack lost whole is asked until it
/// comes. That gives the calls and the rows that one pack comes to, and <see cref="PackPrice"/> what these cost.</item>
/// <item>A size remembers its last packs and what was seen long ago fades; when the last few packs differ from it beyond chance, the model
/// is another and only those count.</item>
/// </list>
/// </remarks>
internal sealed class PackLosses
{
    /// <summary>Packs that a size remembers.</summary>
    private const double Memory = 200;

    /// <summary>Packs of other sizes after which a size is no longer sure of what it saw.</summary>
    private const double Staleness = 150;

    /// <summary>The last few packs: what a changed model is noticed by.</summary>
    private const double Recent = 8;

    /// <summary>The z at which a change is no chance: the question is asked after every pack.</summary>
    private const double Changed = 3;

    /// <summary>A size with less than this has been forgotten.</summary>
    private const double Forgotten = 0.3;

    /// <summary>Half a pack lost and half a pack whole are added to what was seen (Jeffreys' prior).</summary>
    private const double Doubt = 0.5;

    /// <summary>A row alone gets about five tries.</summary>
    private const double MostAlone = 0.8;

    /// <summary>Logarithms that differ by less are of the same size.</summary>
    private const double Same = 1e-9;

    private readonly List<Size> _sizes = [];
    private double _whole;
    private double _repeated;

    /// <summary>The size on the grid that is nearest.</summary>
    public static int Near(double rows)
    {
        const double Steps = 8;
        return rows <= 1 ? 1 : Math.Max(1, (int)Math.Round(PackTarget.Usual * Math.Pow(2, Math.Round(Steps * Math.Log2(rows / PackTarget.Usual)) / Steps)));
    }

    /// <summary>The sizes on the grid that packs have had, ascending.</summary>
    public IEnumerable<int> Seen => _sizes.Select(s => s.Rows);

    /// <summary>What is known of a size on the grid; nothing when it was not tried.</summary>
    public PackTally At(int near) => _sizes.Find(s => s.Rows == near)?.Known ?? default;

    /// <summary>A reply came to a pack of rows that were not asked before.</summary>
    public void Add(int rows, PackTally seen)
    {
        var near = Near(rows);
        var own = Begin(near);
        foreach (var other in _sizes)
        {
            if (other != own) other.Known = (1 - 1 / Staleness) * other.Known;
        }

        _sizes.RemoveAll(s => s != own && s.Known.Packs < Forgotten);
        own.Add(seen);
        (_whole, _repeated) = ((1 - 1 / Memory) * _whole + seen.Whole, (1 - 1 / Memory) * _repeated);
    }

    private Size Begin(int near)
    {
        var at = _sizes.FindIndex(s => s.Rows >= near);
        if (at >= 0 && _sizes[at].Rows == near) return _sizes[at];
        var size = new Size(near);
        _sizes.Insert(at < 0 ? _sizes.Count : at, size);
        return size;
    }

    /// <summary>A reply came to rows that were asked once before.</summary>
    /// <param name="whole">Whether not one valid answer came.</param>
    public void Repeated(bool whole) => _repeated += whole ? 1 : 0;

    /// <summary>What a row costs in packs of a size on the grid, as expected, what is asked again included.</summary>
    public Func<int, double> Costs(PackPrice price) => Costs(price, Surety.Expected, new(this, Between), 0);

    /// <summary>The same when that size itself loses the least, or the most, that agrees with what was seen.</summary>
    /// <param name="price">What calls and rows cost.</param>
    /// <param name="surety">How sure losses are to be.</param>
    /// <param name="sure">A size whose losses are taken as expected; zero for none. Larger ones lose no less.</param>
    public Func<int, double> Costs(PackPrice price, Surety surety, int sure = 0) => Costs(price, surety, new(this, surety == Surety.Doubted ? Above : Between), sure);

    private Func<int, double> Costs(PackPrice price, Surety surety, Repeats repeats, int sure)
    {
        var (whole, part) = (Curve(t => t.Whole, surety, sure, Between), Curve(t => t.Part, surety, sure, Between));
        return rows =>
        {
            var (calls, asked) = repeats.Work(rows, whole(rows), part(rows));
            return price.Of(calls, asked) / rows;
        };
    }

    /// <summary>What packs come to, what is asked again included, by the losses that are expected.</summary>
    private sealed class Repeats(PackLosses losses, Func<Points, double, double> read)
    {
        private readonly Func<double, double> _whole = losses.Curve(t => t.Whole, Surety.Expected, 0, read);
        private readonly Func<double, double> _part = losses.Curve(t => t.Part, Surety.Expected, 0, read);
        private readonly Func<double, double> _share = losses.Shares(read);
        private readonly double _stays = Math.Min(1, (losses._repeated + 0.1) / (losses._whole + 1));
        private readonly Dictionary<int, (double Calls, double Rows)> _known = [];
        private readonly Dictionary<int, (double Calls, double Rows)> _split = [];

        public (double Calls, double Rows) Work(int rows, double whole, double part)
        {
            if (rows == 1)
            {
                var tries = 1 / (1 - Math.Min(MostAlone, whole));
                return (tries, tries);
            }

            // Rows lost one at a time: with fewer of them fewer packs lose any.
            var lost = _share(rows) * rows;
            part *= Math.Min(1, lost);
            var rest = Work(Smaller(rows, Math.Max(1, lost)));
            var halves = Split(rows);
            var again = Math.Max(_stays, whole);
            return (
                1 + whole * (1 + again * halves.Calls) + part * rest.Calls,
                rows + whole * (rows + again * halves.Rows) + part * rest.Rows);
        }

        private (double Calls, double Rows) Work(int rows)
        {
            if (!_known.TryGetValue(rows, out var work)) _known[rows] = work = Work(rows, _whole(rows), _part(rows));
            return work;
        }

        // Two halves; where a row spoils its pack, one of them is split again, down to that row.
        private (double Calls, double Rows) Split(int rows)
        {
            if (rows == 1) return default;
            if (_split.TryGetValue(rows, out var work)) return work;
            var half = Smaller(rows, rows / 2.0);
            var (one, further) = (Work(half), Split(half));
            return _split[rows] = (2 * one.Calls + _stays * further.Calls, 2 * one.Rows + _stays * further.Rows);
        }
    }

    private static int Smaller(int than, double rows)
    {
        var near = Near(rows);
        for (var less = rows; near >= than; less *= 0.95) near = Near(less);
        return near;
    }

    private Func<double, double> Shares(Func<Points, double, double> read)
    {
        var sums = _sizes.ConvertAll(s => (At: Math.Log(s.Rows), Value: s.Known.Part > 0 ? s.Known.Share / s.Known.Part : 0, Weight: s.Known.Part));
        sums.RemoveAll(s => s.Weight <= 0);
        return rows => read(sums, rows);
    }

    private Func<double, double> Curve(Func<PackTally, double> count, Surety surety, int sure, Func<Points, double, double> read)
    {
        var points = new Points(_sizes.Count);
        for (var i = 0; i < _sizes.Count; i++)
        {
            var known = _sizes[i].Known;
            var bound = _sizes[i].Rows == sure ? Surety.Expected : surety;
            points.Add((Math.Log(_sizes[i].Rows), bound switch
            {
                Surety.Least => Least(i),
                Surety.Most => Most(i),
                Surety.Doubted => (count(known) + Doubt) / (known.Packs + 2 * Doubt),
                _ => count(known) / known.Packs,
            }, known.Packs));
        }

        if (surety == Surety.Least)
        {
            for (var i = 1; i < points.Count; i++) points[i] = points[i] with { Value = Math.Max(points[i].Value, points[i - 1].Value) };
            return rows => points.FindLastIndex(p => p.At <= Math.Log(rows) + Same) is >= 0 and var below ? points[below].Value : 0;
        }

        if (surety == Surety.Most)
        {
            for (var i = points.Count - 2; i >= 0; i--) points[i] = points[i] with { Value = Math.Min(points[i].Value, points[i + 1].Value) };
        }
        else
        {
            Pool(points);
        }

        return rows => read(points, rows);

        // What smaller packs lost, this one loses at least; what larger ones lost, at most. So several sizes together give a surer end.
        double Least(int size)
        {
            var (sum, most) = (default(PackTally), 0.0);
            for (var i = size; i >= 0; i--)
            {
                sum += _sizes[i].Known;
                most = Math.Max(most, sum.Interval(count(sum)).Low);
            }

            return most;
        }

        double Most(int size)
        {
            var (sum, least) = (default(PackTally), 1.0);
            for (var i = size; i < _sizes.Count; i++)
            {
                sum += _sizes[i].Known;
                least = Math.Min(least, sum.Interval(count(sum)).High);
            }

            return least;
        }
    }

    private static void Pool(Points points)
    {
        var blocks = new List<(double Value, double Weight, int Count)>();
        foreach (var (_, value, weight) in points)
        {
            blocks.Add((value, weight, 1));
            while (blocks.Count > 1 && blocks[^2].Value > blocks[^1].Value)
            {
                var (a, b) = (blocks[^2], blocks[^1]);
                blocks.RemoveAt(blocks.Count - 1);
                blocks[^1] = ((a.Value * a.Weight + b.Value * b.Weight) / (a.Weight + b.Weight), a.Weight + b.Weight, a.Count + b.Count);
            }
        }

        var next = 0;
        foreach (var (value, _, count) in blocks)
        {
            for (var i = 0; i < count; i++, next++) points[next] = points[next] with { Value = value };
        }
    }

    private static double Between(Points points, double rows)
    {
        if (points.Count == 0) return 0;
        var at = Math.Log(rows);
        var above = points.FindIndex(p => p.At >= at - Same);
        if (above < 0) return points[^1].Value;
        if (above == 0 || points[above].At <= at + Same) return points[above].Value;
        var (a, b) = (points[above - 1], points[above]);
        return a.Value + (b.Value - a.Value) * (at - a.At) / (b.At - a.At);
    }

    /// <summary>Of a size that was not tried, what the next larger one saw.</summary>
    private static double Above(Points points, double rows) =>
        points.Count == 0 ? 0 : points.FindIndex(p => p.At >= Math.Log(rows) - Same) is >= 0 and var above ? points[above].Value : points[^1].Value;

    /// <summary>What one size saw.</summary>
    private sealed class Size(int rows)
    {
        private PackTally _recent;

        public int Rows { get; } = rows;

        public PackTally Known { get; set; }

        public void Add(PackTally seen)
        {
            _recent = (1 - 1 / Recent) * _recent + seen;
            Known = Math.Min(1, (Memory - 1) / Math.Max(1, Known.Packs)) * Known + seen;
            if (Known.Packs > Recent && (IsAnother(t => t.Whole + t.Share) || IsAnother(t => t.Whole + t.Part))) Known = _recent;
        }

        private bool IsAnother(Func<PackTally, double> count)
        {
            var (recent, known) = (_recent.Interval(count(_recent), Changed), Known.Interval(count(Known), Changed));
            return recent.Low > known.High || recent.High < known.Low;
        }
    }
}
