using System.Buffers;
using Rowmill.Core.Batches;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Planning;

/// <summary>Computes what a job takes through batch APIs: packed, cut and sent as batches are. Nothing is written, no key is needed.</summary>
/// <param name="job">The job.</param>
/// <param name="environment">The queues, the batches so far, what calls have shown.</param>
/// <param name="tally">The rows.</param>
/// <param name="records">The batches of the job's question that were not dropped.</param>
/// <param name="now">The time.</param>
internal sealed class BatchPlanner(OpenedJob job, RunEnvironment environment, RowTally tally, IReadOnlyList<BatchRecord> records, DateTimeOffset now)
{
    /// <summary>Rows whose lines are written to see how long lines are.</summary>
    private const int MostSeen = 200;

    private readonly Stage _stage = Rollout.Next(job.Job.Batch, records);

    /// <summary>Plans a route.</summary>
    /// <param name="route">The route.</param>
    /// <param name="calibration">What its calls have shown.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null where its service has no batch API.</returns>
    public async ValueTask<PlannedBatches?> OfAsync(Route route, TokenCalibration calibration, CancellationToken cancellationToken)
    {
        if (environment.BatchCaps(route) is not { } caps) return null;
        var priced = BatchRoute.Priced(route);
        var outlook = new RouteOutlook(
            priced, new PackBudget(priced, job.Job.Question, job.Text.FixedTokens).Learning(calibration), new WindowSnapshot(now, [], null), tally);
        var size = JobPlanner.Size(outlook, job.Job.PackRows, [], tally);
        var rows = Math.Min(size, tally.ToAsk);
        var line = new BatchSize(1, await LineBytesAsync(route, outlook.Budget, size, cancellationToken).ConfigureAwait(false),
            outlook.Budget.Reserve((int)rows, (long)Math.Ceiling(rows * tally.Tokens.Mean)).Input);
        var queue = await environment.Windows.QueueAsync(await environment.WindowOwner(route).ConfigureAwait(false), route.Limits, cancellationToken)
            .ConfigureAwait(false);
        var most = Math.Max(1, Math.Min(caps.Lines, Math.Min(caps.Bytes / line.Bytes, BatchRoute.MostTokens(queue) / line.Tokens)));
        var stages = Stages().Select(s => new Portion((long)Math.Ceiling(s / (double)size), most)).ToList();
        var waves = Waves(stages, line.Tokens, queue, caps.Concurrent);
        var (duration, measured) = Duration(route, caps);
        var calls = stages.Sum(s => s.Lines);
        return new PlannedBatches
        {
            Work = JobPlanner.Part(outlook, calls == 0 ? size : tally.ToAsk / (double)calls, calls) with
            {
                PackRows = size,
                IsBatch = true,
                CachedInput = 0,
                Finish = _stage.Failed is null ? waves * duration : null,
                // A service says when it gives a batch up, not how soon it is done.
                LowerBound = waves is null || _stage.Failed is not null ? null : TimeSpan.Zero,
                BindingWindow = waves > Waves(stages, line.Tokens, new QueueState(0, null), caps.Concurrent) || waves is null ? LimitNames.EnqueuedTokens : null,
            },
            Batches = stages.Sum(s => s.Batches),
            Waves = waves,
            Duration = duration,
            Measured = measured,
            Held = _stage.Failed?.Message,
        };
    }

    /// <summary>The rows that go one after another: the stages of the rollout that are still to come, and the rest.</summary>
    private IEnumerable<long> Stages()
    {
        var left = tally.ToAsk;
        if (_stage.Number > 0)
        {
            foreach (var rows in job.Job.Batch.Rollout.Skip(_stage.Waits ? _stage.Number : _stage.Number - 1))
            {
                if (left == 0) yield break;
                yield return Math.Min(rows, left);
                left -= Math.Min(rows, left);
            }
        }

        if (left > 0) yield return left;
    }

    /// <summary>How often batches are waited for until the last is done; null when the queue never takes a line.</summary>
    private long? Waves(IReadOnlyList<Portion> stages, long lineTokens, QueueState queue, int? concurrent)
    {
        if (stages.Count == 0) return 0;
        if (lineTokens > queue.Limit) return null;
        // What is in the queue already goes first.
        var waves = _stage.Waits || stages[0].Largest * lineTokens > queue.Limit - queue.Used ? 1L : 0;
        foreach (var stage in stages)
        {
            var atOnce = Math.Min(concurrent ?? long.MaxValue, queue.Limit is { } limit ? limit / (stage.Largest * lineTokens) : long.MaxValue);
            waves += 1 + (stage.Batches - 1) / Math.Max(1, atOnce);
        }

        return waves;
    }

    /// <summary>How long a batch of the route is under way: the mean of those that brought anything, or what the service means to take.</summary>
    private (TimeSpan Duration, int Measured) Duration(Route route, BatchCaps caps)
    {
        var took = records.Where(r => r is { Phase: BatchPhase.Ended, AskedRows: > 0 } && r.Route == route.Id && r.EndedAt > r.SubmittedAt)
            .Select(r => (r.EndedAt!.Value - r.SubmittedAt!.Value).TotalSeconds).ToList();
        return took.Count == 0 ? (caps.Window, 0) : (TimeSpan.FromSeconds(took.Average()), took.Count);
    }

    /// <summary>Bytes of the usual line: the lines of one row and of the first rows are written, and a line grows with the tokens of its rows.</summary>
    private async ValueTask<long> LineBytesAsync(Route route, PackBudget budget, int size, CancellationToken cancellationToken)
    {
        if (environment.BatchFiles?.Invoke(route) is not { } files) return 1;
        var form = await environment.Calibrations.FormAsync(route.Id, cancellationToken).ConfigureAwait(false) is { } taken && taken > files.StructuredOutput
            ? taken : files.StructuredOutput;
        var rows = new List<Ask>();
        using var judge = job.Judge();
        await foreach (var row in job.Source.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var judgement = judge.Judge(row);
            if (judgement.Invalid is null) rows.Add(new Ask(judgement.Shown.Key, judgement.Shown.Json));
            if (rows.Count == Math.Min(size, MostSeen)) break;
        }

        if (rows.Count == 0) return 1;
        var (one, all) = (new Pack([rows[0]]), new Pack(rows));
        var (least, bytes) = (Bytes(one), Bytes(all));
        var grown = all.Tokens > one.Tokens ? (bytes - least) / (double)(all.Tokens - one.Tokens) : 0;
        return Math.Max(1, (long)Math.Ceiling(least + grown * (size * tally.Tokens.Mean - one.Tokens)));

        long Bytes(Pack pack)
        {
            var line = new ArrayBufferWriter<byte>();
            files.WriteLine(line, BatchNaming.Line(BatchNaming.Batch(BatchNaming.Prefix(job.Job.Name, () => 0), 1), pack.Rows.Count), job.Text.Request(pack, form, budget));
            return line.WrittenCount + 1;
        }
    }

    /// <summary>Lines that go together, cut into batches.</summary>
    /// <param name="Lines">Their number.</param>
    /// <param name="Most">The most of a batch.</param>
    private readonly record struct Portion(long Lines, long Most)
    {
        public long Batches => (Lines + Most - 1) / Most;

        /// <summary>Lines of the largest batch.</summary>
        public long Largest => Math.Min(Lines, Most);
    }
}
