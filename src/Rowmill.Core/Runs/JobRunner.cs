using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Core.Jobs;
using Rowmill.Core.Limits;
using Rowmill.Core.Outputs;
using Rowmill.Core.Packing;
using Rowmill.Core.Replies;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>Runs a job: from its rows to its output, or to the clean stop that says when to go on.</summary>
/// <param name="environment">The ports, the clock and chance.</param>
public sealed class JobRunner(RunEnvironment environment)
{
    /// <summary>Runs a job, or goes on with it: what the store answers is not asked again.</summary>
    /// <param name="job">The job.</param>
    /// <param name="options">What this run does differently.</param>
    /// <param name="observer">Watches; may be null.</param>
    /// <param name="cancellationToken">Interrupts the run: what is in flight may finish within the grace, everything is stored, the output is written.</param>
    /// <param name="abort">Gives up at once what an interrupted run still does.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="ProblemException">The job, its source or a key is wrong; nothing was sent.</exception>
    /// <exception cref="AlreadyRunningException">The job already runs; nothing was sent.</exception>
    public Task<RunSummary> RunAsync(
        Job job, RunOptions options, IRunObserver? observer = null, CancellationToken cancellationToken = default, CancellationToken abort = default) =>
        RunAsync(job, null, options, null, observer, cancellationToken, abort);

    /// <summary>The same with a job that is open already, such as one asked apart.</summary>
    internal Task<RunSummary> RunAsync(
        OpenedJob opened, RunOptions options, IRunObserver? observer, CancellationToken cancellationToken, CancellationToken abort) =>
        RunAsync(opened.Job, opened, options, null, observer, cancellationToken, abort);

    /// <summary>The same, asking in another way than request by request.</summary>
    internal Task<RunSummary> RunAsync(
        Job job, RunOptions options, Asking asking, IRunObserver? observer, CancellationToken cancellationToken, CancellationToken abort) =>
        RunAsync(job, null, options, asking, observer, cancellationToken, abort);

    private async Task<RunSummary> RunAsync(
        Job job, OpenedJob? opened, RunOptions options, Asking? asking, IRunObserver? observer, CancellationToken cancellationToken, CancellationToken abort)
    {
        var runId = RunIds.New(environment.Clock, environment.Chance);
        var grant = await environment.Leases.AcquireAsync(job.Name, runId, environment.Owner, abort).ConfigureAwait(false);
        if (grant.Granted is not { } lease) throw new AlreadyRunningException(job.Name, grant.Holder!, grant.Since!.Value);
        try
        {
            environment.Passed?.Invoke(Transition.LeaseTaken);
            return await RunAsync(job, opened, options, asking, lease, observer, cancellationToken, abort).ConfigureAwait(false);
        }
        finally
        {
            await ReleaseAsync(lease).ConfigureAwait(false);
        }
    }

    private async Task ReleaseAsync(Lease lease)
    {
        try
        {
            await environment.Leases.ReleaseAsync(lease, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException)
        {
            // Nothing hangs on it: a lease ends with its process, and a store that is broken has been told where it mattered.
        }
    }

    private async Task<RunSummary> RunAsync(
        Job job, OpenedJob? opened, RunOptions options, Asking? asking, Lease lease, IRunObserver? observer, CancellationToken cancellationToken,
        CancellationToken abort)
    {
        var counters = new RunCounters(environment.Clock);
        var events = new EventStream(lease.RunId, environment.Events, observer, environment.Clock);
        observer?.Started(lease.RunId, counters.Progress);
        var plan = opened ?? await OpenedJob.OpenAsync(job, options.Model, cancellationToken).ConfigureAwait(false);
        plan.RequireAdmission();
        if (options.MaxUsd is not null) MoneyLeft.CheckPrices(plan.Routes);
        counters.SetTotal(options.Total(plan.Profile.Rows));

        using var stop = new StopSignal();
        using var interrupt = cancellationToken.Register(() => Interrupt(stop));
        using var aborting = abort.Register(() =>
        {
            Interrupt(stop);
            stop.Abandon();
        });
        var run = new RunContext
        {
            Job = job,
            Options = options,
            Question = plan.Scope.Question,
            Environment = environment,
            Lease = lease,
            Routes = await OpenRoutesAsync(plan, options.IsOffline).ConfigureAwait(false),
            Text = plan.Text,
            Reader = new ReplyReader(job.Question.Schema, job.Question.Abstain),
            Counters = counters,
            Events = events,
            Stop = stop,
            Money = MoneyLeft.Of(
                job.BudgetUsd, job.BudgetUsd is null ? 0 : await environment.Calls.SpentAsync(job.Name, abort).ConfigureAwait(false), options.MaxUsd),
        };
        using var renewing = new PeriodicTimer(IRunLease.RenewEvery, run.Clock);
        var renewal = RenewAsync(run, renewing);
        try
        {
            if (options.IsStep)
            {
                await asking!(plan, run, () => Task.CompletedTask).ConfigureAwait(false);
                return Ended(plan, run);
            }

            var record = await BeginAsync(plan, run, abort).ConfigureAwait(false);
            if (record.Unused is { } unused && options.ConfirmUnused?.Invoke(unused) == false)
            {
                stop.Request(new StopReason(RunState.Interrupted, "stopped before anything was sent, because the edited job leaves stored answers unused"));
            }
            else
            {
                record = await AgreeAsync(plan, run, record).ConfigureAwait(false);
            }

            run.Pass(Transition.RunBegun);
            run.Counters.Enter(RunPhase.Asking);
            if (asking is null) await AskAllAsync(plan, run).ConfigureAwait(false);
            else await asking(plan, run, () => AskAllAsync(plan, run)).ConfigureAwait(false);
            run.Pass(Transition.AskingEnded);
            return await FinishAsync(plan, run, record, countsCalls: asking is null, abort).ConfigureAwait(false);
        }
        finally
        {
            renewing.Dispose();
            await renewal.ConfigureAwait(false);
            foreach (var route in run.Routes) route.Dispose();
        }
    }

    private async Task<IReadOnlyList<RouteState>> OpenRoutesAsync(OpenedJob plan, bool offline)
    {
        var routes = new RouteState[plan.Routes.Count];
        var clients = offline ? [.. plan.Routes.Select(r => new UnaskedClient(environment.BatchFiles?.Invoke(r)))] : plan.Clients(environment);
        for (var i = 0; i < routes.Length; i++)
        {
            var route = plan.Routes[i];
            var owner = await environment.WindowOwner(route).ConfigureAwait(false);
            var windows = await environment.Windows.SnapshotAsync(owner, route.Limits).ConfigureAwait(false);
            var calibration = new TokenCalibration(
                await environment.Calibrations.ReadAsync(route.Id, plan.Job.Question.Fingerprint).ConfigureAwait(false),
                await environment.Calibrations.ReadAsync(route.Id, null).ConfigureAwait(false));
            var earlier = await environment.Calibrations.SizesAsync(route.Id, plan.Job.Question.Fingerprint).ConfigureAwait(false);
            var sizer = new PackSizer(plan.Budgets[i].Learning(calibration), plan.Job.PackRows, earlier: earlier);
            sizer.Budget.ContextTokens = environment.ContextTokens(route);
            var form = await environment.Calibrations.FormAsync(route.Id).ConfigureAwait(false);
            routes[i] = new RouteState(route, clients[i], sizer, owner, windows, new RouteGate(environment.Chance), form);
        }

        return routes;
    }

    /// <summary>Looks at what earlier runs left, and stores that this one has begun.</summary>
    private async Task<Beginning> BeginAsync(OpenedJob plan, RunContext run, CancellationToken abort)
    {
        var doubt = await DoubtClearing.FindAsync(environment, run.Lease, abort).ConfigureAwait(false);
        var last = await environment.Runs.LastAsync(run.Job.Name, abort).ConfigureAwait(false);
        var identity = RunIds.Identity(plan);
        UnusedAnswers? unused = null;
        if (last is not null && last.Identity != identity && run.Options.Model is null)
        {
            unused = await environment.Answers.UnusedAsync(run.Job.Name, plan.Scope, abort).ConfigureAwait(false);
            if (unused.Answers == 0) unused = null;
        }

        // The new identity counts once the person has been told.
        var record = new RunRecord(run.RunId, run.Job.Name, last?.Identity ?? identity, run.Clock.GetUtcNow(), null, null);
        await environment.Runs.SaveAsync(record, abort).ConfigureAwait(false);
        run.Events.Emit("started", new JsonObject
        {
            ["job"] = run.Job.Name,
            ["rows"] = plan.Profile.Rows,
            ["models"] = new JsonArray([.. plan.Routes.Select(r => (JsonNode)r.Name)]),
        });
        if (doubt.Calls > 0) run.Events.Emit("in_doubt", SummaryJson.Doubt(doubt));
        if (unused is not null) run.Events.Emit("unused", new JsonObject { ["answers"] = unused.Answers, ["usd"] = unused.Usd });
        return new Beginning(record, doubt, unused);
    }

    /// <summary>Stores what the job now asks. A trial or a run with one route only is no edit of the job.</summary>
    private async Task<Beginning> AgreeAsync(OpenedJob plan, RunContext run, Beginning beginning)
    {
        var identity = RunIds.Identity(plan);
        if (run.Options.Model is not null || run.Options.Rows is not null || beginning.Record.Identity == identity) return beginning;
        var record = beginning.Record with { Identity = identity };
        await environment.Runs.SaveAsync(record, run.Stop.Abandoning).ConfigureAwait(false);
        return beginning with { Record = record };
    }

    /// <summary>Asks everything that is to be asked, with as many workers as requests may be in flight.</summary>
    private async Task AskAllAsync(OpenedJob plan, RunContext run)
    {
        if (run.Stop.Reason is not null) return;
        var anything = await environment.Answers.AnyAsync(plan.Scope, run.Stop.Abandoning).ConfigureAwait(false);
        using var elsewhere = await run.OpenRowsAsync().ConfigureAwait(false);
        var rules = new IntakeRules(run.RunId, plan.Scope, run.Options, anything) { Elsewhere = elsewhere };
        var intake = new Intake(plan.Source, plan.Judge(), environment.Answers, rules, run.Counters, run.Asked, run.Stop.Stopping);
        await using var closing = intake.ConfigureAwait(false);
        using var queue = new PackQueue(
            intake, run.SizerFor, ask => Parking.IsOpen(run, ask), () => !run.Counters.HasAnsweredAny, environment.MostHeld, run.Clock);
        await new Workers(run, queue, new Asker(run, intake, queue)).RunAsync().ConfigureAwait(false);
        if (run.Stop.Reason is null && run.Stranded is { } stranded) run.Stop.Request(stranded);
    }

    /// <summary>Keeps the lease alive until the timer is disposed of; a cancelled one would gather a stack trace.</summary>
    private async Task RenewAsync(RunContext run, PeriodicTimer timer)
    {
        try
        {
            while (await timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false))
            {
                if (await environment.Leases.RenewAsync(run.Lease, CancellationToken.None).ConfigureAwait(false))
                {
                    await RouteLearning.SaveAsync(run).ConfigureAwait(false);
                    continue;
                }

                run.Stop.Request(new StopReason(RunState.Failed, new LeaseLostException(run.Job.Name).Message));
                return;
            }
        }
        catch (StoreException e)
        {
            run.Stop.Request(new StopReason(RunState.Failed, e.Message));
        }
    }

    private async Task<RunSummary> FinishAsync(OpenedJob plan, RunContext run, Beginning beginning, bool countsCalls, CancellationToken abort)
    {
        run.Counters.Enter(RunPhase.Writing);
        await RouteLearning.SaveAsync(run).ConfigureAwait(false);
        var changed = plan.Source.Stamp() != plan.Profile.Stamp;
        if (changed) run.Events.Emit("source_changed", new JsonObject { ["source"] = plan.Source.Name });
        var (rows, unwritten) = await WriteAsync(plan, run, abort).ConfigureAwait(false);
        var cleared = await ClearAsync(plan, run, beginning.Doubt, unwritten is null && rows.Pending == 0 && IsWhole(plan, run, rows), abort).ConfigureAwait(false);
        run.Pass(Transition.OutputWritten);
        // Another run may have answered the same rows meanwhile, so what this one brought is counted here, not read from the store.
        // A batch's call does not know how many equal rows the source has.
        if (countsCalls) rows = rows with { FromCache = Math.Max(0, rows.Answered + rows.Abstained - run.Counters.GoodByCalls) };
        var reason = run.Stop.Reason;
        // Interrupted when everything had ended anyway: nothing was lost by it.
        if (reason is { State: RunState.Interrupted } && rows.Pending == 0) reason = null;
        if (reason is { State: RunState.RateLimited, ResumeAt: { } told } && await Parking.ReviewAsync(run).ConfigureAwait(false) is { } opens && opens < told)
            reason = reason with { ResumeAt = opens };
        reason = Unwritten(reason, unwritten) ?? (rows.Pending > 0 ? await OpenRows.LeftAsync(run).ConfigureAwait(false) : null);
        var state = reason?.State ?? (rows.Failed + rows.Invalid + rows.Pending > 0 ? RunState.CompletedWithGaps : RunState.Completed);
        var finishAt = state is RunState.RateLimited
            ? await FinishForecast.OfAsync(run, rows.Pending).ConfigureAwait(false) : null;
        if (finishAt < reason?.ResumeAt) finishAt = reason.ResumeAt;
        var summary = new RunSummary
        {
            Job = run.Job.Name,
            RunId = run.RunId,
            State = state,
            Message = reason is not null ? Sentence(reason, rows, finishAt)
                : rows.Pending > 0 ? "the source changed while the job ran: some rows were not there when they were to be asked; run it again"
                : null,
            Rows = rows,
            Calls = run.Counters.Calls,
            Tokens = run.Counters.Tokens,
            Replies = run.Counters.Replies,
            Usd = run.Counters.Usd,
            InDoubt = beginning.Doubt,
            Cleared = cleared,
            Elapsed = run.Counters.Elapsed,
            ResumeAt = reason?.ResumeAt,
            FinishAt = finishAt,
            Store = environment.StoreName,
            Output = OutputOf(run)?.Path,
            Unused = beginning.Unused,
            SourceChanged = changed,
            Simulated = plan.Simulated,
            UserError = reason?.UserError ?? false,
        };
        summary = await StoreEndAsync(run, beginning, summary).ConfigureAwait(false);
        run.Pass(Transition.RunEnded);
        run.Counters.Enter(RunPhase.Ended);
        return summary;
    }

    /// <summary>What a step tells of itself: it is no run of its own, and writes no output.</summary>
    private RunSummary Ended(OpenedJob plan, RunContext run) => new()
    {
        Job = run.Job.Name,
        RunId = run.RunId,
        State = run.Stop.Reason?.State ?? RunState.Completed,
        Message = run.Stop.Reason?.Message,
        Rows = run.Counters.Progress().Rows,
        Calls = run.Counters.Calls,
        Tokens = run.Counters.Tokens,
        Usd = run.Counters.Usd,
        InDoubt = new Doubt(0, 0, 0),
        Elapsed = run.Counters.Elapsed,
        ResumeAt = run.Stop.Reason?.ResumeAt,
        Store = environment.StoreName,
        Output = null,
        Simulated = plan.Simulated,
        UserError = run.Stop.Reason?.UserError ?? false,
    };

    /// <summary>Stores how the run ended. A store that refuses is told in the summary: what the run did is known all the same.</summary>
    private async Task<RunSummary> StoreEndAsync(RunContext run, Beginning beginning, RunSummary summary)
    {
        try
        {
            run.Events.Emit("ended", new JsonObject { ["state"] = SummaryJson.Word(summary.State), ["message"] = summary.Message });
            await run.Events.FlushAsync().ConfigureAwait(false);
            var record = beginning.Record with { EndedAt = run.Clock.GetUtcNow(), Summary = SummaryJson.Write(summary) };
            await environment.Runs.SaveAsync(record, CancellationToken.None).ConfigureAwait(false);
            return summary;
        }
        catch (StoreException e)
        {
            // The store's failure has stopped the run already, or is news.
            return summary.State == RunState.Failed ? summary : summary with { State = RunState.Failed, Message = $"the end of the run is not stored: {e.Message}" };
        }
    }

    /// <summary>An output that is not written outranks every clean stop; a failure before it most likely caused it.</summary>
    private static StopReason? Unwritten(StopReason? reason, StopReason? unwritten)
    {
        if (unwritten is null || reason is not { State: RunState.Failed }) return unwritten ?? reason;
        return unwritten.Message.Contains(reason.Message, StringComparison.Ordinal) ? reason : reason with { Message = $"{reason.Message}; {unwritten.Message}" };
    }

    /// <summary>Whether a run was over the whole job; an audit is over a sample, whatever its rows add up to.</summary>
    private static bool IsWhole(OpenedJob plan, RunContext run, RowCounts rows) =>
        rows.Total == plan.Profile.Rows && !AnswerScope.IsApart(run.Question);

    /// <summary>Writes the output, or counts the rows; when that fails the reason, and the rows as the run counted them.</summary>
    private async Task<(RowCounts Rows, StopReason? Unwritten)> WriteAsync(OpenedJob plan, RunContext run, CancellationToken abort)
    {
        try
        {
            return (await plan.ExportAsync(environment.Answers, OutputOf(run), run.RunId, run.Options, environment.Calls, abort).ConfigureAwait(false), null);
        }
        catch (ProblemException e)
        {
            return (run.Counters.Progress().Rows, new StopReason(RunState.Failed, $"the output is not written: {e.Message}") { UserError = true });
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            var message = $"the output is not written: {e.Message}; what is answered is stored, and rowmill export writes it when that is mended";
            return (run.Counters.Progress().Rows, new StopReason(RunState.Failed, message));
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            return (run.Counters.Progress().Rows, new StopReason(RunState.Interrupted, "interrupted twice; everything paid for is stored, the output is not written"));
        }
    }

    /// <summary>The output the run writes; null for none.</summary>
    private static OutputOptions? OutputOf(RunContext run) => run.Options.WriteOutput && run.Job.Output.Kind != OutputKind.None ? run.Job.Output : null;

    /// <summary>Clears the doubt that this run has ended. Where the store refuses, it stays for the end of the next run.</summary>
    private async Task<ClearedCalls> ClearAsync(OpenedJob plan, RunContext run, Doubt found, bool ended, CancellationToken abort)
    {
        try
        {
            var cleared = await DoubtClearing.RunAsync(environment, run.Lease, plan.Scope.Routes, ended, abort).ConfigureAwait(false);
            if (cleared.Calls > 0) run.Events.Emit("cleared", new JsonObject { ["calls"] = cleared.Calls, ["usd"] = cleared.Usd });
            return cleared;
        }
        catch (Exception e) when (e is StoreException or LeaseLostException || (e is OperationCanceledException && abort.IsCancellationRequested))
        {
            run.Events.Emit("doubt_kept", new JsonObject { ["reason"] = e.Message });
            return new ClearedCalls(0, 0, found.Calls);
        }
    }

    private void Interrupt(StopSignal stop)
    {
        stop.Request(new StopReason(RunState.Interrupted, "interrupted; everything paid for is stored"));
        stop.AbandonAfter(environment.Grace, environment.Clock);
    }

    /// <summary>What stopped the run and how to go on, in one sentence.</summary>
    private string Sentence(StopReason reason, RowCounts rows, DateTimeOffset? finishAt)
    {
        var (now, zone) = (environment.Clock.GetUtcNow(), environment.Clock.LocalTimeZone);
        var text = string.Create(CultureInfo.InvariantCulture, $"{reason.Message}; {rows.Answered + rows.Abstained:N0} of {rows.Total:N0} rows answered");
        if (rows.Pending == 0 || reason.UserError || reason.State is RunState.Refused or RunState.InBatches) return text;
        if (reason.ResumeAt is not { } at) return $"{text}; go on with the same command";
        text += $"; go on after {LimitWords.Time(at, now, zone)} with the same command";
        return finishAt is { } finish && finish > at ? $"{text}; with --wait the rest is done by {LimitWords.Time(finish, now, zone)}" : text;
    }

    private sealed record Beginning(RunRecord Record, Doubt Doubt, UnusedAnswers? Unused);
}
