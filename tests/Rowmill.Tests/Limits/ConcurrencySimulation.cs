using Rowmill.Core.Limits;

namespace Rowmill.Tests.Limits;

/// <summary>
/// A service and a client that always wants to send, as a discrete-event simulation in virtual time: it shows what a
/// <see cref="ConcurrencyLevel"/> makes of them.
/// </summary>
internal sealed class ConcurrencySimulation
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Reply, double> _replies = new();
    private readonly List<(double At, int Replies, int Level)> _levels = [];
    private readonly Random _random;
    private readonly PriorityQueue<double, double> _free = new();
    private double _tokens;
    private double _refilledAt;
    private double _wake = -1;

    public ConcurrencySimulation(int seed = 1) => _random = new Random(seed);

    /// <summary>Requests the service works on at once; the others queue in order. Null for any number.</summary>
    public int? Parallel { get; set; }

    /// <summary>Mean seconds of work on a request.</summary>
    public double Seconds { get; set; } = 1;

    /// <summary>Sigma of the logarithm of that; 0 for always the same.</summary>
    public double Noise { get; init; }

    /// <summary>Requests in flight beyond which the service refuses at once.</summary>
    public int? RefusesBeyond { get; init; }

    /// <summary>Share of the requests that fail for no reason.</summary>
    public double Strays { get; init; }

    /// <summary>Requests a minute that windows admit.</summary>
    public int? PerMinute { get; init; }

    /// <summary>Rows of a request.</summary>
    public Func<Random, int> Rows { get; init; } = _ => 20;

    /// <summary>The level under test.</summary>
    public ConcurrencyLevel Level { get; init; } = new(null);

    /// <summary>Seconds since the beginning.</summary>
    public double Now { get; private set; }

    /// <summary>Requests in flight.</summary>
    public int InFlight { get; private set; }

    /// <summary>Replies and failures so far.</summary>
    public int Ended { get; private set; }

    /// <summary>Requests that were refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Every level there was, with when it began and after how many replies.</summary>
    public IReadOnlyList<(double At, int Replies, int Level)> Levels => _levels;

    /// <summary>The largest level so far.</summary>
    public int Highest => _levels.Max(l => l.Level);

    /// <summary>Goes on until so many requests more have ended.</summary>
    public void Run(int requests) => RunWhile(() => requests-- > 0);

    /// <summary>Goes on for so many seconds.</summary>
    public void RunFor(double seconds)
    {
        var end = Now + seconds;
        RunWhile(() => Now < end);
    }

    /// <summary>The mean of the level over time, from an instant on.</summary>
    public double MeanLevel(double from)
    {
        var sum = 0.0;
        for (var i = 0; i < _levels.Count; i++)
        {
            var end = i + 1 < _levels.Count ? _levels[i + 1].At : Now;
            sum += Math.Max(0, end - Math.Max(from, _levels[i].At)) * _levels[i].Level;
        }

        return sum / (Now - from);
    }

    private void RunWhile(Func<bool> more)
    {
        if (_levels.Count == 0)
        {
            _levels.Add((0, 0, Level.Level));
            _tokens = PerMinute ?? 0;
        }

        Send();
        while (more() && _replies.TryDequeue(out var reply, out var at))
        {
            Now = at;
            if (reply.Rows > 0) End(reply);
            Send();
        }
    }

    private void End(Reply reply)
    {
        InFlight--;
        Ended++;
        var (now, sent) = (s_start.AddSeconds(Now), s_start.AddSeconds(reply.Sent));
        if (reply.Good) Level.Replied(now - sent, reply.Rows, reply.InFlight, now);
        else Level.Overloaded(sent, now);
        if (!reply.Good) Refused++;
        if (_levels[^1].Level != Level.Level) _levels.Add((Now, Ended, Level.Level));
    }

    private void Send()
    {
        while (InFlight < Level.Level)
        {
            if (PerMinute is { } limit)
            {
                _tokens = Math.Min(limit, _tokens + (Now - _refilledAt) * limit / 60);
                _refilledAt = Now;
                if (_tokens < 1 - 1e-9)
                {
                    // Comes back when there is room: an event that is no reply.
                    var wake = Now + (1 - _tokens) * 60 / limit + 1e-6;
                    if (_wake <= Now) _replies.Enqueue(new Reply(0, 0, 0, true), _wake = wake);
                    return;
                }

                _tokens--;
            }

            InFlight++;
            var rows = Rows(_random);
            var (takes, good) = (Work(), true);
            if (InFlight > RefusesBeyond || (Strays > 0 && _random.NextDouble() < Strays)) (takes, good) = (0.2, false);
            else if (Parallel is { } parallel) takes = Queue(parallel, takes);
            _replies.Enqueue(new Reply(Now, InFlight, rows, good), Now + takes);
        }
    }

    private double Queue(int parallel, double work)
    {
        // Places that fell away finish what they have.
        while (_free.Count > parallel) _free.Dequeue();
        while (_free.Count < parallel) _free.Enqueue(Now, Now);
        var done = Math.Max(Now, _free.Dequeue()) + work;
        _free.Enqueue(done, done);
        return done - Now;
    }

    private double Work()
    {
        if (Noise == 0) return Seconds;
        var normal = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        return Seconds * Math.Exp(Noise * normal - Noise * Noise / 2);
    }

    private sealed record Reply(double Sent, int InFlight, int Rows, bool Good);
}
