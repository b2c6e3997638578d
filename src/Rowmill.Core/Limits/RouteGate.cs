using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>
/// Holds a route back while its service is down or says to wait, and lets it open carefully. Answers how long; never sleeps.
/// Safe for concurrent use.
/// </summary>
/// <remarks>
/// Requests that were sent before the current hold began say nothing new when they fail or succeed: eight that break together are
/// one failure, and a late reply does not lift a hold.
/// One that breaks while others go through is no outage: it rests by itself and holds nobody else back. Only failures in a row do, in the
/// order in which they end, or a service that says how long to wait.
/// </remarks>
/// <param name="chance">A number from 0 up to 1, anew each time.</param>
public sealed class RouteGate(Func<double> chance)
{
    /// <summary>How long the others wait at most for what comes of the first request after a hold.</summary>
    public static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(30);

    /// <summary>How soon they ask again meanwhile: what comes of it is there as soon as it is answered.</summary>
    public static readonly TimeSpan ProbeStep = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Failures in a row, with no reply between them, that are an outage. So many come about by chance once in 1.3 million requests where 3 %
    /// fail, once in 11,000 where 10 % do, once in 30 where half of them do ((1 - q) / (p^n (1 - p)), q the chance of n in a row): a service
    /// that fails now and then is hardly ever held, a broken one soon, and one that is down gets these and what was in flight.
    /// </summary>
    public const int FailuresOfAnOutage = 4;

    private static readonly TimeSpan s_transientBase = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan s_rateLimitBase = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_jitter = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly RefusalPace _pace = new();
    private DateTimeOffset _heldSince = DateTimeOffset.MinValue;
    private DateTimeOffset _until = DateTimeOffset.MinValue;
    private DateTimeOffset _probeUntil = DateTimeOffset.MinValue;
    private DateTimeOffset _setAt = DateTimeOffset.MinValue;
    private DateTimeOffset? _outageSince;
    private DateTimeOffset? _refusedSince;
    private bool _probing;
    private int _inRow;
    private int _failures;
    private int _refusals;
    private string? _reason;

    /// <summary>Why the route is held; null when it is open, or when it only keeps its pace.</summary>
    public string? Reason
    {
        get
        {
            lock (_gate) return _reason;
        }
    }

    /// <summary>When the hold ends; null when the route is open.</summary>
    public DateTimeOffset? HeldUntil
    {
        get
        {
            lock (_gate) return _reason is null ? null : _probing ? _probeUntil : _until;
        }
    }

    /// <summary>
    /// How long until the caller may send; zero: now. When a hold ends the first caller gets zero and is the probe; the others wait
    /// until something has come of it, at most <see cref="ProbeTime"/>, after which one more may try; they are told to ask again after
    /// <see cref="ProbeStep"/>.
    /// </summary>
    public TimeSpan Wait(DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_reason is null) return _pace.Take(now);
            SetBack(now);
            if (_probing && now < _probeUntil) return _probeUntil - now < ProbeStep ? _probeUntil - now : ProbeStep;
            if (now < _until) return _until - now;
            (_probing, _probeUntil, _setAt) = (true, now + ProbeTime, now);
            return TimeSpan.Zero;
        }
    }

    /// <summary>How long requests have failed without a sign of life; zero when the last one brought one.</summary>
    public TimeSpan Outage(DateTimeOffset now)
    {
        lock (_gate) return _outageSince is { } since && now > since ? now - since : TimeSpan.Zero;
    }

    /// <summary>How long the service has refused requests without taking one; zero when it has not, and while one tries it.</summary>
    public TimeSpan Refused(DateTimeOffset now)
    {
        lock (_gate) return !_probing && _refusedSince is { } since && now > since ? now - since : TimeSpan.Zero;
    }

    /// <summary>Holds the route at least until an instant. How long the service has refused is counted anew from here.</summary>
    public void Hold(DateTimeOffset until, string reason, DateTimeOffset now)
    {
        lock (_gate)
        {
            _refusedSince = null;
            HoldLocked(until, reason, now, now);
        }
    }

    /// <summary>A request brought a reply.</summary>
    /// <param name="sentAt">When it was sent.</param>
    public void Succeeded(DateTimeOffset sentAt)
    {
        lock (_gate)
        {
            _refusedSince = null;
            _pace.Replied();
            if (sentAt < _heldSince) return;
            (_outageSince, _inRow, _failures, _refusals, _reason, _probing) = (null, 0, 0, 0, null, false);
        }
    }

    /// <summary>Whoever was let go does not send after all: if that was the probe, the next one may be it.</summary>
    public void NotSent()
    {
        lock (_gate)
        {
            if (_probing) _probing = false;
        }
    }

    /// <summary>A request was turned away by a window that knows when it opens: the service is not down, and holds nobody back.</summary>
    /// <param name="now">When.</param>
    public void Answered(DateTimeOffset now)
    {
        lock (_gate)
        {
            _refusedSince ??= now;
            (_outageSince, _inRow, _failures) = (null, 0, 0);
            if (_probing) (_reason, _probing) = (null, false);
        }
    }

    /// <summary>A request brought none.</summary>
    /// <param name="failure">What it brought. A failure that shows the service alive counts as a reply.</param>
    /// <param name="sentAt">When it was sent.</param>
    /// <param name="now">When it failed.</param>
    public void Failed(ModelFailure failure, DateTimeOffset sentAt, DateTimeOffset now)
    {
        switch (failure.Kind)
        {
            case FailureKind.Unavailable or FailureKind.TimedOut or FailureKind.ConnectionLost:
                Down(failure, sentAt, now);
                break;
            case FailureKind.RateLimited:
                Limited(failure, sentAt, now);
                break;
            default:
                Succeeded(sentAt);
                break;
        }
    }

    /// <summary>
    /// How long a request that has broken rests by itself before it is sent again, while others go; zero when the route is held, since then the
    /// hold says when.
    /// </summary>
    /// <param name="failures">How often it has broken before while others went through.</param>
    public TimeSpan Rest(int failures)
    {
        lock (_gate) return _reason is null ? chance() * BackOff(s_transientBase, failures) : TimeSpan.Zero;
    }

    private void Down(ModelFailure failure, DateTimeOffset sentAt, DateTimeOffset now)
    {
        lock (_gate)
        {
            var told = failure.RetryAfter is { } after ? now + after : DateTimeOffset.MinValue;
            if (sentAt < _heldSince)
            {
                if (told > _until && told > now) HoldLocked(told, failure.Message, _heldSince, now);
                return;
            }

            _outageSince ??= now;
            // After a hold, whatever it was for, one more failure is enough.
            if (++_inRow < FailuresOfAnOutage && _reason is null && told <= now) return;
            // Full jitter: clients that broke down together do not come back together.
            var back = now + chance() * BackOff(s_transientBase, _failures++);
            HoldLocked(back > told ? back : told, failure.Message, now, now);
        }
    }

    private void Limited(ModelFailure failure, DateTimeOffset sentAt, DateTimeOffset now)
    {
        lock (_gate)
        {
            _refusedSince ??= now;
            if (failure is { Window: null, RetryAfter: { } hint }) _pace.Told(hint);
            if (failure.Window is null && sentAt >= _heldSince) _pace.Refused(now);

            // The service answers, so it is not down.
            if (sentAt >= _heldSince) (_outageSince, _inRow, _failures) = (null, 0, 0);
            if (failure.RetryAfter is { } after)
            {
                _refusals = 0;
                var jitter = after * 0.05 < s_jitter ? after * 0.05 : s_jitter;
                HoldLocked(now + after + chance() * jitter, failure.Message, now, now);
            }
            else if (sentAt >= _heldSince)
            {
                HoldLocked(now + (0.5 + chance() / 2) * BackOff(s_rateLimitBase, _refusals++), failure.Message, now, now);
            }
        }
    }

    private void HoldLocked(DateTimeOffset until, string reason, DateTimeOffset since, DateTimeOffset now)
    {
        SetBack(now);
        // A probe's time is no hold: what comes of the probe replaces it.
        if (_reason is not null && !_probing && until <= _until) return;
        (_heldSince, _until, _reason, _probing, _setAt) = (since, until, reason, false, now);
    }

    /// <summary>A clock that went back behind the hold takes its instants with it: nobody waits for longer because of that.</summary>
    private void SetBack(DateTimeOffset now)
    {
        var back = _setAt - now;
        if (back <= WindowUsage.Skew) return;
        (_heldSince, _until, _setAt) = (_heldSince - back, _until - back, now);
        if (_probing) _probeUntil -= back;
        (_outageSince, _refusedSince) = (_outageSince - back, _refusedSince - back);
    }

    private static TimeSpan BackOff(TimeSpan first, int failures)
    {
        var longer = first * Math.Pow(2, Math.Min(failures, 30));
        return longer < s_longest ? longer : s_longest;
    }
}
