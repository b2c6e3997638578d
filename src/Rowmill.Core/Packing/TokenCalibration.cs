using Rowmill.Core.Models;

namespace Rowmill.Core.Packing;

/// <summary>What a route's tokens turn out to be, against what was estimated; learns from every reply. Safe for concurrent use.</summary>
internal sealed class TokenCalibration
{
    private readonly Lock _gate = new();
    private UsageMoments _known;
    private UsageMoments _fresh;

    /// <summary>Begins with what is stored.</summary>
    /// <param name="question">Of this route and question.</param>
    /// <param name="route">Of this route and all questions: counts for the prompt while there is little of the question.</param>
    public TokenCalibration(UsageMoments question, UsageMoments route)
    {
        _known = question.Calls > 0 ? question : route;
    }

    /// <summary>A reply came.</summary>
    public void Observe(int rows, long estimatedInput, TokenUsage usage, bool truncated, TimeSpan latency)
    {
        var seen = new UsageMoments { Calls = 1, Rows = rows, Estimated = estimatedInput, Output = usage.Output, Truncated = truncated ? 1 : 0, Seconds = latency.TotalSeconds };
        lock (_gate) (_known, _fresh) = (_known + seen, _fresh + seen);
    }

    /// <summary>What was seen since the last time this was called, to be stored.</summary>
    public UsageMoments TakeFresh()
    {
        lock (_gate)
        {
            var fresh = _fresh;
            _fresh = default;
            return fresh;
        }
    }

    /// <summary>All that is known.</summary>
    public UsageMoments Known
    {
        get
        {
            lock (_gate) return _known;
        }
    }
}
