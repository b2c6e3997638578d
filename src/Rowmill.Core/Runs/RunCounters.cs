using Rowmill.Core.Models;

namespace Rowmill.Core.Runs;

/// <summary>What a run counts while it goes; safe for concurrent use.</summary>
/// <param name="clock">The clock.</param>
internal sealed class RunCounters(TimeProvider clock)
{
    private static readonly TimeSpan s_paceSpan = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly long _started = clock.GetTimestamp();
    private readonly Queue<(TimeSpan At, long Done)> _pace = new();
    private RowCounts _rows = new(0, 0, 0, 0, 0, 0, 0);
    private CallCounts _calls = new(0, 0, 0, 0);
    private TokenUsage _tokens;
    private ReplyCounts _replies;
    private decimal? _usd = 0m;
    private decimal _reserved;
    private TaskCompletionSource _freed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<string> _answeredBy = new(StringComparer.Ordinal);
    private long _endedByCalls;
    private long _goodByCalls;
    private int _inFlight;
    private RunPhase _phase;
    private string? _waitingFor;
    private DateTimeOffset? _waitingUntil;

    /// <summary>Time since the start.</summary>
    public TimeSpan Elapsed => clock.GetElapsedTime(_started);

    /// <summary>Calls so far.</summary>
    public CallCounts Calls
    {
        get
        {
            lock (_gate) return _calls;
        }
    }

    /// <summary>Tokens so far.</summary>
    public TokenUsage Tokens
    {
        get
        {
            lock (_gate) return _tokens;
        }
    }

    /// <summary>What was put right or refused in replies so far.</summary>
    public ReplyCounts Replies
    {
        get
        {
            lock (_gate) return _replies;
        }
    }

    /// <summary>Money so far; null once a call without a price brought a reply.</summary>
    public decimal? Usd
    {
        get
        {
            lock (_gate) return _usd;
        }
    }

    /// <summary>Rows that calls of this run answered or abstained from.</summary>
    public long GoodByCalls
    {
        get
        {
            lock (_gate) return _goodByCalls;
        }
    }

    /// <summary>Rows the run counts, once known.</summary>
    public void SetTotal(long total)
    {
        lock (_gate) _rows = _rows with { Total = total };
    }

    /// <summary>The run does something else now.</summary>
    public void Enter(RunPhase phase)
    {
        lock (_gate)
        {
            _phase = phase;
            _waitingFor = null;
        }
    }

    /// <summary>Rows that ended without a call of this run.</summary>
    public void Known(Outputs.RowStatus status, long rows)
    {
        lock (_gate)
        {
            Add(status, rows);
            if (status is Outputs.RowStatus.Answered or Outputs.RowStatus.Abstained)
                _rows = _rows with { FromCache = _rows.FromCache + rows };
        }
    }

    /// <summary>A route has answered a row of the job, in this run or in what the run found stored.</summary>
    /// <param name="route"><see cref="Route.Id"/>.</param>
    public void AnsweredBy(string route)
    {
        lock (_gate) _answeredBy.Add(route);
    }

    /// <summary>Whether a route has ever answered a row of the job.</summary>
    public bool HasAnswered(string route)
    {
        lock (_gate) return _answeredBy.Contains(route);
    }

    /// <summary>Whether any route has ever answered a row of the job.</summary>
    public bool HasAnsweredAny
    {
        get
        {
            lock (_gate) return _answeredBy.Count > 0;
        }
    }

    /// <summary>Rows that a call of this run ended.</summary>
    public void Ended(Outputs.RowStatus status, long rows)
    {
        lock (_gate)
        {
            Add(status, rows);
            _endedByCalls += rows;
            if (status is Outputs.RowStatus.Answered or Outputs.RowStatus.Abstained) _goodByCalls += rows;
        }
    }

    /// <summary>Whether a call that costs this much at most stays within a budget; if so, that much is set aside until it ended.</summary>
    /// <param name="maxUsd">What the call costs at most.</param>
    /// <param name="left">The budget.</param>
    /// <param name="freed">Completes when money set aside for other calls is freed; null when none is.</param>
    public bool TryReserve(decimal maxUsd, decimal left, out Task? freed)
    {
        lock (_gate)
        {
            freed = _reserved > 0 ? _freed.Task : null;
            if ((_usd ?? 0m) + _reserved + maxUsd > left) return false;
            _reserved += maxUsd;
            return true;
        }
    }

    /// <summary>Frees what <see cref="TryReserve"/> set aside.</summary>
    public void Unreserve(decimal maxUsd)
    {
        lock (_gate)
        {
            _reserved -= maxUsd;
            _freed.TrySetResult();
            _freed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>A call leaves.</summary>
    public void CallSent()
    {
        lock (_gate)
        {
            _calls = _calls with { Sent = _calls.Sent + 1 };
            _inFlight++;
            _waitingFor = null;
            _waitingUntil = null;
        }
    }

    /// <summary>A call ended, whatever came of it.</summary>
    public void CallEnded(FailureKind? failure, TokenUsage usage, decimal? usd, ReplyCounts replies = default)
    {
        lock (_gate)
        {
            _inFlight--;
            _calls = failure switch
            {
                null => _calls with { Succeeded = _calls.Succeeded + 1 },
                FailureKind.RateLimited => _calls with { RateLimited = _calls.RateLimited + 1 },
                _ => _calls with { Failed = _calls.Failed + 1 },
            };
            _tokens += usage;
            _replies += replies;
            _usd = usd is null && failure is null ? null : _usd + (usd ?? 0m);
        }
    }

    /// <summary>A call was given up without knowing what came of it.</summary>
    public void CallAbandoned()
    {
        lock (_gate) _inFlight--;
    }

    /// <summary>The run waits.</summary>
    public void Waiting(string what, DateTimeOffset until)
    {
        lock (_gate)
        {
            _waitingFor = what;
            _waitingUntil = until;
        }
    }

    /// <summary>Where the run stands.</summary>
    public RunProgress Progress()
    {
        lock (_gate)
        {
            var elapsed = Elapsed;
            while (_pace.Count > 1 && elapsed - _pace.Peek().At > s_paceSpan) _pace.Dequeue();
            var since = _pace.Count > 0 ? _pace.Peek() : (At: TimeSpan.Zero, Done: 0L);
            if (_pace.Count == 0 || elapsed > _pace.Last().At) _pace.Enqueue((elapsed, _endedByCalls));
            var span = (elapsed - since.At).TotalSeconds;
            var pace = span > 0 ? (_endedByCalls - since.Done) / span : 0;
            var left = _rows.Total - _rows.Answered - _rows.Abstained - _rows.Invalid - _rows.Failed;
            var waiting = _inFlight == 0 || _waitingUntil > clock.GetUtcNow();
            return new RunProgress(
                _phase, _rows with { Pending = left }, _calls, _inFlight, _tokens, _usd, elapsed, pace,
                pace > 0 && left > 0 ? TimeSpan.FromSeconds(left / pace) : null,
                waiting ? _waitingFor : null, waiting ? _waitingUntil : null);
        }
    }

    private void Add(Outputs.RowStatus status, long rows)
    {
        Telemetry.RowsEnded(status, rows);
        _rows = status switch
        {
            Outputs.RowStatus.Answered => _rows with { Answered = _rows.Answered + rows },
            Outputs.RowStatus.Abstained => _rows with { Abstained = _rows.Abstained + rows },
            Outputs.RowStatus.Invalid => _rows with { Invalid = _rows.Invalid + rows },
            Outputs.RowStatus.Failed => _rows with { Failed = _rows.Failed + rows },
            _ => _rows,
        };
    }
}
