using System.Globalization;
using Rowmill.Core.Models;

namespace Rowmill.Core.Runs;

/// <summary>The money a run may still spend: what is left of the job's budget, or the run's own bound, whichever is less.</summary>
/// <param name="Usd">USD.</param>
/// <param name="Bound">The bound as it was given, in USD.</param>
/// <param name="Setting">What gave it: <c>budget.usd</c> or <c>--max-usd</c>.</param>
internal sealed record MoneyLeft(decimal Usd, decimal Bound, string Setting)
{
    /// <summary>The bound of a run; null when there is none.</summary>
    /// <param name="budget">The job's budget over all its runs.</param>
    /// <param name="spent">What earlier runs spent of it.</param>
    /// <param name="run">The run's own bound.</param>
    public static MoneyLeft? Of(decimal? budget, decimal spent, decimal? run)
    {
        var job = budget is { } b ? new MoneyLeft(b - spent, b, "budget.usd") : null;
        var own = run is { } r ? new MoneyLeft(r, r, "--max-usd") : null;
        return job is null || own?.Usd < job.Usd ? own : job;
    }

    /// <summary>A bound in money holds only where every price is known.</summary>
    /// <exception cref="ProblemException">A route has no price.</exception>
    public static void CheckPrices(IEnumerable<Route> routes)
    {
        var problems = routes.Where(r => r.Price is null)
            .Select(r => new Problem($"The price of {r.Name} is not known, so a bound in money cannot hold.")
            {
                Key = "--max-usd",
                Fix = "Write price: { input: …, output: … } under that model, in USD per million tokens.",
            }).ToList();
        if (problems.Count > 0) throw new ProblemException(problems);
    }

    /// <summary>Why the run stops at it.</summary>
    public StopReason Reached() => new(
        RunState.Budget,
        string.Create(CultureInfo.InvariantCulture, $"the next call could cross the {(Setting == "--max-usd" ? "run's bound" : "job's budget")} of {Bound} USD; raise {Setting} to go on"))
    {
        UserError = true,
    };
}
