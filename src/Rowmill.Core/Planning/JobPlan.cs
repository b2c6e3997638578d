using Rowmill.Core.Limits;

namespace Rowmill.Core.Planning;

/// <summary>A number that is not known exactly.</summary>
/// <param name="Expected">What is expected.</param>
/// <param name="Low">Seldom less.</param>
/// <param name="High">Seldom more.</param>
public readonly record struct Estimate(double Expected, double Low, double High)
{
    /// <summary>The sum, end by end: errors of routes are taken to go together.</summary>
    public static Estimate operator +(Estimate a, Estimate b) => new(a.Expected + b.Expected, a.Low + b.Low, a.High + b.High);

    /// <summary>Times a number.</summary>
    public static Estimate operator *(double times, Estimate e) => new(times * e.Expected, times * e.Low, times * e.High);
}

/// <summary>What asking all rows takes: of one route with one pack size, or of the job's routes together.</summary>
public sealed record PlannedWork
{
    /// <summary>The route; of the job, its routes' names.</summary>
    public required string Model { get; init; }

    /// <summary>True when it goes through a batch API, false when request by request.</summary>
    public bool IsBatch { get; init; }

    /// <summary>Rows in a request; of the job, of its first route.</summary>
    public required int PackRows { get; init; }

    /// <summary>Requests.</summary>
    public required long Calls { get; init; }

    /// <summary>Prompt tokens, cached ones included.</summary>
    public required Estimate Input { get; init; }

    /// <summary>Those of them that are expected to come from the provider's cache.</summary>
    public required double CachedInput { get; init; }

    /// <summary>Reply tokens.</summary>
    public required Estimate Output { get; init; }

    /// <summary>USD; null without a price.</summary>
    public required Estimate? Usd { get; init; }

    /// <summary>How long it is expected to take from now on, waiting through every limit; null when the windows never admit it.</summary>
    public required TimeSpan? Finish { get; init; }

    /// <summary>How long it takes at least, whoever schedules it; null when the windows never admit it. Of batches nothing is known but zero.</summary>
    public required TimeSpan? LowerBound { get; init; }

    /// <summary>The window waited for longest; null when none is.</summary>
    public required string? BindingWindow { get; init; }
}

/// <summary>A route's part of a plan: what it would take if it did all of the job alone.</summary>
public sealed record PlannedRoute
{
    /// <summary>With the pack size that a run would begin with.</summary>
    public required PlannedWork Work { get; init; }

    /// <summary>Other pack sizes, smallest first.</summary>
    public required IReadOnlyList<PlannedWork> PackSizes { get; init; }

    /// <summary>The same through its service's batch API; null where it has none.</summary>
    public PlannedBatches? InBatches { get; init; }

    /// <summary>Calls of this question that the estimates rest on; 0 when they rest on the texts alone.</summary>
    public required long CallsMeasured { get; init; }

    /// <summary>How far the ends of the prompt tokens lie from the expected, as a part of it.</summary>
    public required double InputError { get; init; }

    /// <summary>The same of the reply tokens.</summary>
    public required double OutputError { get; init; }

    /// <summary>Time of one call.</summary>
    public required TimeSpan Latency { get; init; }

    /// <summary>False when <see cref="Latency"/> is assumed.</summary>
    public required bool LatencyMeasured { get; init; }

    /// <summary>Its windows as they stand now.</summary>
    public required WindowSnapshot Windows { get; init; }

    /// <summary>Why no request fits its windows; null when one does.</summary>
    public Problem? NeverAdmits { get; init; }
}

/// <summary>What a job takes, before the first call.</summary>
public sealed record JobPlan
{
    /// <summary>The job's name.</summary>
    public required string Job { get; init; }

    /// <summary>When the plan was made: every finish counts from here.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The rows.</summary>
    public required RowTally Rows { get; init; }

    /// <summary>Each route alone, in the job's order.</summary>
    public required IReadOnlyList<PlannedRoute> Routes { get; init; }

    /// <summary>The routes as the job uses them.</summary>
    public required PlannedWork Whole { get; init; }

    /// <summary>What the estimates take for granted, one sentence each.</summary>
    public required IReadOnlyList<string> Assumptions { get; init; }
}
