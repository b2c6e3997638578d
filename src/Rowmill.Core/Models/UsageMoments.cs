namespace Rowmill.Core.Models;

/// <summary>
/// What calls have shown about tokens, as sums that can be added: calls of one route and one question, or of many. Counts are not
/// whole numbers, because old calls weigh less.
/// </summary>
public readonly record struct UsageMoments
{
    /// <summary>Calls that brought a reply with usage.</summary>
    public double Calls { get; init; }

    /// <summary>Rows in them.</summary>
    public double Rows { get; init; }

    /// <summary>Prompt tokens as estimated before the call (<c>E</c>), summed.</summary>
    public double Estimated { get; init; }

    /// <summary>Prompt tokens as the service counted them (<c>A</c>), cached ones included, summed.</summary>
    public double Input { get; init; }

    /// <summary>Sum of E².</summary>
    public double EstimatedSquared { get; init; }

    /// <summary>Sum of E·A.</summary>
    public double EstimatedByInput { get; init; }

    /// <summary>Sum of A².</summary>
    public double InputSquared { get; init; }

    /// <summary>Cached prompt tokens, summed.</summary>
    public double Cached { get; init; }

    /// <summary>Reply tokens (<c>O</c>), summed.</summary>
    public double Output { get; init; }

    /// <summary>Sum of O² ÷ rows of the call: with <see cref="Rows"/> and <see cref="Output"/> it gives the variance per row.</summary>
    public double OutputSquaredByRow { get; init; }

    /// <summary>Seconds from leaving to the last byte, summed.</summary>
    public double Seconds { get; init; }

    /// <summary>Calls whose reply was cut short by the output limit.</summary>
    public double Truncated { get; init; }

    /// <summary>How many calls are remembered with full weight; beyond them the older ones fade, so that a changed model is learned anew.</summary>
    public const double Memory = 1000;

    /// <summary>No sum of a thousand calls comes near this; up to it, products of sums stay finite.</summary>
    private const double MostPlausible = 1e30;

    /// <summary>The sums of one call.</summary>
    /// <param name="rows">Its rows, at least one.</param>
    /// <param name="estimated">Its prompt tokens as estimated, uncalibrated.</param>
    /// <param name="usage">What the service counted.</param>
    /// <param name="truncated">Whether the output limit cut the reply short.</param>
    /// <param name="latency">From leaving to the last byte.</param>
    public static UsageMoments Of(int rows, long estimated, TokenUsage usage, bool truncated, TimeSpan latency) => new()
    {
        Calls = 1,
        Rows = rows,
        Estimated = estimated,
        Input = usage.Input,
        EstimatedSquared = (double)estimated * estimated,
        EstimatedByInput = (double)estimated * usage.Input,
        InputSquared = (double)usage.Input * usage.Input,
        Cached = usage.CachedInput,
        Output = usage.Output,
        OutputSquaredByRow = (double)usage.Output * usage.Output / rows,
        Seconds = latency.TotalSeconds,
        Truncated = truncated ? 1 : 0,
    };

    /// <summary>
    /// False when these cannot be sums of calls (a damaged store, a service that counts nonsense): every sum is finite and not negative,
    /// and every call has at least one row and one prompt token.
    /// </summary>
    public bool IsSound =>
        Plausible(Calls) && Plausible(Rows) && Plausible(Estimated) && Plausible(Input) && Plausible(EstimatedSquared)
        && Plausible(EstimatedByInput) && Plausible(InputSquared) && Plausible(Cached) && Plausible(Output)
        && Plausible(OutputSquaredByRow) && Plausible(Seconds) && Plausible(Truncated)
        && Math.Min(Rows, Math.Min(Estimated, Input)) >= Calls * (1 - 1e-9);

    /// <summary>What is known once more was seen: old calls weigh less as soon as there are more than <see cref="Memory"/>.</summary>
    public UsageMoments Then(UsageMoments seen)
    {
        var sum = this + seen;
        return sum.Calls > Memory ? Memory / sum.Calls * sum : sum;
    }

    /// <summary>Both together.</summary>
    public static UsageMoments operator +(UsageMoments a, UsageMoments b) => new()
    {
        Calls = a.Calls + b.Calls,
        Rows = a.Rows + b.Rows,
        Estimated = a.Estimated + b.Estimated,
        Input = a.Input + b.Input,
        EstimatedSquared = a.EstimatedSquared + b.EstimatedSquared,
        EstimatedByInput = a.EstimatedByInput + b.EstimatedByInput,
        InputSquared = a.InputSquared + b.InputSquared,
        Cached = a.Cached + b.Cached,
        Output = a.Output + b.Output,
        OutputSquaredByRow = a.OutputSquaredByRow + b.OutputSquaredByRow,
        Seconds = a.Seconds + b.Seconds,
        Truncated = a.Truncated + b.Truncated,
    };

    /// <summary>All sums times a weight.</summary>
    public static UsageMoments operator *(double weight, UsageMoments m) => new()
    {
        Calls = weight * m.Calls,
        Rows = weight * m.Rows,
        Estimated = weight * m.Estimated,
        Input = weight * m.Input,
        EstimatedSquared = weight * m.EstimatedSquared,
        EstimatedByInput = weight * m.EstimatedByInput,
        InputSquared = weight * m.InputSquared,
        Cached = weight * m.Cached,
        Output = weight * m.Output,
        OutputSquaredByRow = weight * m.OutputSquaredByRow,
        Seconds = weight * m.Seconds,
        Truncated = weight * m.Truncated,
    };

    private static bool Plausible(double sum) => sum is >= 0 and <= MostPlausible;
}
