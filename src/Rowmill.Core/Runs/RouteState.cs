using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>A route during a run.</summary>
internal sealed class RouteState : IDisposable
{
    private readonly Lock _gate = new();
    private StopReason? _parked;
    private WindowSnapshot _windows;
    private TaskCompletionSource _settled = NewSource();
    private DateTimeOffset _lookedAt;
    private int _inFlight;
    private volatile bool _isProven;

    /// <summary>Creates the state of a route.</summary>
    /// <param name="route">The route.</param>
    /// <param name="client">Its client.</param>
    /// <param name="sizer">How many rows its packs carry.</param>
    /// <param name="owner">Whose windows it uses.</param>
    /// <param name="windows">What binds it at the run's start.</param>
    /// <param name="gate">Back-off and holds.</param>
    /// <param name="form">The form of structured output it took when it was last used; null when that is not known.</param>
    public RouteState(
        Route route, IModelClient client, PackSizer sizer, WindowOwner owner, WindowSnapshot windows, RouteGate gate, StructuredOutput? form = null)
    {
        (Route, Id) = (route, route.Id);
        Client = client;
        Sizer = sizer;
        Owner = owner;
        Gate = gate;
        Room = new ContextRoom(sizer.Budget);
        Form = form > client.StructuredOutput ? form.Value : client.StructuredOutput;
        Level = new ConcurrencyLevel(route.Limits.Concurrency);
        _isProven = form is not null;
        // What is wrong with every request, a form or an option the model refuses, is then told once and not by all that are in flight.
        Slots = new RouteSlots(() => _isProven ? Level.Level : 1);
        _windows = windows;
        _lookedAt = windows.At;
        Follow(windows);
    }

    /// <summary>The route.</summary>
    public Route Route { get; }

    /// <summary>Its <see cref="Models.Route.Id"/>, made once.</summary>
    public string Id { get; }

    /// <summary>Its client.</summary>
    public IModelClient Client { get; }

    /// <summary>What a request may carry.</summary>
    public PackBudget Budget => Sizer.Budget;

    /// <summary>How many rows its packs carry.</summary>
    public PackSizer Sizer { get; }

    /// <summary>What its tokens turn out to be.</summary>
    public TokenCalibration Calibration => Budget.Calibration;

    /// <summary>Whose windows it uses.</summary>
    public WindowOwner Owner { get; }

    /// <summary>Back-off and holds.</summary>
    public RouteGate Gate { get; }

    /// <summary>How much context its machine has memory for.</summary>
    public ContextRoom Room { get; }

    /// <summary>How many requests may be in flight.</summary>
    public ConcurrencyLevel Level { get; }

    /// <summary>One permit for each request in flight.</summary>
    public RouteSlots Slots { get; }

    /// <summary>Lets one request at a time wait for the windows, in order of arrival.</summary>
    public SemaphoreSlim Turnstile { get; } = new(1, 1);

    /// <summary>The form of structured output the model took last.</summary>
    public StructuredOutput Form { get; private set; }

    /// <summary>Requests that brought a reply.</summary>
    public long Successes;

    /// <summary>Requests that the service called wrong.</summary>
    public long BadRequests;

    /// <summary>Rows that were asked for the first time and got nothing, in requests that brought nothing, as long as the route has answered none.</summary>
    public int BarrenRows;

    /// <summary>Those requests.</summary>
    public int BarrenPacks;

    /// <summary>Completes when a request has been settled with the windows.</summary>
    public Task Settled => Volatile.Read(ref _settled).Task;

    /// <summary>What bound it when that was last looked at.</summary>
    public WindowSnapshot Windows
    {
        get
        {
            lock (_gate) return _windows;
        }
    }

    /// <summary>Why this run does not use it at the moment; null while it does.</summary>
    public StopReason? Parked
    {
        get
        {
            lock (_gate) return _parked;
        }
    }

    /// <summary>The windows, or their limits, are others now.</summary>
    public void Follow(WindowSnapshot windows)
    {
        lock (_gate) _windows = windows;
        Sizer.Follow(windows.Rates);
    }

    /// <summary>Uses the route no more in this run, or, where the reason says when it opens, not before that.</summary>
    /// <returns>False when it is parked already.</returns>
    public bool Park(StopReason why)
    {
        lock (_gate)
        {
            if (_parked is not null) return false;
            _parked = why;
            return true;
        }
    }

    /// <summary>It is parked for a shorter time than was thought.</summary>
    public void OpensSooner(DateTimeOffset at)
    {
        lock (_gate) _parked = _parked is { ResumeAt: not null } parked ? parked with { ResumeAt = at } : _parked;
    }

    /// <summary>Uses the route again when its time has come: one request goes first, the others wait for what comes of it.</summary>
    /// <returns>True when that was now.</returns>
    public bool Reopen(DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_parked?.ResumeAt is not { } at || at > now) return false;
            _parked = null;
        }

        Gate.Hold(now, "the first request after a limit", now);
        return true;
    }

    /// <summary>As much of a pack as one request to this route carries; null when it takes none of its rows.</summary>
    public Pack? Part(Pack pack)
    {
        if (pack.LargestRow <= Budget.LargestRow && Fits(pack.Rows.Count, pack.Tokens)) return pack;
        var (rows, tokens) = (new List<Ask>(), 0);
        foreach (var ask in pack.Rows)
        {
            if (ask.Tokens > Budget.LargestRow || !Fits(rows.Count + 1, tokens + ask.Tokens)) continue;
            rows.Add(ask);
            tokens += ask.Tokens;
        }

        return rows.Count == 0 ? null : pack.With(rows);
    }

    /// <summary>Whether a request of its own can carry a row.</summary>
    public bool Takes(Ask ask) => ask.Tokens <= Budget.LargestRow && Fits(1, ask.Tokens);

    // A single row is never too many for the size of packs, but it may be too large for what the windows admit at once.
    private bool Fits(int rows, int tokens) => rows == 1 ? Budget.Fits(1, tokens) : Sizer.Takes(rows, tokens);

    /// <summary>What a request with a pack may take.</summary>
    public Demand Demand(Pack pack)
    {
        var (input, output) = Budget.Reserve(pack.Rows.Count, pack.Tokens, pack.Room);
        return new(input, output) { ExpectedOutputTokens = Calibration.OutputPerRow is { } row ? (long)Math.Min(output, row.Mean * pack.Rows.Count) : null };
    }

    /// <summary>When the calendar day of its windows ends; a date past all days when it has none.</summary>
    public DateTimeOffset DayEnds(DateTimeOffset now) => Windows.Windows
        .Where(w => w.Spec.Calendar)
        .Select(w => (w.Usage with { Used = w.Spec.Limit }).FullAt(now, w.Spec))
        .DefaultIfEmpty(DateTimeOffset.MaxValue).Min();

    /// <summary>A request leaves.</summary>
    /// <returns>Requests in flight, this one included.</returns>
    public int Sent() => Interlocked.Increment(ref _inFlight);

    /// <summary>A request ended.</summary>
    public void Ended()
    {
        Interlocked.Decrement(ref _inFlight);
        Slots.Serve();
    }

    /// <summary>A request has been settled with the windows.</summary>
    public void HasSettled() => Interlocked.Exchange(ref _settled, NewSource()).TrySetResult();

    /// <summary>Whether it is time to look again what others have learned of its windows; true for one caller each time.</summary>
    public bool IsLookDue(DateTimeOffset now, TimeSpan every)
    {
        lock (_gate)
        {
            if ((now - _lookedAt).Duration() < every) return false;
            _lookedAt = now;
            return true;
        }
    }

    /// <summary>It has answered a request: the next may go side by side.</summary>
    /// <returns>True for the first.</returns>
    public bool Prove()
    {
        lock (_gate)
        {
            if (_isProven) return false;
            _isProven = true;
        }

        Slots.Serve();
        return true;
    }

    /// <summary>The model refused a form of structured output.</summary>
    /// <returns>False when there is no lesser form.</returns>
    public bool LowerForm(StructuredOutput refused)
    {
        if (refused == StructuredOutput.Text) return false;
        if (Form == refused) Form = refused + 1;
        return true;
    }

    public void Dispose() => Turnstile.Dispose();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
