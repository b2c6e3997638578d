using Rowmill.Core.Limits;
using Rowmill.Core.Models;

namespace Rowmill.Core.Runs;

/// <summary>When a stopped run would be done if it went on and waited through every limit.</summary>
internal static class FinishForecast
{
    // Of a model that has not answered yet; it matters only where no window binds.
    private static readonly TimeSpan s_assumedLatency = TimeSpan.FromSeconds(5);

    /// <summary>When the pending rows would be done, from what binds each route now and what its calls have shown.</summary>
    /// <returns>Null when nothing is left, no row is known yet or no route goes on.</returns>
    public static async ValueTask<DateTimeOffset?> OfAsync(RunContext run, long pending)
    {
        if (pending == 0 || run.Asked.TokensPerRow is not { } tokens) return null;
        var now = run.Clock.GetUtcNow();
        var routes = new List<ForecastRoute>(run.Routes.Count);
        foreach (var route in run.Routes)
        {
            if (route.Parked is { ResumeAt: null }) continue;
            var windows = await run.Environment.Windows.SnapshotAsync(route.Owner, route.Route.Limits).ConfigureAwait(false);
            routes.Add(Of(route, windows, tokens, now));
        }

        return routes.Count == 0 ? null : Forecast.Of(routes, pending, now, new ForecastRules(run.Spreads, run.Job.Patience))?.FinishAt;
    }

    private static ForecastRoute Of(RouteState route, WindowSnapshot windows, double rowTokens, DateTimeOffset now)
    {
        var rows = Math.Max(1, route.Budget.MostRows(rowTokens, route.Sizer.Rows));
        var (input, output) = route.Budget.Reserve(rows, (long)(rows * rowTokens));
        var demand = new Demand(input, output);
        var known = route.Calibration.Known;
        var measured = known.Rows > 0;
        var used = new TokenUsage(
            measured && known.Estimated > 0 ? (long)(route.Budget.EstimateFor(rows, (int)(rows * rowTokens)) * known.Input / known.Estimated) : demand.InputTokens,
            measured && known.Input > 0 ? (long)(demand.InputTokens * known.Cached / known.Input) : 0,
            measured ? (long)Math.Ceiling(rows * known.Output / known.Rows) : demand.OutputTokens);

        var reserved = Reservations.For(route.Route.Provider, demand with { ExpectedOutputTokens = used.Output });

        // What is held, or parked for a reason of its own, opens no sooner than that.
        if (route.Parked is { ResumeAt: { } at } parked && at > now && !(windows.Hold?.Until > at)) windows = windows with { Hold = new WindowHold(at, parked.Message) };
        return new ForecastRoute
        {
            Name = route.Route.Name,
            Windows = windows,
            Reserved = reserved,
            Settled = Reservations.Settled(route.Route.Provider, reserved, used),
            RowsPerCall = rows,
            Concurrency = route.Level.Level,
            Latency = known.Calls > 0 && known.Seconds > 0 ? TimeSpan.FromSeconds(known.Seconds / known.Calls) : s_assumedLatency,
        };
    }
}
