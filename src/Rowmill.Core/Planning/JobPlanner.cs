using Rowmill.Core.Jobs;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Planning;

/// <summary>Computes what a job takes, with the packing and the limits that a run uses, and sends nothing.</summary>
public static class JobPlanner
{
    private static readonly int[] s_otherSizes = [1, 5, 10, 20, 50];

    /// <summary>Plans a job.</summary>
    /// <param name="job">The job, opened.</param>
    /// <param name="options">Which rows, and whether stored answers count.</param>
    /// <param name="environment">The stored answers, the batches, the windows and what calls have shown. No client is made and no key is needed.</param>
    /// <param name="cancellationToken">Gives the pass over the source up.</param>
    /// <exception cref="ProblemException">No request to any route fits its windows, ever.</exception>
    public static async ValueTask<JobPlan> PlanAsync(
        OpenedJob job, RunOptions options, RunEnvironment environment, CancellationToken cancellationToken = default)
    {
        var snapshots = new List<WindowSnapshot>();
        var budgets = new List<PackBudget>();
        var earlier = new List<IReadOnlyList<LearnedPackSize>>();
        foreach (var (i, route) in job.Routes.Index())
        {
            var owner = await environment.WindowOwner(route).ConfigureAwait(false);
            snapshots.Add(await environment.Windows.SnapshotAsync(owner, route.Limits, cancellationToken).ConfigureAwait(false));
            budgets.Add(job.Budgets[i].Learning(new TokenCalibration(
                await environment.Calibrations.ReadAsync(route.Id, job.Job.Question.Fingerprint, cancellationToken).ConfigureAwait(false),
                await environment.Calibrations.ReadAsync(route.Id, null, cancellationToken).ConfigureAwait(false))));
            earlier.Add(await environment.Calibrations.SizesAsync(route.Id, job.Job.Question.Fingerprint, cancellationToken).ConfigureAwait(false));
        }

        NeverAdmitted(0);
        var tally = await RowSurvey.OfAsync(job, environment, options, cancellationToken).ConfigureAwait(false);
        var never = NeverAdmitted(tally.Tokens.Least);
        var now = environment.Clock.GetUtcNow();
        var outlooks = job.Routes.Select((r, i) => new RouteOutlook(r, budgets[i], snapshots[i], tally)).ToList();
        var sizes = outlooks.Select((o, i) => Size(o, job.Job.PackRows, earlier[i], tally)).ToList();
        var rules = new ForecastRules(job.Job.Routing == Routing.Spread, job.Job.Patience);
        var routes = outlooks.Select((o, i) => Route(o, sizes[i], job.Job.PackRows, tally, rules, now) with { NeverAdmits = never[i] }).ToList();
        var batches = await BatchesAsync(job, environment, tally, budgets, now, cancellationToken).ConfigureAwait(false);
        routes = [.. routes.Select((r, i) => r with { InBatches = batches[i] })];
        var whole = Whole(outlooks, sizes, job.Job.PackRows, tally, rules, now);
        return new JobPlan
        {
            Job = job.Job.Name,
            At = now,
            Rows = tally,
            Routes = routes,
            Whole = whole,
            Assumptions = [.. PlanWords.Assumptions(job.Job, tally, routes, whole, now)],
        };

        IReadOnlyList<Problem?> NeverAdmitted(int smallestRow)
        {
            var problems = job.Routes.Select((r, i) => NeverAdmits.Check(r, budgets[i], snapshots[i].Windows.Select(w => w.Spec), smallestRow)).ToList();
            return problems.Contains(null) ? problems : throw new ProblemException([.. problems.OfType<Problem>()]);
        }
    }

    private static async ValueTask<IReadOnlyList<PlannedBatches?>> BatchesAsync(
        OpenedJob job, RunEnvironment environment, RowTally tally, List<PackBudget> budgets, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var records = await environment.Batches.ReadAsync(job.Job.Name, cancellationToken).ConfigureAwait(false);
        var planner = new BatchPlanner(
            job, environment, tally, [.. records.Where(r => r.Question == job.Scope.Question && r.Phase != BatchPhase.Dropped)], now);
        var batches = new List<PlannedBatches?>();
        foreach (var (i, route) in job.Routes.Index())
            batches.Add(await planner.OfAsync(route, budgets[i].Calibration, cancellationToken).ConfigureAwait(false));
        return batches;
    }

    /// <summary>Rows of the usual pack of a run.</summary>
    internal static int Size(RouteOutlook outlook, int? given, IReadOnlyList<LearnedPackSize> earlier, RowTally tally)
    {
        var sizer = new PackSizer(outlook.Budget, given, tally.Tokens.Mean, earlier);
        sizer.Follow(outlook.Windows.Rates);
        return (int)Math.Clamp(sizer.UsualRows, 1, Math.Max(1, tally.ToAsk));
    }

    private static PlannedRoute Route(RouteOutlook outlook, int size, int? given, RowTally tally, ForecastRules rules, DateTimeOffset now)
    {
        var others = s_otherSizes.Where(s => s != size && s <= tally.ToAsk && outlook.Budget.MostRows(tally.Tokens.Mean, s) == s);
        var work = Work(outlook, size, given, tally, rules, now);
        return new PlannedRoute
        {
            Work = work,
            PackSizes = [.. others.Append(size).Order().Select(s => s == size ? work : Work(outlook, s, s, tally, rules, now))],
            CallsMeasured = outlook.Measured ? (long)Math.Round(outlook.Budget.Calibration.Known.Calls) : 0,
            InputError = Error(work.Input),
            OutputError = Error(work.Output),
            Latency = outlook.Latency(outlook.Split(size).Rows),
            LatencyMeasured = outlook.Measured && outlook.Budget.Calibration.Latency is not null,
            Windows = outlook.Windows,
        };
    }

    private static PlannedWork Work(RouteOutlook outlook, int size, int? most, RowTally tally, ForecastRules rules, DateTimeOffset now)
    {
        var forecast = Forecast.Of([outlook.Forecast(size)], tally.ToAsk, now, rules);
        var bound = LowerBound.Of([outlook.Bound(most)], tally.ToAsk, now);
        var (calls, rows) = outlook.Split(size);
        return Part(outlook, rows, calls) with
        {
            PackRows = size,
            Calls = (long)calls,
            Finish = Later(forecast?.FinishAt, bound) - now,
            LowerBound = bound - now,
            BindingWindow = forecast?.BindingWindow,
        };
    }

    /// <summary>The routes as the job uses them: each does what the forecast gives it.</summary>
    private static PlannedWork Whole(
        List<RouteOutlook> outlooks, List<int> sizes, int? most, RowTally tally, ForecastRules rules, DateTimeOffset now)
    {
        var forecast = Forecast.Of([.. outlooks.Select((o, i) => o.Forecast(sizes[i]))], tally.ToAsk, now, rules);
        var bound = LowerBound.Of([.. outlooks.Select(o => o.Bound(most))], tally.ToAsk, now);
        var used = outlooks.Select((o, i) => (Outlook: o, Calls: forecast?.Calls[i] ?? (i == 0 ? o.Split(sizes[i]).Calls : 0), o.Split(sizes[i]).Rows)).ToList();
        var parts = used.Where(u => u.Calls > 0).Select(u => Part(u.Outlook, u.Rows, u.Calls)).DefaultIfEmpty(Part(outlooks[0], 1, 0)).ToList();
        return new PlannedWork
        {
            Model = string.Join(", ", outlooks.Select(o => o.Route.Name)),
            PackRows = sizes[0],
            Calls = (long)used.Sum(u => Math.Ceiling(u.Calls - 1e-6)),
            Input = parts.Select(p => p.Input).Aggregate((a, b) => a + b),
            CachedInput = parts.Sum(p => p.CachedInput),
            Output = parts.Select(p => p.Output).Aggregate((a, b) => a + b),
            Usd = parts.Select(p => p.Usd).Aggregate((a, b) => a + b),
            Finish = Later(forecast?.FinishAt, bound) - now,
            LowerBound = bound - now,
            BindingWindow = forecast?.BindingWindow,
        };
    }

    /// <summary>Tokens and money of so many calls.</summary>
    internal static PlannedWork Part(RouteOutlook outlook, double rows, double calls)
    {
        var (input, cached, output) = (calls * outlook.Input(rows, calls), calls * outlook.Cached(rows), calls * outlook.Output(rows, calls));
        return new PlannedWork
        {
            Model = outlook.Route.Name,
            PackRows = (int)Math.Ceiling(rows),
            Calls = (long)Math.Ceiling(calls),
            Input = input,
            CachedInput = cached,
            Output = output,
            Usd = outlook.Route.Price is not { } price ? null : new Estimate(
                Usd(price, input.Expected, cached, output.Expected),
                Usd(price, input.Low, Math.Min(cached, input.Low), output.Low),
                Usd(price, input.High, cached, output.High)),
            Finish = null,
            LowerBound = null,
            BindingWindow = null,
        };
    }

    private static double Usd(Price price, double input, double cached, double output) =>
        (double)price.Of(new TokenUsage((long)Math.Round(input), (long)Math.Round(cached), (long)Math.Round(output)));

    private static DateTimeOffset? Later(DateTimeOffset? forecast, DateTimeOffset? bound) => forecast < bound ? bound : forecast;

    private static double Error(Estimate e) => e.Expected <= 0 ? 0 : Math.Max(e.Expected - e.Low, e.High - e.Expected) / e.Expected;
}
