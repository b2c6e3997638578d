using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Planning;

/// <summary>
/// One pass over the source with the intake of a run: what is invalid or known is left out as a run would, and what is left is
/// counted and measured, not kept.
/// </summary>
internal static class RowSurvey
{
    /// <summary>No run has this id, so every stored answer is another run's.</summary>
    private const string NoRun = "";

    /// <summary>Makes the pass.</summary>
    public static async ValueTask<RowTally> OfAsync(OpenedJob job, RunEnvironment environment, RunOptions options, CancellationToken cancellationToken)
    {
        var (answers, clock) = (environment.Answers, environment.Clock);
        var counters = new RunCounters(clock);
        using var elsewhere = await OpenRows.ReadAsync(environment.Batches, job.Job.Name, job.Scope.Question, cancellationToken).ConfigureAwait(false);
        var anything = await answers.AnyAsync(job.Scope, cancellationToken).ConfigureAwait(false);

        // A store without anything is not asked about rows that might be equal.
        var source = anything ? answers : new MemoryStore(clock).Answers;
        var intake = new Intake(
            job.Source, job.Judge(), source, new IntakeRules(NoRun, job.Scope, options, anything) { Elsewhere = elsewhere }, counters, new RowsAsked(), cancellationToken);
        await using var closing = intake.ConfigureAwait(false);
        var distinct = new DistinctRows();
        var sizes = new RowSizes();
        var rows = 0L;
        while (await intake.PeekAsync().ConfigureAwait(false) is not null)
        {
            var ask = intake.Take();
            rows += intake.Stored(ask);
            if (distinct.Add(ask.Key)) sizes.Add(ask.Tokens);
        }

        var known = counters.Progress().Rows;
        var different = distinct.IsExact ? distinct.Count : Math.Min(distinct.Count, rows);
        // What is less than the error of counting is none.
        if (!distinct.IsExact && rows - different < DistinctRows.Error * rows) different = rows;
        var total = options.Total(job.Profile.Rows);
        return new RowTally
        {
            Total = total,
            ToAsk = different,
            FromCache = known.FromCache,
            Failed = known.Failed,
            Invalid = known.Invalid,
            Equal = rows - different,
            InBatches = elsewhere is null ? 0 : Math.Max(0, total - rows - known.FromCache - known.Failed - known.Invalid),
            Exact = distinct.IsExact,
            Tokens = sizes,
        };
    }
}
