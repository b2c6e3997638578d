using System.Text.Json.Nodes;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>
/// The events of one run, in order and numbered without gaps: to the observer at once, to the log behind it. Calls that end within
/// a quarter of a second share one <c>answered</c> event, so a fast run does not drown its log.
/// </summary>
internal sealed class EventStream(string runId, IEventLog log, IRunObserver? observer, TimeProvider clock)
{
    private static readonly TimeSpan s_coalesce = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private Task _written = Task.CompletedTask;
    private long _number;
    private long _lastAnswered;
    private long _calls;
    private long _good;
    private long _unanswered;

    /// <summary>Something happened.</summary>
    public void Emit(string kind, JsonObject? data = null)
    {
        lock (_gate)
        {
            if (_calls > 0) EmitAnswered();
            EmitLocked(kind, data ?? []);
        }
    }

    /// <summary>A call brought a reply.</summary>
    public void Answered(int good, int unanswered)
    {
        lock (_gate)
        {
            _calls++;
            _good += good;
            _unanswered += unanswered;
            if (_lastAnswered == 0 || clock.GetElapsedTime(_lastAnswered) >= s_coalesce) EmitAnswered();
        }
    }

    /// <summary>Completes when every event so far is in the log.</summary>
    public Task FlushAsync()
    {
        lock (_gate)
        {
            if (_calls > 0) EmitAnswered();
            return _written;
        }
    }

    private void EmitAnswered()
    {
        _lastAnswered = clock.GetTimestamp();
        EmitLocked("answered", new JsonObject { ["calls"] = _calls, ["rows"] = _good, ["unanswered"] = _unanswered });
        _calls = _good = _unanswered = 0;
    }

    private void EmitLocked(string kind, JsonObject data)
    {
        var e = new RunEvent(runId, ++_number, clock.GetUtcNow(), kind, data);
        observer?.Happened(e);
        var append = log.AppendAsync(e);
        if (!append.IsCompletedSuccessfully) _written = Task.WhenAll(_written, append.AsTask());
    }
}
