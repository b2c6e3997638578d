using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;

namespace Rowmill.Benchmarks.Limits;

/// <summary>A service and what the job says of it.</summary>
/// <param name="Provider">The provider's name: it decides what the engine reserves.</param>
/// <param name="Model">The model.</param>
/// <param name="Service">What the service is like.</param>
/// <param name="Limits">What the job says of its limits.</param>
internal sealed record CaseRoute(string Provider, string Model, ServiceOptions Service, RouteLimits Limits);

/// <summary>One measurement on the simulated clock.</summary>
/// <param name="Name">What it is about.</param>
internal sealed record LimitCase(string Name)
{
    public required Work Work { get; init; }

    public required IReadOnlyList<CaseRoute> Routes { get; init; }

    public Routing Routing { get; init; } = Routing.Order;

    public RunOptions Options { get; init; } = new() { WriteOutput = false };

    /// <summary>As the job's <c>patience</c>.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How many engines share the rows, each with its own job and store, and the windows' file.</summary>
    public int Engines { get; init; } = 1;

    /// <summary>The efficiency to reach.</summary>
    public double Aim { get; init; } = 0.98;

    /// <summary>Whether refusals are part of the case: nobody can know the limits before.</summary>
    public bool Learns { get; init; }

    public DateTimeOffset Start { get; init; } = Noon;

    /// <summary>When a run begins that does not care: noon of a Monday.</summary>
    public static DateTimeOffset Noon { get; } = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);
}

/// <summary>What came of a case.</summary>
internal sealed record CaseResult(LimitCase Case)
{
    public required string State { get; init; }

    public required long Answered { get; init; }

    public required long Calls { get; init; }

    public required long Refused { get; init; }

    public required long Overloaded { get; init; }

    public required int MostInFlight { get; init; }

    public required TimeSpan Bound { get; init; }

    public required TimeSpan Achieved { get; init; }

    /// <summary>A number over every admission: the same for two runs that did the same.</summary>
    public required ulong Fingerprint { get; init; }

    public string? Message { get; init; }

    /// <summary>Bound ÷ achieved; null when not every row was answered.</summary>
    public double? Efficiency => Answered < Case.Work.Rows || Achieved <= TimeSpan.Zero ? null : Bound / Achieved;
}
