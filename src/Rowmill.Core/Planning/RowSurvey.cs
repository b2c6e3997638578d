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
    public static async ValueTask<RowTally> OfAsync(
        OpenedJob job, IAnswerStore answers, RunOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        var counters = new RunCounters(clock);
        var anything = await answers.AnyAsync(job.Scope, cancellationToken).ConfigureAwait(false);

        // A store without anything is not asked about rows that might be equal.
        var source = anything ? answers : new MemoryStore(clock).Answers;
        var intake = new Intake(
            job.Source, job.Judge(), source, new IntakeRules(NoRun, job.Scope, options, anything), counters, new RowsAsked(), cancellationToken);
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
        return new RowTally
        {
            Total = options.Total(job.Profile.Rows),
            ToAsk = different,
            FromCache = known.FromCache,
            Failed = known.Failed,
            Invalid = known.Invalid,
            Equal = rows - different,
            Exact = distinct.IsExact,
            Tokens = sizes,
        };
    }
}
