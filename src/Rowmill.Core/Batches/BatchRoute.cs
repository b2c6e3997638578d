using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Runs;

namespace Rowmill.Core.Batches;

/// <summary>A route of the job as its batches go: at their price, free of the windows of single requests.</summary>
/// <param name="Route">The route.</param>
/// <param name="Client">Its batch client.</param>
/// <param name="State">What packs to it are like; its price is that of batches.</param>
internal sealed record BatchRoute(Route Route, IBatchClient Client, RouteState State)
{
    /// <summary>Part of the queue's room that one batch takes at most, so that another can wait behind it while it is under way.</summary>
    private const long QueueShare = 2;

    /// <summary>Whose queue it uses.</summary>
    public WindowOwner Owner => State.Owner;

    /// <summary>The route as its batches are: the limits of single requests do not hold for them.</summary>
    public static Route Priced(Route route) => route with { Limits = RouteLimits.None, Price = route.Price?.InBatch };

    /// <summary>The routes of a run that have a batch API, in the job's order.</summary>
    /// <param name="plan">The job.</param>
    /// <param name="run">The run with its routes for single requests.</param>
    /// <param name="forFile">True for files that another machine runs: no route needs an API then, nor a key.</param>
    /// <exception cref="ProblemException">None has.</exception>
    public static IReadOnlyList<BatchRoute> Of(OpenedJob plan, RunContext run, bool forFile = false)
    {
        var routes = new List<BatchRoute>();
        for (var i = 0; i < plan.Routes.Count; i++)
        {
            var route = plan.Routes[i];
            if ((forFile ? run.Environment.BatchFiles?.Invoke(route) : run.Environment.BatchClient(route)) is not { } client) continue;
            var priced = Priced(route);
            var online = run.Routes[i];
            var budget = new PackBudget(priced, plan.Job.Question, plan.Text.FixedTokens).Learning(online.Calibration);
            var sizer = new PackSizer(budget, plan.Job.PackRows);
            var state = new RouteState(
                priced, online.Client, sizer, online.Owner, new WindowSnapshot(default, [], null), new RouteGate(run.Environment.Chance), online.Form);
            routes.Add(new BatchRoute(route, client, state));
        }

        if (routes.Count > 0) return routes;
        throw new ProblemException(new Problem($"None of the job's models has a batch API: {string.Join(", ", plan.Routes.Select(r => r.Name))}.")
        {
            File = plan.Job.File,
            Key = "models",
            Fix = "Ask online with rowmill run, or write a file for another machine with rowmill batch prepare --for FILE.",
        });
    }

    /// <summary>The most tokens of one batch.</summary>
    /// <param name="queue">The service's queue.</param>
    public static long MostTokens(QueueState queue) => queue.Limit is { } limit ? Math.Max(1, limit / QueueShare) : long.MaxValue;
}
