namespace Rowmill.Core.Limits;

/// <summary>
/// The pace at a service that refuses without saying by which window: found from what it lets through while it refuses, tried a little
/// faster with every reply, a little slower with every refusal. So a crowd is not refused over and over. Not safe for concurrent use.
/// </summary>
internal sealed class RefusalPace
{
    /// <summary>Replies after a refusal that make a pace.</summary>
    private const int EnoughReplies = 5;

    /// <summary>What came longer ago says nothing of the pace of now.</summary>
    private static readonly TimeSpan s_longestMeasured = TimeSpan.FromMinutes(2);

    // About one request in fifty is refused at this ratio of steps: slower by as much as fifty replies make faster.
    private const double Slower = 1.02;
    private const double Faster = 0.9996;

    /// <summary>Replies in a row among which the right pace would have brought a refusal; every <see cref="RowsToDouble"/> more double the step.</summary>
    private const int UsualRow = 60;
    private const int RowsToDouble = 10;

    /// <summary>Steps grow to at most 2^this of the usual one: 2.5 % faster with a reply, 16 % slower with a refusal.</summary>
    private const int MostFaster = 6;
    private const int MostSlower = 3;

    private DateTimeOffset? _began;
    private DateTimeOffset _next = DateTimeOffset.MinValue;
    private DateTimeOffset _taken = DateTimeOffset.MinValue;
    private TimeSpan? _interval;
    private int _replies;
    private int _hints;
    private TimeSpan _longestHint;
    private int _tooFast;

    /// <summary>Time from one request to the next; null while no pace is known.</summary>
    public TimeSpan? Interval => _interval;

    /// <summary>How long until the next request may leave; zero takes its turn.</summary>
    public TimeSpan Take(DateTimeOffset now)
    {
        if (_interval is not { } interval) return TimeSpan.Zero;

        // A clock that went back behind the last turn takes the next one with it.
        if (_taken - now is var back && back > WindowUsage.Skew) (_next, _taken) = (_next - back, now);
        if (now < _next) return _next - now;

        // A turn missed by less than an interval is made up for.
        _next = (_next > now - interval ? _next : now) + interval;
        _taken = now;
        return TimeSpan.Zero;
    }

    /// <summary>A refusal said after how long one request would fit: the longest of many is about the time from one to the next.</summary>
    public void Told(TimeSpan after)
    {
        _hints++;
        if (after > _longestHint) _longestHint = after;
    }

    /// <summary>A request was refused; several that were sent together count once.</summary>
    public void Refused(DateTimeOffset now)
    {
        if (_began > now) _began = null;
        if (_interval is { } known)
        {
            _tooFast = _replies < EnoughReplies ? Math.Min(_tooFast + 1, MostSlower) : 0;
            _interval = known * (1 + (Slower - 1) * (1 << _tooFast));
        }
        else if (_began is { } began && now - began <= s_longestMeasured)
        {
            if (_replies < EnoughReplies) return;

            // What was let through is too little where this side was slow meanwhile; the service's own words then say more.
            var measured = (now - began) / _replies * Slower;
            _interval = _hints >= EnoughReplies && _longestHint > TimeSpan.Zero && _longestHint < measured ? _longestHint : measured;
        }

        (_began, _replies, _hints, _longestHint) = (now, 0, 0, default);
    }

    /// <summary>A request brought a reply.</summary>
    public void Replied()
    {
        _replies++;
        if (_interval is not { } interval) return;

        // A long row of replies shows that the pace was found far too slow.
        var doublings = Math.Clamp((_replies - UsualRow) / RowsToDouble, 0, MostFaster);
        _interval = interval * (1 - (1 - Faster) * (1 << doublings));
    }
}
