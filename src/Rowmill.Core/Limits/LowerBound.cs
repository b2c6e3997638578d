namespace Rowmill.Core.Limits;

/// <summary>A route as a bound sees it: the favourable end of every estimate.</summary>
public sealed record BoundRoute
{
    /// <summary>Its windows with their usage.</summary>
    public required WindowSnapshot Windows { get; init; }

    /// <summary>The least that a request of <see cref="RowsPerCall"/> rows can have taken from the windows in the end.</summary>
    public required Charge Least { get; init; }

    /// <summary>The most rows that a request can carry.</summary>
    public required double RowsPerCall { get; init; }

    /// <summary>The shortest time a request can take.</summary>
    public TimeSpan Latency { get; init; }
}

/// <summary>The earliest finish that no scheduler could beat.</summary>
/// <remarks>
/// Every window is a linear constraint. By an instant t a refilling window has admitted at most what it holds, less what is used, plus
/// what refills until then; a calendar one what is left of its day, plus its limit for each midnight passed. A hold admits nothing
/// before it ends. So by t a route has been asked at most as many rows as the tightest of its windows admits, the routes together the
/// sum of that, and the bound is the first instant at which the sum reaches the rows. Settlements are not waited for and refunds come
/// at once: only what a request takes in the end is counted. Then the last reply takes the shortest time a request can take.
/// </remarks>
public static class LowerBound
{
    /// <summary>The bound.</summary>
    /// <param name="routes">Every route that may be used.</param>
    /// <param name="rows">Rows to ask.</param>
    /// <param name="now">The instant asking begins; the snapshots are taken at it.</param>
    /// <returns>Null when the windows never admit the rows, or not within a century.</returns>
    public static DateTimeOffset? Of(IReadOnlyList<BoundRoute> routes, double rows, DateTimeOffset now)
    {
        if (rows <= 0) return now;
        var supplies = routes.Select(r => new Supply(r, now)).ToList();
        // Rounding, here and in the windows' own arithmetic, must not make the bound later than what they admit.
        var enough = rows * (1 - 1e-9);
        var (early, late) = (-1L, 0L);
        while (!Reached(late))
        {
            if (late >= ForecastRun.Horizon.Ticks) return null;
            (early, late) = (late, Math.Min(Math.Max(TimeSpan.TicksPerSecond, late * 2), ForecastRun.Horizon.Ticks));
        }

        while (late - early > 1)
        {
            var middle = early + (late - early) / 2;
            if (Reached(middle)) late = middle;
            else early = middle;
        }

        return now + TimeSpan.FromTicks(late) + routes.Min(r => r.Latency);

        bool Reached(long ticks)
        {
            var sum = 0d;
            foreach (var supply in supplies) sum += supply.RowsBy(now + TimeSpan.FromTicks(ticks));
            return sum >= enough;
        }
    }

    /// <summary>What a route can have been asked by an instant.</summary>
    private sealed class Supply(BoundRoute route, DateTimeOffset now)
    {
        private readonly Stock[] _stocks = [.. route.Windows.Windows
            .Where(w => route.Least[w.Spec.Measure] > 0)
            .Select(w => new Stock(w, route.Least[w.Spec.Measure], now))];

        public double RowsBy(DateTimeOffset at)
        {
            if (route.Windows.Hold is { } hold && hold.Until > at) return 0;
            var calls = double.PositiveInfinity;
            foreach (var stock in _stocks) calls = Math.Min(calls, stock.AmountBy(at) / stock.Least);
            return calls * route.RowsPerCall;
        }
    }

    /// <summary>What a window can have admitted by an instant.</summary>
    private sealed class Stock
    {
        private readonly WindowSpec _window;
        private readonly WindowUsage _usage;
        private readonly double _left;
        private readonly List<DateTimeOffset> _midnights = [];

        public Stock(UsedWindow window, double least, DateTimeOffset now)
        {
            _window = window.Spec;
            _usage = window.Usage.AdvancedTo(now, _window);
            Least = least;
            _left = _window.CapacityFor(least) - _usage.Used;
        }

        public double Least { get; }

        public double AmountBy(DateTimeOffset at)
        {
            if (Least > _window.Limit) return 0;
            if (_window.Calendar) return Math.Max(0, _left) + Midnights(at) * (double)_window.Limit;
            var elapsed = at > _usage.At ? at - _usage.At : TimeSpan.Zero;
            return Math.Max(0, _left + elapsed.Ticks * (double)_window.Limit / _window.Span.Ticks);
        }

        /// <summary>Midnights passed by an instant. A day that is all used is unused again at its midnight.</summary>
        private int Midnights(DateTimeOffset at)
        {
            while (_midnights.Count == 0 || _midnights[^1] <= at)
            {
                var from = _midnights.Count == 0 ? _usage.At : _midnights[^1];
                _midnights.Add(new WindowUsage(_window.Limit, from).FullAt(from, _window));
            }

            var passed = _midnights.BinarySearch(at);
            return passed < 0 ? ~passed : passed + 1;
        }
    }
}
