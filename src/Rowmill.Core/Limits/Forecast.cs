namespace Rowmill.Core.Limits;

/// <summary>A route as a forecast sees it.</summary>
public sealed record ForecastRoute
{
    /// <summary>The route's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its windows with their usage.</summary>
    public required WindowSnapshot Windows { get; init; }

    /// <summary>What a request of <see cref="RowsPerCall"/> rows takes from the windows when it is let in.</summary>
    public required Charge Reserved { get; init; }

    /// <summary>What it has taken in the end.</summary>
    public required Charge Settled { get; init; }

    /// <summary>Rows in a request.</summary>
    public required double RowsPerCall { get; init; }

    /// <summary>Requests in flight at once.</summary>
    public required int Concurrency { get; init; }

    /// <summary>From leaving to the last byte.</summary>
    public required TimeSpan Latency { get; init; }
}

/// <summary>How a forecast uses the routes.</summary>
/// <param name="Spread">Side by side; otherwise the first that is not parked.</param>
/// <param name="Patience">A wait longer than this parks a route while another can go on.</param>
public sealed record ForecastRules(bool Spread, TimeSpan Patience);

/// <summary>When the rest would be done.</summary>
/// <param name="FinishAt">When the last reply would be there.</param>
/// <param name="Calls">Calls of each route, in the order given.</param>
/// <param name="BindingWindow">The window waited for longest; null when none was.</param>
public sealed record ForecastResult(DateTimeOffset FinishAt, IReadOnlyList<double> Calls, string? BindingWindow)
{
    /// <summary>Calls that were played one by one; the others repeated what had been seen.</summary>
    internal long Played { get; init; }
}

/// <summary>Plays a job forward with the windows' own arithmetic on a simulated clock.</summary>
/// <remarks>
/// Each call reserves when it leaves, settles when its reply is there, and holds a slot in between; holds and calendar midnights are
/// waited for. In order, the first route is used unless its wait is longer than the patience while another can go on sooner, and again
/// as soon as it opens; side by side, whichever opens first is used, and where several are open the one whose calendar day ends first.
/// A job of very many calls is not played call by call: see <see cref="ForecastCycle"/>. No retries, no faults, constant latency.
/// </remarks>
public static class Forecast
{
    /// <summary>Jobs of up to so many calls are played call by call.</summary>
    internal const double PlayedWhole = 20_000;

    /// <summary>When so many rows would be done, waiting through every limit.</summary>
    /// <param name="routes">The routes in the job's order.</param>
    /// <param name="rows">Rows to ask.</param>
    /// <param name="now">The instant it begins; the snapshots are taken at it.</param>
    /// <param name="rules">How the routes are used.</param>
    /// <returns>Null when they never would, or not within a century: no route's windows ever admit a request.</returns>
    public static ForecastResult? Of(IReadOnlyList<ForecastRoute> routes, double rows, DateTimeOffset now, ForecastRules rules) =>
        Of(routes, rows, now, rules, skip: true);

    /// <summary>The same; without skipping every call is played, however many they are.</summary>
    internal static ForecastResult? Of(
        IReadOnlyList<ForecastRoute> routes, double rows, DateTimeOffset now, ForecastRules rules, bool skip)
    {
        var lanes = routes.Select((r, i) => new ForecastLane(r, i, now)).ToList();
        var open = lanes.FindAll(l => l.EverOpens);
        var run = open.Count > 0 ? new ForecastRun(open, rows, now, rules) : null;
        if (rows > 0 && run?.Play(skip) != true) return null;
        var slowest = lanes.SelectMany(l => l.Windows).Where(w => w.Waited > 0).MaxBy(w => w.Waited);
        var done = lanes.Max(l => l.DoneAt) ?? now;
        return new(done, [.. lanes.Select(l => l.Calls)], slowest?.Spec.Name) { Played = run?.Played ?? 0 };
    }
}
