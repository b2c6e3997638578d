using Rowmill.Core.Limits;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Limits;

/// <summary>How a pretend service behaves and what it tells.</summary>
internal sealed record PretendManners
{
    /// <summary>What its bucket refills in a minute.</summary>
    public required long Limit { get; init; }

    /// <summary>What its bucket holds.</summary>
    public required double Capacity { get; init; }

    /// <summary>What it counts.</summary>
    public WindowMeasure Measure { get; init; } = WindowMeasure.Requests;

    /// <summary>Tells limit and what is left with every reply.</summary>
    public bool Headers { get; init; }

    /// <summary>Tells when it is full as well.</summary>
    public bool FullIn { get; init; }

    /// <summary>Tells what is used when it refuses.</summary>
    public bool Used { get; init; }

    /// <summary>The longest way there, and back.</summary>
    public TimeSpan Transit { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest a reply takes.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>A service with a bucket of its own, and a client with our windows before it: one simulated clock, no threads.</summary>
internal sealed class PretendService(IWindowStore store, Support.VirtualClock clock, PretendManners manners, RouteLimits limits, SeededChance chance)
{
    private static readonly WindowOwner s_owner = new("groq", "http://pretend", "me", "model");
    private readonly PriorityQueue<Action, long> _events = new();
    private double _used;
    private DateTimeOffset _at = clock.GetUtcNow();
    private int _inFlight;

    public int Refused { get; private set; }

    /// <summary>What the admitted requests took of the measure.</summary>
    public double Taken { get; private set; }

    public DateTimeOffset LastRefusal { get; private set; }

    /// <summary>Sends requests whenever the windows let it, so many at once, until an instant; what is on its way then comes to its end.</summary>
    public void Run(DateTimeOffset until, int concurrency)
    {
        var nextAsk = clock.GetUtcNow();
        while (true)
        {
            var now = clock.GetUtcNow();
            if (now < until && now >= nextAsk && _inFlight < concurrency)
            {
                var grant = Ask(out var demand);
                if (grant.Reservation is { } number) Send(number, demand);
                else nextAsk = now + TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(grant.Wait.TotalMilliseconds)));
                continue;
            }

            var next = now < until && _inFlight < concurrency && nextAsk < until ? nextAsk : DateTimeOffset.MaxValue;
            if (_events.TryPeek(out _, out var due) && due <= next.UtcTicks)
            {
                if (due > now.UtcTicks) clock.Advance(TimeSpan.FromTicks(due - now.UtcTicks));
                _events.Dequeue()();
            }
            else if (next < DateTimeOffset.MaxValue) clock.Advance(next - now);
            else
            {
                if (until > now) clock.Advance(until - now);
                return;
            }
        }
    }

    private WindowGrant Ask(out Demand demand)
    {
        if (_waiting is not { } asked) asked = manners.Measure == WindowMeasure.Requests ? new(10, 10) : new(chance.Next(50, 400), 200);
        demand = asked;
        var grant = Done(store.ReserveAsync(new(s_owner, limits, asked)));
        _waiting = grant.Reservation is null ? asked : null;
        return grant;
    }

    private Demand? _waiting;

    private void Send(long number, Demand demand)
    {
        _inFlight++;
        At(Chance(manners.Transit), () => Arrive(number, demand));
    }

    private void Arrive(long number, Demand demand)
    {
        var now = clock.GetUtcNow();
        Refill(now);
        var charge = Reservations.For("groq", demand)[manners.Measure];
        var missing = _used + charge - manners.Capacity;
        if (missing > 1e-6 && _used > 1e-6)
        {
            Refused++;
            LastRefusal = now;
            var reading = new LimitReading(Name)
            {
                Refused = true,
                Limit = manners.Limit,
                OpensIn = TimeSpan.FromMinutes(missing / manners.Limit),
                Used = manners.Used ? _used + manners.Limit - manners.Capacity : null,
                Requested = manners.Used ? charge : null,
            };
            At(Chance(manners.Transit), () => End(number, new(null) { Counted = false, Readings = [reading] }));
            return;
        }

        _used += charge;
        var used = manners.Measure == WindowMeasure.Requests ? demand.OutputTokens : chance.Next(10, 200);
        var headers = Header();
        At(Chance(manners.Latency), () =>
        {
            Refill(clock.GetUtcNow());
            var settled = Reservations.Settled("groq", Reservations.For("groq", demand), new(demand.InputTokens, 0, used))[manners.Measure];
            _used = Math.Max(0, _used - (charge - settled));
            Taken += settled;
            At(Chance(manners.Transit), () => End(number, new(new TokenUsage(demand.InputTokens, 0, used)) { Readings = headers }));
        });
    }

    private void End(long number, WindowSettlement settlement)
    {
        _inFlight--;
        Done(store.SettleAsync(number, settlement));
    }

    private IReadOnlyList<LimitReading> Header() => !manners.Headers ? [] :
    [
        new(Name)
        {
            Limit = manners.Limit,
            Remaining = Math.Max(0, Math.Floor(manners.Capacity - _used)),
            FullIn = manners.FullIn ? TimeSpan.FromMinutes(_used / manners.Limit) : null,
        },
    ];

    private string Name => manners.Measure == WindowMeasure.Requests ? LimitNames.RequestsPerMinute : LimitNames.TokensPerMinute;

    private void Refill(DateTimeOffset now)
    {
        _used = Math.Max(0, _used - (now - _at).TotalMinutes * manners.Limit);
        _at = now;
    }

    private TimeSpan Chance(TimeSpan longest) => longest * (chance.Next(0, 1_000) / 1_000d);

    private void At(TimeSpan after, Action what) => _events.Enqueue(what, (clock.GetUtcNow() + after).UtcTicks);

    private static T Done<T>(ValueTask<T> task) => task.IsCompleted ? task.Result : throw new InvalidOperationException("a store that waits");

    private static void Done(ValueTask task) => Assert.True(task.IsCompletedSuccessfully);
}
