namespace Rowmill.Core.Limits;

/// <summary>
/// Finds that a forecast repeats itself: two stretches one after the other (of as many calls, or of a calendar day each) that took as
/// long, brought as many calls and moved the windows alike. Then it says how often they may be repeated without playing them, which is
/// until something changes: a window begins to bind or ceases to, a hold or a day ends, the rows run out.
/// </summary>
/// <remarks>
/// Two stretches count as alike within a fifth of a per cent, and what is repeated is the later one; the first repetition is short and each
/// later one at most <see cref="Growth"/> times what has been seen, so that a slow drift shows before it matters.
/// </remarks>
/// <param name="lanes">The routes.</param>
/// <param name="days">Whether the stretches are calendar days: then calendar windows begin each anew.</param>
internal sealed class ForecastCycle(List<ForecastLane> lanes, bool days)
{
    private const double Alike = 0.002;
    private const double Growth = 3;

    /// <summary>Stretches in a row without two alike, after which longer ones are tried: they even out what goes round in them.</summary>
    private const int Tries = 16;

    private readonly ForecastWindow[] _windows = [.. lanes.SelectMany(l => l.Windows)];
    private readonly int[] _lanes = [.. lanes.SelectMany((l, i) => l.Windows.Select(_ => i))];
    private State? _last;
    private Stretch? _stretch;
    private double _seen;
    private int _unlike;

    /// <summary>How long the stretch took.</summary>
    public TimeSpan Period => _stretch!.Time;

    /// <summary>Rows asked in it.</summary>
    public double Rows => _stretch!.Rows;

    /// <summary>Takes a look at the end of a stretch.</summary>
    /// <param name="now">The instant.</param>
    /// <param name="rows">Rows left.</param>
    /// <param name="until">What comes then changes things.</param>
    /// <returns>How often the stretch may be repeated.</returns>
    public long Repeats(DateTimeOffset now, double rows, DateTimeOffset until)
    {
        var state = State.Of(now, lanes, _windows);
        var stretch = _last is null ? null : Stretch.Between(_last, state, lanes);
        var before = _stretch;
        (_last, _stretch) = (state, stretch);
        if (stretch is null || before is null || !SameAs(before, stretch))
        {
            if (before is not null) _unlike++;
            _seen = 1;
            return 0;
        }

        _seen++;
        // One stretch is left to be played at the end, so that the end is exact.
        var most = Math.Min(Growth * _seen, rows / stretch.Rows - 1);
        if (stretch.Time > TimeSpan.Zero && until < DateTimeOffset.MaxValue) most = Math.Min(most, (until - now) / stretch.Time - 1);
        for (var i = 0; i < _windows.Length && most >= 1; i++) most = Math.Min(most, Room(i, stretch));
        return most >= 1 ? (long)most : 0;
    }

    /// <summary>Repeats the stretch.</summary>
    /// <param name="times">How often.</param>
    /// <param name="by">How long that takes in all.</param>
    public void Repeat(long times, TimeSpan by)
    {
        var stretch = _stretch!;
        foreach (var (i, lane) in lanes.Index())
        {
            lane.Calls += times * stretch.Calls[i];
            lane.Skip(by);
        }

        foreach (var (i, window) in _windows.Index())
        {
            window.Waited += times * stretch.Waited[i];
            if (Moves(i, stretch)) window.Usage = window.Usage with { Used = Math.Max(0, window.Usage.Used + times * stretch.Used[i]) };
        }

        _seen += times;
        _last = State.Of(_last!.At + by, lanes, _windows);
    }

    /// <summary>What went before does not continue.</summary>
    public void Forget() => (_last, _stretch) = (null, null);

    /// <summary>How much longer stretches should become: 1, or 2 after many that were not alike.</summary>
    public int Patience()
    {
        if (_unlike < Tries) return 1;
        _unlike = 0;
        Forget();
        return 2;
    }

    private bool SameAs(Stretch a, Stretch b)
    {
        if (Math.Abs((a.Time - b.Time).Ticks) > Alike * b.Time.Ticks) return false;
        var calls = b.Calls.Sum();
        for (var i = 0; i < b.Calls.Length; i++)
            if (Math.Abs(a.Calls[i] - b.Calls[i]) > Alike * calls) return false;
        for (var i = 0; i < _windows.Length; i++)
            if (Math.Abs(a.Used[i] - b.Used[i]) > Math.Max(2 * _windows[i].Size, 2 * Alike * Math.Abs(b.Used[i]))) return false;
        return true;
    }

    /// <summary>How many stretches go by before the window changes things: it opens, closes or is unused.</summary>
    private double Room(int index, Stretch stretch)
    {
        if (!Moves(index, stretch)) return double.PositiveInfinity;
        var (window, change) = (_windows[index], stretch.Used[index]);
        var toThreshold = (window.Threshold - window.Usage.Used) * Math.Sign(change);
        var room = change < 0 ? window.Usage.Used : double.PositiveInfinity;
        if (toThreshold > 0) room = Math.Min(room, toThreshold);
        else if (change > 0) return 0;
        // A window that only refills is followed exactly; one that is used by requests jumps by what they take.
        var jumps = stretch.Calls[_lanes[index]] > 0 ? 2 * window.Size : 0;
        return (room - jumps) / Math.Abs(change) - 1;
    }

    /// <summary>
    /// Whether a window fills or empties. One that binds stays where it is but for a request or two, and so does one that nobody
    /// minds, near zero. A calendar day begins each stretch of a day anew.
    /// </summary>
    private bool Moves(int index, Stretch stretch)
    {
        var (window, change) = (_windows[index], Math.Abs(stretch.Used[index]));
        if (days && window.Spec.Calendar) return false;
        if (stretch.Calls[_lanes[index]] == 0) return change > 0;
        var binds = Math.Abs(window.Usage.Used - window.Threshold) <= 2 * window.Size;
        return change > (binds ? 2 : 0.25) * window.Size;
    }

    private sealed record Stretch(TimeSpan Time, double Rows, double[] Calls, double[] Used, double[] Waited)
    {
        public static Stretch Between(State from, State to, List<ForecastLane> lanes)
        {
            var calls = Minus(to.Calls, from.Calls);
            return new(to.At - from.At, calls.Select((c, i) => c * lanes[i].RowsPerCall).Sum(), calls, Minus(to.Used, from.Used), Minus(to.Waited, from.Waited));
        }

        private static double[] Minus(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x - y)];
    }

    private sealed record State(DateTimeOffset At, double[] Calls, double[] Used, double[] Waited)
    {
        public static State Of(DateTimeOffset at, List<ForecastLane> lanes, ForecastWindow[] windows) => new(
            at,
            [.. lanes.Select(l => l.Calls)],
            [.. windows.Select(w => w.Usage.AdvancedTo(at, w.Spec).Used)],
            [.. windows.Select(w => w.Waited)]);
    }
}
