using Rowmill.Core.Models;

namespace Rowmill.Core.Packing;

/// <summary>How many rows the next pack of a route should carry. Safe for concurrent use.</summary>
/// <param name="budget">The route's budget.</param>
/// <param name="upperBound">The job's <c>pack.rows</c>; null for automatic.</param>
internal sealed class PackSizer(PackBudget budget, int? upperBound)
{
    /// <summary>Rows of a pack while nothing is known.</summary>
    public const int Default = 20;

    /// <summary>The route's budget.</summary>
    public PackBudget Budget { get; } = budget;

    /// <summary>The most rows the next pack should carry.</summary>
    public int Rows => upperBound ?? Default;

    /// <summary>What the route's windows admit changed.</summary>
    public void Follow(RouteRates rates) => _ = (rates, Budget);

    /// <summary>A reply came to a pack.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="good">Those that got a valid answer.</param>
    /// <param name="truncated">Whether the output limit cut it short.</param>
    public void Ended(int rows, int good, bool truncated) => _ = (rows, good, truncated, Budget);
}
