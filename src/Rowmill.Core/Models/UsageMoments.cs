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
}
