using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;

namespace Rowmill.Core.Planning;

/// <summary>Tokens of the rows to ask on one route, by pack size: expected, and at both ends.</summary>
/// <remarks>
/// A total over many calls is surer than one call. Measured, its deviation is the standard error of the mean, what single calls
/// scatter divided by their number, and for prompts of another size than those measured the doubt of <see cref="InputModel"/>. The
/// ends lie where <see cref="TokenRange.Around"/> puts them. Unmeasured, the calibration's own ends hold.
/// </remarks>
internal sealed class RouteOutlook
{
    /// <summary>Of a model that has not answered yet: the time before it writes, and tokens it writes in a second.</summary>
    private const double AssumedStart = 1;
    private const double AssumedPace = 50;

    private readonly RowTally _tally;
    private readonly double _fixed;
    private readonly double _row;

    /// <summary>Creates the outlook of a route.</summary>
    /// <param name="route">The route.</param>
    /// <param name="budget">Its budget, which knows what calls have shown.</param>
    /// <param name="windows">Its windows now.</param>
    /// <param name="tally">The rows.</param>
    public RouteOutlook(Route route, PackBudget budget, WindowSnapshot windows, RowTally tally)
    {
        (Route, Budget, Windows, _tally) = (route, budget, windows, tally);
        _fixed = budget.EstimateFor(0, 0);
        _row = budget.EstimateFor(1, 0) - _fixed + tally.Tokens.Mean;
    }

    public Route Route { get; }

    public PackBudget Budget { get; }

    public WindowSnapshot Windows { get; }

    /// <summary>Whether calls of this question have shown what its tokens are.</summary>
    public bool Measured => Learned is { InputRatio: not null, OutputPerRow: not null } && Learned.Known.Calls >= TokenCalibration.LeastCalls;

    private TokenCalibration Learned => Budget.Calibration;

    /// <summary>Requests of so many rows each, and the rows that each then carries on average.</summary>
    public (double Calls, double Rows) Split(int packRows)
    {
        var calls = Math.Ceiling(_tally.ToAsk / (double)packRows);
        return (calls, calls == 0 ? packRows : _tally.ToAsk / calls);
    }

    /// <summary>Prompt tokens of one of so many requests.</summary>
    public Estimate Input(double rows, double calls)
    {
        var estimate = _fixed + rows * _row;
        if (!Measured || Learned.InputRatio is not { } ratio) return Of(Learned.Input(estimate));
        var away = estimate - Learned.Known.Estimated / Learned.Known.Calls;
        return Of(TokenRange.Around(
            Learned.Input(estimate).Mean,
            Root(ratio.Error * estimate, ratio.Spread * estimate / Math.Sqrt(Math.Max(1, calls)), InputModel.SlopeDoubt * away),
            Learned.Known.Calls - 1));
    }

    /// <summary>Reply tokens of one of so many requests.</summary>
    public Estimate Output(double rows, double calls)
    {
        if (!Measured || Learned.OutputPerRow is not { } row)
        {
            // What would be reserved; an answer takes a token at the least.
            var low = (int)Math.Floor(rows);
            var plain = Budget.OutputFor(low) + (rows - low) * (Budget.OutputFor(low + 1) - Budget.OutputFor(low));
            return new(plain, Math.Min(rows, plain), plain);
        }

        var (mean, usual) = (rows * row.Mean, Learned.UsualRows ?? rows);
        return Of(TokenRange.Around(
            mean,
            Root(row.Spread * Math.Sqrt(rows * Math.Max(1, rows / usual) / Math.Max(1, calls)), row.Error * rows),
            Learned.Known.Calls - 1));
    }

    /// <summary>Cached prompt tokens of a request, as measured.</summary>
    public double Cached(double rows) => Measured ? Learned.CachedShare * Input(rows, 1).Expected : 0;

    /// <summary>The time of a request of so many rows: what is measured of the usual one, the part that writes in proportion to the reply.</summary>
    public TimeSpan Latency(double rows)
    {
        var output = Output(rows, 1).Expected;
        if (Learned.Latency is not { } measured || !Measured || Learned.UsualRows is not { } usual)
            return TimeSpan.FromSeconds(AssumedStart + output / AssumedPace);
        var start = Math.Min(AssumedStart, measured.TotalSeconds / 2);
        return TimeSpan.FromSeconds(start + (measured.TotalSeconds - start) * output / Math.Max(1, Output(usual, 1).Expected));
    }

    /// <summary>The route with a pack size, as a forecast sees it.</summary>
    public ForecastRoute Forecast(int packRows)
    {
        var (_, rows) = Split(packRows);
        var (input, output) = Budget.Reserve((int)Math.Ceiling(rows), (long)Math.Ceiling(rows * _tally.Tokens.Mean));
        var used = new TokenUsage((long)Math.Round(Input(rows, 1).Expected), (long)Cached(rows), (long)Math.Round(Output(rows, 1).Expected));
        var reserved = Reservations.For(Route.Provider, new Demand(input, output) { ExpectedOutputTokens = used.Output });
        return new ForecastRoute
        {
            Name = Route.Name,
            Windows = Windows,
            Reserved = reserved,
            Settled = Reservations.Settled(Route.Provider, reserved, used),
            RowsPerCall = rows,
            Concurrency = new ConcurrencyLevel(Route.Limits.Concurrency).Level,
            Latency = Latency(rows),
        };
    }

    /// <summary>The favourable end: the largest pack, the fewest tokens, the prompt cached where that does not count, no time in transit.</summary>
    /// <param name="most">The most rows a pack may carry; null when only the model and its windows say.</param>
    public BoundRoute Bound(int? most)
    {
        var rows = MostRows((int)Math.Clamp(_tally.ToAsk, 1, most ?? PackTarget.Most));
        return new() { Windows = Windows, Least = Least(rows), RowsPerCall = rows };
    }

    private int MostRows(int most)
    {
        var (fit, over) = (1, most + 1);
        while (over - fit > 1)
        {
            var rows = fit + (over - fit) / 2;
            if (FitsAtBest(rows)) fit = rows;
            else over = rows;
        }

        return fit;
    }

    private bool FitsAtBest(int rows)
    {
        var calls = _tally.ToAsk / (double)rows;
        var (input, output) = (Input(rows, calls).Low, Output(rows, calls).Low);
        var least = Least(rows);
        return input + output <= Route.ContextTokens && output <= Route.MaxOutputTokens
            && Windows.Windows.All(w => least[w.Spec.Measure] <= w.Spec.Limit);
    }

    private Charge Least(int rows)
    {
        var calls = _tally.ToAsk / (double)rows;
        var input = Input(rows, calls).Low;
        // The part of the prompt that is the same in every request.
        var cached = input * _fixed / (_fixed + rows * _row);
        var used = new TokenUsage((long)input, (long)Math.Ceiling(cached), (long)Output(rows, calls).Low);
        return Reservations.Settled(Route.Provider, Reservations.For(Route.Provider, new Demand(used.Input, used.Output)), used);
    }

    private static Estimate Of(TokenRange range) => new(range.Mean, range.Low, range.High);

    private static double Root(params ReadOnlySpan<double> deviations)
    {
        var sum = 0d;
        foreach (var deviation in deviations) sum += deviation * deviation;
        return Math.Sqrt(sum);
    }
}
