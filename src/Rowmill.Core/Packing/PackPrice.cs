using Rowmill.Core.Models;

namespace Rowmill.Core.Packing;

/// <summary>
/// What calls and the rows in them cost in what binds the route: seconds of the window that so much work keeps busy longest; where no
/// window is known money; where no price is known either, tokens, prompt and reply alike.
/// </summary>
internal sealed class PackPrice
{
    private readonly (double Call, double Row)[] _windows;

    /// <summary>Creates the price of a route's calls.</summary>
    /// <param name="cost">Expected tokens of a call and of a row.</param>
    /// <param name="rates">What the route's windows admit.</param>
    /// <param name="price">Money for tokens; null when unknown.</param>
    public PackPrice(PackCost cost, RouteRates rates, Price? price = null)
    {
        var (call, input, output) = cost;
        (double Call, double Row)[] windows =
        [
            (1 / rates.RequestsPerSecond, 0),
            (call / rates.TokensPerSecond, (input + output) / rates.TokensPerSecond),
            (call / rates.InputTokensPerSecond, input / rates.InputTokensPerSecond),
            (0, output / rates.OutputTokensPerSecond),
        ];
        _windows = Array.FindAll(windows, w => w.Call + w.Row > 0);
        if (_windows.Length > 0) return;
        var (ask, answer) = price is null ? (1, 1) : ((double)price.Input, (double)price.Output);
        // Neither tokens nor prices known: calls.
        _windows = ask * (call + input) + answer * output > 0 ? [(ask * call, ask * input + answer * output)] : [(1, 0)];
    }

    /// <summary>So many calls with so many rows in all; comparable with other costs of the same price only.</summary>
    public double Of(double calls, double rows)
    {
        var most = 0.0;
        foreach (var (call, row) in _windows) most = Math.Max(most, calls * call + rows * row);
        return most;
    }
}
