using Rowmill.Core.Models;

namespace Rowmill.Benchmarks.Limits;

/// <summary>One request that was let in.</summary>
internal sealed class Admitted(DateTimeOffset at, int rows, Taken reserved)
{
    public DateTimeOffset At { get; } = at;

    public int Rows { get; } = rows;

    /// <summary>What it holds of the windows; what it has taken once it has ended.</summary>
    public Taken Taken { get; set; } = reserved;

    public DateTimeOffset EndedAt { get; set; } = at;

    /// <summary>How long the service worked on it, without its time in the line.</summary>
    public TimeSpan Worked { get; set; }
}

/// <summary>A request that was not let in.</summary>
/// <param name="Window">The window that binds longest.</param>
/// <param name="Used">What is used of it.</param>
/// <param name="Requested">What was asked of it.</param>
/// <param name="Wait">How long until it would fit; null when it never will.</param>
internal sealed record TurnedAway(ServiceWindow Window, double Used, double Requested, TimeSpan? Wait);

/// <summary>
/// One account at a service that enforces its limits: buckets and days of its own code, which shares nothing with the engine's, and
/// a ledger of what was let in.
/// </summary>
internal sealed class PretendService
{
    // A millionth of the limit: rounding on the way is no offence.
    private const double Rounding = 1e-6;

    private readonly TimeProvider _clock;
    private readonly Window[] _windows;
    private readonly List<Admitted> _ledger = [];

    public PretendService(ServiceOptions options, TimeProvider clock)
    {
        (Options, _clock) = (options, clock);
        var now = clock.GetUtcNow();
        _windows = [.. options.Windows.Select(w => new Window(w, now))];
        Slots = options.Slots is { } slots ? new SemaphoreSlim(slots) : null;
    }

    public ServiceOptions Options { get; }

    /// <summary>Places for requests that are worked on; null for any number.</summary>
    public SemaphoreSlim? Slots { get; }

    /// <summary>Everything that was let in.</summary>
    public IReadOnlyList<Admitted> Ledger => _ledger;

    /// <summary>Requests refused by a limit.</summary>
    public long Refused { get; private set; }

    /// <summary>Requests turned away as overload.</summary>
    public long Overloaded { get; set; }

    public int InFlight { get; private set; }

    public int MostInFlight { get; private set; }

    /// <summary>Lets a request in, or says why not.</summary>
    public (Admitted? Admitted, TurnedAway? TurnedAway) Admit(int rows, double prompt, double mostOutput)
    {
        var now = _clock.GetUtcNow();
        var tokens = Options.Rule == TokenRule.Larger ? Math.Max(prompt, mostOutput) : prompt + mostOutput;
        var reserved = new Taken(1, tokens, prompt, mostOutput);
        TurnedAway? away = null;
        foreach (var window in _windows)
        {
            window.AdvanceTo(now);
            var amount = reserved[window.Of.Counts];
            if (window.Left >= amount - window.Of.Limit * Rounding) continue;
            TimeSpan? wait = amount > window.Of.Capacity ? null : window.Until(amount, now);
            if (away is null || (wait ?? TimeSpan.MaxValue) > (away.Wait ?? TimeSpan.MaxValue))
                away = new TurnedAway(window.Of, window.Of.Limit - window.Left, amount, wait);
        }

        if (away is not null)
        {
            Refused++;
            return (null, away);
        }

        foreach (var window in _windows) window.Left -= reserved[window.Of.Counts];
        var admitted = new Admitted(now, rows, reserved);
        _ledger.Add(admitted);
        MostInFlight = Math.Max(MostInFlight, ++InFlight);
        return (admitted, null);
    }

    /// <summary>A request has ended: what it did not use comes back where the service does so.</summary>
    public void End(Admitted call, double prompt, double output)
    {
        var now = _clock.GetUtcNow();
        var used = new Taken(1, Options.Rule == TokenRule.Larger ? Math.Max(call.Taken.Tokens, prompt + output) : prompt + output, prompt, output);
        foreach (var window in _windows)
        {
            window.AdvanceTo(now);
            window.Left = Math.Min(window.Of.Capacity, window.Left + (call.Taken - used)[window.Of.Counts]);
        }

        (call.Taken, call.EndedAt) = (used, now);
        InFlight--;
    }

    /// <summary>What the headers of a reply say.</summary>
    public IReadOnlyList<LimitReading> Readings()
    {
        var now = _clock.GetUtcNow();
        return [.. _windows.Where(Told).Select(window =>
        {
            window.AdvanceTo(now);
            var left = Math.Max(0, Math.Floor(window.Left));
            return new LimitReading(window.Of.Name)
            {
                Limit = window.Of.Limit,
                Remaining = left,
                FullIn = TimeSpan.FromSeconds((window.Of.Capacity - left) / window.Of.PerSecond),
            };
        })];
    }

    private bool Told(Window window) => Options.Tells switch
    {
        Telling.Minute => window.Of.Name is LimitNames.RequestsPerMinute or LimitNames.TokensPerMinute,
        Telling.MinuteTokensDayRequests => window.Of.Name is LimitNames.TokensPerMinute or LimitNames.RequestsPerDay,
        _ => false,
    };

    private sealed class Window(ServiceWindow of, DateTimeOffset at)
    {
        private DateTimeOffset _at = at;
        private DateTimeOffset _midnight = LosAngeles.NextMidnight(at);

        public ServiceWindow Of { get; } = of;

        public double Left { get; set; } = of.Capacity;

        public void AdvanceTo(DateTimeOffset now)
        {
            if (!Of.Calendar)
            {
                Left = Math.Min(Of.Capacity, Left + (now - _at).TotalSeconds * Of.PerSecond);
            }
            else if (now >= _midnight)
            {
                Left = Of.Capacity;
                _midnight = LosAngeles.NextMidnight(now);
            }

            _at = now;
        }

        public TimeSpan Until(double amount, DateTimeOffset now) =>
            Of.Calendar ? _midnight - now : TimeSpan.FromSeconds((amount - Left) / Of.PerSecond);
    }
}
