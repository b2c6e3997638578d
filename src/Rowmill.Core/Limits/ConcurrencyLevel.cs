namespace Rowmill.Core.Limits;

/// <summary>How many requests a route may have in flight; finds the number itself unless it is given. Safe for concurrent use.</summary>
/// <remarks>
/// It climbs a hill of throughput. At the level where it is at home it measures rows per second, tries another level, and moves there
/// when that pays: a higher one that brings a good part of the gain that a service without bounds would bring, a lower one against
/// which home does not. Steps that succeed grow up to doubling, one that fails is tried once more as a quarter. When neither
/// direction pays it rests, and looks again after a while, since services change. Overload halves at once. A level that is not in
/// use, because windows or the rows at hand bind, says nothing and stays.
/// </remarks>
/// <param name="given">The number; null to find it.</param>
public sealed class ConcurrencyLevel(int? given)
{
    /// <summary>Where finding begins.</summary>
    public const int First = 8;

    /// <summary>The most it finds.</summary>
    public const int Most = 512;

    /// <summary>The factor of the steps that it begins with and grows to.</summary>
    private const double LongStep = 2;

    /// <summary>The factor of a careful step.</summary>
    private const double ShortStep = 1.25;

    /// <summary>A higher level pays with at least this share of the gain in proportion to the levels.</summary>
    private const double Pays = 0.4;

    /// <summary>Below this share of it a higher level brings nothing at all.</summary>
    private const double Nothing = 0.15;

    /// <summary>How many standard errors a difference must be off the bar before it decides.</summary>
    private const double Certainty = 2;

    /// <summary>How many times finer than a step's distance from its bar the figure is to be with which it is compared.</summary>
    private const double FinerThanStep = 3;

    /// <summary>Replies after which a difference decides in any case, and those for each request of the level.</summary>
    private const int Decisive = 64;
    private const int DecisiveEach = 2;

    /// <summary>Measurements at home between two searches: they double with every search that finds nothing.</summary>
    private const int ShortestRest = 4;
    private const int LongestRest = 16;

    /// <summary>
    /// Failures among more than this many replies each are no overload: services fail now and then at any level, and halving at each would end
    /// at one. A service that refuses what is too much does so far more often, since what it refused at once is soon followed by the next.
    /// </summary>
    private const int RepliesPerStray = 10;

    /// <summary>Fewer failures tell nothing: where 3 % fail by chance, so many come among 40 requests three times in a hundred.</summary>
    private const int FewestOverloads = 4;

    /// <summary>Replies after which those and the failures count half, and the same for each request of the level.</summary>
    private const int Remembered = 200;
    private const int RememberedEach = 4;

    private readonly Lock _gate = new();
    private readonly ConcurrencyEpoch _epoch = new();
    private volatile int _level = given ?? First;

    // The search: the best level so far and what it brought; where and how far the next step goes; which directions do not pay.
    private int _home = First;
    private Throughput? _atHome;
    private bool _up = true;
    private double _step = LongStep;
    private bool _upFailed;
    private bool _downFailed;
    private int _rest;
    private int _nextRest = ShortestRest;

    // A level that overloaded the service; steps stay below the ceiling, which begins there and rises slowly.
    private int _overloadedAt = Most + 1;
    private int _ceiling = Most + 1;
    private DateTimeOffset _changedAt = DateTimeOffset.MinValue;
    private DateTimeOffset _halvedAt = DateTimeOffset.MinValue;
    private int _peak;
    private double _replies;
    private double _overloads;

    /// <summary>The number at this moment.</summary>
    public int Level => _level;

    /// <summary>A request brought a reply.</summary>
    /// <param name="latency">From leaving to the last byte.</param>
    /// <param name="rows">Rows it carried.</param>
    /// <param name="inFlight">Requests in flight when it left, itself included.</param>
    /// <param name="now">Now.</param>
    public void Replied(TimeSpan latency, int rows, int inFlight, DateTimeOffset now)
    {
        if (given is not null) return;
        lock (_gate)
        {
            Follow(now);
            _peak = Math.Max(_peak, inFlight);
            if (++_replies > Math.Max(Remembered, RememberedEach * _level)) (_replies, _overloads) = (_replies / 2, _overloads / 2);
            var sentAt = now - latency;
            // Sent at another level, or while this one was not in use: an eighth may be on its way from one request to the next.
            if (sentAt < _changedAt || inFlight > _level || inFlight < _level - _level / 8) return;
            if (_epoch.Add(sentAt, latency, rows) && _epoch.Measure(_level, now, _atHome?.Punctual ?? 0) is { } measured) Decide(measured, now);
        }
    }

    /// <summary>The service was overloaded, broke or gave no reply in time.</summary>
    /// <param name="sentAt">When the request left.</param>
    /// <param name="now">Now.</param>
    public void Overloaded(DateTimeOffset sentAt, DateTimeOffset now)
    {
        if (given is not null) return;
        lock (_gate)
        {
            Follow(now);
            // Requests that left before the last halving break with it: they say nothing of the present level. And a service that has
            // not replied since is down, which no level mends.
            if (sentAt <= _halvedAt || (_replies == 0 && _halvedAt > DateTimeOffset.MinValue)) return;
            if (++_overloads < FewestOverloads || _overloads * RepliesPerStray < _replies) return;
            // A level that nothing filled is not what was too much.
            var inUse = _replies < _level || _peak >= _level / 2 ? _level : _peak;
            _ceiling = _overloadedAt = Math.Max(2, inUse);
            (_home, _atHome) = (Math.Max(1, inUse / 2), null);
            (_halvedAt, _replies, _overloads, _peak) = (now, 0, 0, 0);
            (_up, _step, _upFailed, _downFailed, _rest) = (true, LongStep, false, true, 0);
            Set(_home, now);
        }
    }

    private void Decide(Throughput measured, DateTimeOffset now)
    {
        if (_level == _home) AtHome(measured, now);
        else Compare(measured, _atHome!.Value, now);
    }

    private void AtHome(Throughput measured, DateTimeOffset now)
    {
        if (_rest > 0)
        {
            if (measured.Replies < Enough(_level)) return;
            _epoch.Clear();
            if (--_rest > 0) return;
            // Services change: what did not pay may pay by now, and what overloaded one once need not do so for ever.
            (_up, _step, _upFailed, _downFailed) = (true, ShortStep, false, false);
            _ceiling = Math.Min(Most + 1, (int)(_ceiling * ShortStep) + 1);
        }

        _atHome = measured;
        if (Next() is not { } next)
        {
            (_rest, _nextRest) = (_nextRest, Math.Min(LongestRest, _nextRest * 2));
            _epoch.Clear();
        }
        else if (measured.Replies >= Enough(_level) || measured.Error <= Distance(next) / FinerThanStep)
        {
            Set(next, now);
        }
    }

    /// <summary>How far the bar of a step is from a full gain, as a difference of logarithms; as far as from none, or nearly.</summary>
    private double Distance(int level)
    {
        var ratio = level > _home ? (double)level / _home : (double)_home / level;
        return Math.Log(ratio / Bar(ratio));
    }

    /// <summary>The gain from which a higher level pays.</summary>
    private static double Bar(double ratio) => 1 + Pays * (ratio - 1);

    private void Compare(Throughput here, Throughput home, DateTimeOffset now)
    {
        var (high, low) = _up ? (here, home) : (home, here);
        var ratio = _up ? (double)_level / _home : (double)_home / _level;
        var gain = high.RowsPerSecond / low.RowsPerSecond;
        var off = Math.Log(gain / Bar(ratio));
        var sure = Math.Abs(off) >= Certainty * Math.Sqrt(here.Error * here.Error + home.Error * home.Error);
        if (!sure && here.Replies < Enough(Math.Max(_level, _home))) return;
        if (off > 0 == _up)
        {
            Arrive();
            AtHome(here, now);
        }
        else
        {
            TurnBack(gain - 1 < Nothing * (ratio - 1));
            Set(_home, now);
        }
    }

    private void Arrive()
    {
        // What lies between the two homes is known when the step was short.
        if (_up) _downFailed = _step <= ShortStep;
        else _upFailed = _step <= ShortStep;
        (_home, _step) = (_level, Math.Min(LongStep, _step * _step));
        if (_level >= _overloadedAt) _ceiling = _overloadedAt = Most + 1;
        if (_ceiling > Most) _nextRest = ShortestRest;
    }

    private void TurnBack(bool nothing)
    {
        var longStep = _step > ShortStep;
        if (longStep && !(_up && nothing))
        {
            _step = ShortStep;
            return;
        }

        // Twice as much brought nothing at all: home itself is probably too high by as much.
        if (_up) _upFailed = true;
        else _downFailed = true;
        (_step, _up) = (_up && longStep ? LongStep : ShortStep, !_up);
    }

    /// <summary>The level of the next step; null when none is left to try.</summary>
    private int? Next()
    {
        for (var turn = 0; turn < 2; turn++)
        {
            if (!(_up ? _upFailed : _downFailed))
            {
                // Below a ceiling half of the way is gone each time.
                var most = _ceiling > Most ? Most : Math.Min(_ceiling - 1, (_home + _ceiling + 1) / 2);
                var next = _up
                    ? Math.Min(Math.Max(_home + 1, (int)Math.Round(_home * _step)), most)
                    : Math.Max(1, Math.Min(_home - 1, (int)Math.Round(_home / _step)));
                if (_up ? next > _home : next < _home) return next;
            }

            (_up, _step) = (!_up, ShortStep);
        }

        return null;
    }

    /// <summary>After a clock was set back nothing known lies in the future.</summary>
    private void Follow(DateTimeOffset now)
    {
        if (now < _changedAt) Set(_level, now);
        if (now < _halvedAt) _halvedAt = now;
    }

    private void Set(int level, DateTimeOffset now)
    {
        (_level, _changedAt) = (level, now);
        _epoch.Clear();
    }

    private static int Enough(int level) => Math.Max(Decisive, DecisiveEach * level);
}
