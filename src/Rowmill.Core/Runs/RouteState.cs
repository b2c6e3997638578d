using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>A route during a run.</summary>
internal sealed class RouteState : IDisposable
{
    /// <summary>Creates the state of a route.</summary>
    public RouteState(Route route, IModelClient client, PackBudget budget, WindowOwner? windows, RouteGate gate)
    {
        Route = route;
        Client = client;
        Budget = budget;
        Windows = windows;
        Gate = gate;
        Form = client.StructuredOutput;
        Slots = new SemaphoreSlim(Concurrency);
    }

    /// <summary>The route.</summary>
    public Route Route { get; }

    /// <summary>Its client.</summary>
    public IModelClient Client { get; }

    /// <summary>What a request may carry.</summary>
    public PackBudget Budget { get; }

    /// <summary>Whose windows it uses; null when the job names none.</summary>
    public WindowOwner? Windows { get; }

    /// <summary>Back-off and holds.</summary>
    public RouteGate Gate { get; }

    /// <summary>Whether the job names windows for a route.</summary>
    public static bool HasWindows(RouteLimits limits) => limits is not
    {
        RequestsPerMinute: null, TokensPerMinute: null, InputTokensPerMinute: null, OutputTokensPerMinute: null,
        RequestsPerDay: null, TokensPerDay: null,
    };

    /// <summary>Requests in flight at once.</summary>
    public int Concurrency => Route.Limits.Concurrency ?? RouteLimits.DefaultConcurrency;

    /// <summary>One permit for each request in flight.</summary>
    public SemaphoreSlim Slots { get; }

    /// <summary>Lets one request at a time wait for the windows, in order of arrival.</summary>
    public SemaphoreSlim Turnstile { get; } = new(1, 1);

    /// <summary>The form of structured output the model took last.</summary>
    public StructuredOutput Form { get; private set; }

    /// <summary>Requests that brought a reply.</summary>
    public long Successes;

    /// <summary>Requests that the service called wrong.</summary>
    public long BadRequests;

    /// <summary>Why this run uses it no more; null while it does.</summary>
    public StopReason? Parked { get; private set; }

    /// <summary>Uses the route no more in this run.</summary>
    public void Park(StopReason why) => Parked ??= why;

    /// <summary>The model refused a form of structured output.</summary>
    /// <returns>False when there is no lesser form.</returns>
    public bool LowerForm(StructuredOutput refused)
    {
        if (refused == StructuredOutput.Text) return false;
        if (Form == refused) Form = refused + 1;
        return true;
    }

    public void Dispose()
    {
        Slots.Dispose();
        Turnstile.Dispose();
    }
}
