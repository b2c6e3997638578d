namespace Rowmill.Core.Limits;

/// <summary>How many rows a second came at one level, with the relative error of that figure.</summary>
/// <param name="RowsPerSecond">Level ÷ mean latency per row (Little's law).</param>
/// <param name="Error">Relative standard error.</param>
/// <param name="Replies">Replies it rests on.</param>
/// <param name="Punctual">Seconds within which all but the latest replies came.</param>
internal readonly record struct Throughput(double RowsPerSecond, double Error, int Replies, double Punctual);

/// <summary>The replies that came while one level was in use.</summary>
internal sealed class ConcurrencyEpoch
{
    /// <summary>Fewer replies say nothing.</summary>
    public const int Fewest = 8;

    /// <summary>
    /// Replies are taken to scatter by at least so much, however alike the first ones are: replies that stood in one queue are not
    /// independent of each other.
    /// </summary>
    private const double LeastScatter = 0.25;

    /// <summary>The largest correlation of neighbours that is believed.</summary>
    private const double MostAlike = 0.9;

    /// <summary>The share of the replies whose latency tells how long to wait for a request before its reply counts as late.</summary>
    private const double Punctual = 0.95;

    private readonly List<Sample> _samples = [];
    private double[] _sorted = [];
    private int _nextLook = Fewest;

    /// <summary>Begins anew.</summary>
    public void Clear()
    {
        _samples.Clear();
        _nextLook = Fewest;
    }

    /// <summary>Adds a reply.</summary>
    /// <returns>True when there are enough new ones to measure again.</returns>
    public bool Add(DateTimeOffset sentAt, TimeSpan latency, int rows)
    {
        _samples.Add(new Sample(sentAt, Math.Max(latency.TotalSeconds, 1e-6), Math.Max(1, rows)));
        if (_samples.Count < _nextLook) return false;
        _nextLook = _samples.Count + Math.Max(1, _samples.Count / 8);
        return true;
    }

    /// <summary>The throughput, or null while too little is known.</summary>
    /// <remarks>
    /// The quick replies to what was sent last are here before the slow ones: counted, they would make every level look better than it is
    /// at first. So only requests count that left so long ago that nine in ten of their like have come back.
    /// </remarks>
    public Throughput? Measure(int level, DateTimeOffset now, double punctual)
    {
        punctual = Math.Max(punctual, PunctualLatency());
        var since = now - TimeSpan.FromSeconds(punctual);
        var (replies, seconds, rows) = (0, 0.0, 0.0);
        foreach (var s in _samples)
            if (s.SentAt <= since) (replies, seconds, rows) = (replies + 1, seconds + s.Seconds, rows + s.Rows);
        if (replies < Fewest) return null;

        // The error of a ratio of two sums (Cochran, Sampling Techniques, 6.4).
        var perRow = seconds / rows;
        var (squares, products, last) = (0.0, 0.0, 0.0);
        foreach (var s in _samples)
        {
            if (s.SentAt > since) continue;
            var off = s.Seconds - perRow * s.Rows;
            (squares, products, last) = (squares + off * off, products + off * last, off);
        }

        // Requests that stood in one queue waited for the same ones before them: the mean of n such latencies is as uncertain as that
        // of fewer independent ones, by the factor of a first-order autoregression.
        var alike = squares > 0 ? Math.Clamp(products / squares, 0, MostAlike) : 0;
        var scatter = Math.Sqrt(squares / (replies - 1) * (1 + alike) / (1 - alike)) / (seconds / replies);
        return new Throughput(level / perRow, Math.Max(LeastScatter, scatter) / Math.Sqrt(replies), replies, PunctualLatency());
    }

    private double PunctualLatency()
    {
        if (_sorted.Length < _samples.Count) _sorted = new double[_samples.Count * 2];
        for (var i = 0; i < _samples.Count; i++) _sorted[i] = _samples[i].Seconds;
        Array.Sort(_sorted, 0, _samples.Count);
        return _sorted[Math.Min(_samples.Count - 1, (int)(_samples.Count * Punctual))];
    }

    private readonly record struct Sample(DateTimeOffset SentAt, double Seconds, int Rows);
}
