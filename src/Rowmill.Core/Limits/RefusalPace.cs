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

    // About one request in fifty is refused at this ratio of steps: slower by as much as some twenty replies make faster.
    private const double Slower = 1.02;
    private const double Faster = 0.999;

    private DateTimeOffset? _began;
    private DateTimeOffset _next = DateTimeOffset.MinValue;
    private DateTimeOffset _taken = DateTimeOffset.MinValue;
    private TimeSpan? _interval;
    private int _replies;

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

    /// <summary>A request was refused; several that were sent together count once.</summary>
    public void Refused(DateTimeOffset now)
    {
        if (_began > now) _began = null;
        if (_interval is { } known) _interval = known * Slower;
        else if (_began is { } began && now - began <= s_longestMeasured && _replies >= EnoughReplies) _interval = (now - began) / _replies * Slower;
        if (_interval is null && _began is { } old && now - old <= s_longestMeasured) return;
        (_began, _replies) = (now, 0);
    }

    /// <summary>A request brought a reply.</summary>
    public void Replied()
    {
        _replies++;
        _interval *= Faster;
    }
}
