using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Batches;

/// <summary>All batches. Safe for concurrent use.</summary>
internal sealed class BatchRoom(SimulatorOptions options, TimeProvider clock, FileRoom files, BatchFaultPlan faults, LineAnswerer answer)
{
    /// <summary>The limit that a refusal names when it happens without one (a capture).</summary>
    private const long UsualEnqueued = 900_000;

    /// <summary>The faults that a batch is born with.</summary>
    private static readonly SimulatorBatchFault[] s_inborn =
    [
        SimulatorBatchFault.ListLag, SimulatorBatchFault.Failed, SimulatorBatchFault.Expired, SimulatorBatchFault.ExpiredEmpty,
        SimulatorBatchFault.Cancelled, SimulatorBatchFault.Stuck, SimulatorBatchFault.NoOutput, SimulatorBatchFault.MissingLines,
        SimulatorBatchFault.DuplicateLines, SimulatorBatchFault.ForeignLines, SimulatorBatchFault.Error400, SimulatorBatchFault.Error500,
        SimulatorBatchFault.NoCounters, SimulatorBatchFault.JobState, SimulatorBatchFault.UnknownState, SimulatorBatchFault.Enqueued,
    ];

    private readonly Lock _gate = new();
    private readonly List<BatchRun> _all = [];
    private readonly HashSet<BatchRun> _deleted = [];

    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>Makes a batch, or says why there is no room for it.</summary>
    public (BatchRun? Run, ErrorReply? Refusal) Create(BatchOrder order)
    {
        lock (_gate)
        {
            var (now, form, input) = (Now, order.Form, order.Input);
            var waiting = _all.Where(r => r.Order.Key == order.Key && !r.Course.Doomed && !BatchCourse.IsOver(r.Course.At(now))).ToList();
            if (waiting.Count >= form.MostAtOnce) return (null, form.Enqueued(input.Model, form.MostAtOnce.Value));
            var inborn = Inborn(form);
            var limit = options.Batches.EnqueuedTokens ?? UsualEnqueued;
            var queued = waiting.Where(r => r.Order.Input.Model == input.Model).Sum(r => r.Order.Input.PromptTokens);
            var full = inborn.Has(SimulatorBatchFault.Enqueued) || (options.Batches.EnqueuedTokens is not null && queued + input.PromptTokens > limit);
            if (full && (form.RefusesEnqueued || options.Batches.RefusesEnqueued)) return (null, form.Enqueued(input.Model, limit));

            var flaws = input.Flaws;
            if (flaws.Count == 0 && full) flaws = [new BatchFlaw("token_limit_exceeded", form.Enqueued(input.Model, limit).Message)];
            if (flaws.Count == 0 && inborn.Has(SimulatorBatchFault.Failed)) flaws = [new BatchFlaw("server_error", "The batch could not be processed.")];
            var run = new BatchRun(
                $"{order.IdPrefix}{Mix.With((ulong)options.Seed, (ulong)_all.Count):x16}", order, Course(order, now, inborn, flaws.Count > 0), inborn, files, answer)
            {
                Flaws = flaws,
                ListedFrom = now + TimeSpan.FromSeconds(inborn.Of(SimulatorBatchFault.ListLag) ?? 0),
            };
            _all.Add(run);
            return (run, null);
        }
    }

    /// <summary>A batch of this account; null when there is none.</summary>
    public BatchRun? Find(string key, string id)
    {
        lock (_gate) return _all.Find(r => r.Id == id && r.Order.Key == key && !_deleted.Contains(r));
    }

    /// <summary>An account's batches as lists tell them, the newest first.</summary>
    public IReadOnlyList<BatchRun> List(string key)
    {
        lock (_gate) return [.. Enumerable.Reverse(_all).Where(r => r.Order.Key == key && r.ListedFrom <= Now && !_deleted.Contains(r))];
    }

    public void Delete(BatchRun run)
    {
        lock (_gate) _deleted.Add(run);
    }

    /// <summary>Every batch there ever was, oldest first.</summary>
    public IReadOnlyList<SimulatorBatch> Snapshot()
    {
        List<BatchRun> all;
        lock (_gate) all = [.. _all];
        return [.. all.Select(r => r.Snapshot(Now))];
    }

    public void Reset()
    {
        lock (_gate)
        {
            foreach (var run in _all) run.Abandon();
            _all.Clear();
            _deleted.Clear();
        }
    }

    private BatchFaults Inborn(BatchForm form)
    {
        var found = new Dictionary<SimulatorBatchFault, double>();
        foreach (var fault in s_inborn)
            if (faults.Next(fault) is { } rule) found[fault] = rule.Amount;
        // Who knows no failure of the whole lets each request fail.
        if (!form.CanFail && found.ContainsKey(SimulatorBatchFault.Failed)) found[SimulatorBatchFault.Error500] = 1;
        if (!form.CanFail) found.Remove(SimulatorBatchFault.Failed);
        return new BatchFaults(found);
    }

    private BatchCourse Course(BatchOrder order, DateTimeOffset now, BatchFaults inborn, bool doomed)
    {
        var stuck = inborn.Of(SimulatorBatchFault.Stuck);
        var course = new BatchCourse(now, options.Batches.Takes, now + (options.Batches.ExpireAfter ?? order.ExpiresAfter))
        {
            Doomed = doomed,
            StopsAt = stuck ?? (inborn.Has(SimulatorBatchFault.ExpiredEmpty) ? 0 : inborn.Of(SimulatorBatchFault.Expired)),
            NeverExpires = stuck is not null,
        };
        if (inborn.Of(SimulatorBatchFault.Cancelled) is { } share) course.Cancel(course.When(share));
        return course;
    }
}
