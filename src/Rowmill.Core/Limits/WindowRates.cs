using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>What windows admit in the long run: the least of limit ÷ span, a calendar day counted as 86,400 seconds.</summary>
internal static class WindowRates
{
    public static RouteRates Of(IReadOnlyList<UsedWindow> windows)
    {
        var rates = RouteRates.Unlimited;
        var largest = long.MaxValue;
        foreach (var (spec, _) in windows)
        {
            rates = spec.Measure switch
            {
                WindowMeasure.Requests => rates with { RequestsPerSecond = Math.Min(rates.RequestsPerSecond, spec.PerSecond) },
                WindowMeasure.Tokens => rates with
                {
                    TokensPerSecond = Math.Min(rates.TokensPerSecond, spec.PerSecond),
                    LargestTokens = Math.Min(rates.LargestTokens, spec.Limit),
                },
                WindowMeasure.InputTokens => rates with
                {
                    InputTokensPerSecond = Math.Min(rates.InputTokensPerSecond, spec.PerSecond),
                    LargestInput = Math.Min(rates.LargestInput, spec.Limit),
                },
                _ => rates with
                {
                    OutputTokensPerSecond = Math.Min(rates.OutputTokensPerSecond, spec.PerSecond),
                    LargestOutput = Math.Min(rates.LargestOutput, spec.Limit),
                },
            };

            // A full bucket passes any one request within its limit, whatever its capacity.
            if (spec.Measure == WindowMeasure.Requests || spec.Limit >= largest) continue;
            largest = spec.Limit;
            rates = rates with { LargestWindow = spec.Name };
        }

        return rates;
    }
}
