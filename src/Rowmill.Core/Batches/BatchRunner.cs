using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>
/// Takes jobs through batch APIs: the whole way with <see cref="RunAsync"/>, or step by step. Each step takes up where the last one, of whatever process,
/// left off, and can be taken again.
/// </summary>
/// <param name="environment">The ports, the clock and chance.</param>
public sealed class BatchRunner(RunEnvironment environment)
{
    private readonly JobRunner _runner = new(environment);

    /// <summary>Prepares, sends, waits, fetches, until every row has ended; what batches cannot bring is asked online.</summary>
    /// <param name="job">The job.</param>
    /// <param name="options">What this run does differently.</param>
    /// <param name="detach">True to leave when all that can be sent now is sent.</param>
    /// <param name="observer">Watches; may be null.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <param name="abort">Gives up at once what an interrupted run still does.</param>
    /// <exception cref="ProblemException">The job, its source or a key is wrong, or none of its models has a batch API.</exception>
    /// <exception cref="AlreadyRunningException">The job already runs.</exception>
    public Task<BatchReport> RunAsync(
        Job job, RunOptions options, bool detach, IRunObserver? observer = null, CancellationToken cancellationToken = default, CancellationToken abort = default) =>
        AskAsync(job, options, (work, online) => new BatchLoop(work, detach).RunAsync(online), observer, cancellationToken, abort);

    /// <summary>Writes the request files for all rows that may go next and are in none.</summary>
    public Task<BatchReport> PrepareAsync(Job job, RunOptions options, IRunObserver? observer = null, CancellationToken cancellationToken = default) =>
        StepAsync(job, options, async work =>
        {
            var at = new BatchStations(work);
            await at.PrepareAsync().ConfigureAwait(false);
            Explain(work, at);
        }, observer, cancellationToken);

    /// <summary>Sends prepared batches as far as they may go now.</summary>
    public Task<BatchReport> SubmitAsync(Job job, RunOptions options, IRunObserver? observer = null, CancellationToken cancellationToken = default) =>
        StepAsync(job, options, async work =>
        {
            var at = new BatchStations(work);
            await at.Reconciliation.RunAsync().ConfigureAwait(false);
            await at.Submission.RunAsync().ConfigureAwait(false);
            Explain(work, at, "rows of a dropped batch are free: rowmill batch prepare writes them anew");
        }, observer, cancellationToken);

    /// <summary>Looks once at every batch that was sent, and finds out what became of those whose sending ended without a word.</summary>
    public Task<BatchReport> PollAsync(Job job, RunOptions options, IRunObserver? observer = null, CancellationToken cancellationToken = default) =>
        StepAsync(job, options, async work =>
        {
            var at = new BatchStations(work);
            await at.Reconciliation.RunAsync().ConfigureAwait(false);
            await at.Polling.RunAsync(all: true).ConfigureAwait(false);
            Explain(work, at);
        }, observer, cancellationToken);

    /// <summary>Brings the results of what is over into the store, and writes the output.</summary>
    public Task<BatchReport> FetchAsync(Job job, RunOptions options, IRunObserver? observer = null, CancellationToken cancellationToken = default, CancellationToken abort = default) =>
        AskAsync(job, options with { IsFetch = true }, async (work, _) =>
        {
            var at = new BatchStations(work);
            await at.Reconciliation.RunAsync().ConfigureAwait(false);
            await at.Polling.RunAsync(all: true).ConfigureAwait(false);
            await at.Fetching.RunAsync().ConfigureAwait(false);
            if (work.In(BatchPhase.Submitting, BatchPhase.Submitted).Any(work.IsOfQuestion)) Explain(work, at);
        }, observer, cancellationToken, abort);

    /// <summary>Asks for batches to be cancelled; those that were not sent are dropped.</summary>
    /// <param name="job">The job.</param>
    /// <param name="names">Their names; empty for all.</param>
    /// <param name="observer">Watches; may be null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ProblemException">There is no batch of one of the names.</exception>
    public Task<BatchReport> CancelAsync(Job job, IReadOnlyList<string> names, IRunObserver? observer = null, CancellationToken cancellationToken = default) =>
        StepAsync(job, new RunOptions(), async work =>
        {
            var unknown = names.Where(n => !work.Records.Any(r => r.Name == n)).ToList();
            if (unknown.Count > 0)
                throw new ProblemException([.. unknown.Select(n => new Problem($"The job has no batch '{n}'.") { Key = "--batch", Fix = "rowmill batch list names them." })]);
            var at = new BatchStations(work);
            await at.Reconciliation.RunAsync().ConfigureAwait(false);
            foreach (var record in work.In(BatchPhase.Prepared, BatchPhase.Handed))
                if (IsMeant(record)) await at.Submission.DropAsync(record, "cancelled").ConfigureAwait(false);
            foreach (var record in work.In(BatchPhase.Submitting, BatchPhase.Submitted))
                if (names.Contains(record.Name)) await at.FreeAsync(record).ConfigureAwait(false);
            await at.CancelAsync([.. work.In(BatchPhase.Submitted).Where(IsMeant)], frees: names.Count > 0).ConfigureAwait(false);
            await at.Polling.RunAsync(all: true).ConfigureAwait(false);
            Explain(work, at);

            bool IsMeant(BatchRecord record) => names.Count == 0 || names.Contains(record.Name);
        }, observer, cancellationToken);

    /// <summary>Writes one request file for another machine; its rows are in it until its results come back with <see cref="ReadAsync"/>.</summary>
    /// <param name="job">The job.</param>
    /// <param name="options">Which rows and which model.</param>
    /// <param name="path">Absolute path of the file; it must not exist.</param>
    /// <param name="observer">Watches; may be null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<BatchReport> HandAsync(Job job, RunOptions options, string path, IRunObserver? observer = null, CancellationToken cancellationToken = default)
    {
        if (File.Exists(path)) throw new ProblemException(new Problem("The file is there already.") { File = path, Key = "--for", Fix = "Name another, or delete it." });
        return StepAsync(job, options with { IsOffline = true }, async work =>
        {
            var written = await new BatchPreparation(work, forFile: true).RunAsync(0, null).ConfigureAwait(false);
            // A file that was written and not copied, before a kill or for want of room, is still in the folder.
            var handed = written.Count > 0 ? written : [.. work.In(BatchPhase.Handed).Where(r => work.IsOfQuestion(r) && work.RouteOf(r) is not null).TakeLast(1)];
            foreach (var record in handed) await BatchExchange.CopyOutAsync(work, record, path).ConfigureAwait(false);
            if (handed is [var first, ..])
            {
                var again = written.Count > 0 ? "" : $", {first.Name} again, since nothing new is to be written";
                work.Run.Stop.Request(new StopReason(
                    RunState.InBatches, $"{path} holds {Counted.Of(first.Lines, "request")}{again}; bring what the other machine answers with rowmill batch fetch --from FILE"));
            }
        }, observer, cancellationToken, forFile: true);
    }

    /// <summary>Brings the results that another machine wrote into the store, and writes the output.</summary>
    /// <param name="job">The job.</param>
    /// <param name="path">Absolute path of the result file.</param>
    /// <param name="observer">Watches; may be null.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <param name="abort">Gives up at once.</param>
    /// <exception cref="ProblemException">The file is not there, is not what its checksum says, or holds no results of this job.</exception>
    public Task<BatchReport> ReadAsync(Job job, string path, IRunObserver? observer = null, CancellationToken cancellationToken = default, CancellationToken abort = default) =>
        AskAsync(job, new RunOptions { IsOffline = true, IsFetch = true }, (work, _) => BatchExchange.ReadAsync(work, path), observer, cancellationToken, abort, forFile: true);

    /// <summary>Where the job's batches stand, from the store alone.</summary>
    public async Task<IReadOnlyList<BatchView>> ListAsync(Job job, CancellationToken cancellationToken = default) =>
        await BatchReport.ViewsAsync(environment, job, job.Question.Fingerprint, cancellationToken).ConfigureAwait(false);

    private Task<BatchReport> StepAsync(
        Job job, RunOptions options, Func<BatchWork, Task> step, IRunObserver? observer, CancellationToken cancellationToken, bool forFile = false) =>
        AskAsync(job, options with { IsStep = true, WriteOutput = false }, (work, _) => step(work), observer, cancellationToken, default, forFile);

    private async Task<BatchReport> AskAsync(
        Job job, RunOptions options, Func<BatchWork, Func<Task>, Task> ask, IRunObserver? observer, CancellationToken cancellationToken, CancellationToken abort,
        bool forFile = false)
    {
        IReadOnlyList<BatchRecord> before = [];
        IReadOnlyList<BatchRecord> after = [];
        var summary = await _runner.RunAsync(
            job, options,
            async (plan, run, online) =>
            {
                var routes = BatchRoute.Of(plan, run, forFile);
                // One file goes to one machine, which serves one model.
                var work = new BatchWork(plan, run, forFile && options.IsStep ? [routes[0]] : routes);
                await work.LoadAsync().ConfigureAwait(false);
                before = [.. work.Records];
                try
                {
                    await ask(work, online).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (run.Stop.Reason is not null)
                {
                    // Interrupted in the middle of an exchange: what it came to, the next step finds out.
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    run.Stop.Request(new StopReason(RunState.Failed, $"{e.Message.TrimEnd('.')}; nothing stored is lost, and the same command goes on when that is mended"));
                }

                after = [.. work.Records];
            },
            observer, cancellationToken, abort).ConfigureAwait(false);
        var views = await BatchReport.ViewsAsync(environment, job, job.Question.Fingerprint, CancellationToken.None).ConfigureAwait(false);
        return new BatchReport(summary, views, environment.Clock.GetUtcNow())
        {
            Folder = environment.BatchFolder,
            Touched = [.. after.Where(r => !before.Any(b => IsSame(b, r))).Select(r => r.Name)],
        };
    }

    /// <summary>A step that leaves batches open says which, and when to look again.</summary>
    /// <param name="work">The job.</param>
    /// <param name="at">Where it stood.</param>
    /// <param name="freed">What is said of rows that have become free; null for nothing.</param>
    private static void Explain(BatchWork work, BatchStations at, string? freed = null)
    {
        if (at.Submission is { IsUnreached: true, Waits: { } failure } && work.In(BatchPhase.Submitted).Count == 0)
        {
            var what = at.Reconciliation.IsOpen ? "nobody knows yet whether a batch was sent" : "nothing was sent";
            work.Run.Stop.Request(new StopReason(RunState.Failed, $"{what}: {failure}") { ResumeAt = at.Submission.TryAt });
            return;
        }

        var open = work.Records.Where(work.IsOfQuestion).ToLookup(r => r is { Phase: BatchPhase.Submitted, Told.IsOver: true } ? BatchPhase.Ended : r.Phase);
        var parts = new List<string>();
        Tell(BatchPhase.Prepared, at.Submission.Waits is { } waits ? $"to be sent: {waits}" : "to be sent with rowmill batch submit");
        Tell(BatchPhase.Submitting, "being sent, and nobody knows yet whether the service has it: its list is looked at again with the next step");
        Tell(BatchPhase.Submitted, "under way");
        Tell(BatchPhase.Ended, "over: rowmill batch fetch brings the results", r => r.Phase == BatchPhase.Submitted);
        Tell(BatchPhase.Handed, "with another machine");
        if (freed is not null && at.Submission.HasFreed) parts.Add(freed);
        if (parts.Count > 0) work.Run.Stop.Request(new StopReason(RunState.InBatches, string.Join("; ", parts)) { ResumeAt = at.Submission.TryAt ?? at.Polling.NextLook });

        void Tell(BatchPhase phase, string what, Func<BatchRecord, bool>? which = null)
        {
            var count = open[phase].Count(which ?? (_ => true));
            if (count > 0) parts.Add($"{Counted.Batches(count)} {what}");
        }
    }

    /// <summary>Whether a step has changed nothing that people see of a batch.</summary>
    private static bool IsSame(BatchRecord before, BatchRecord after) =>
        before.Name == after.Name && before.Phase == after.Phase && before.Told?.Word == after.Told?.Word
        && before.Told?.Succeeded == after.Told?.Succeeded && before.Told?.Failed == after.Told?.Failed;
}
