using System.Globalization;
using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>The next stage of a rollout, or why there is none yet.</summary>
/// <param name="Number">1-based; 0 for what goes after the last, and for a job without stages.</param>
/// <param name="Rows">How many rows go in it that were in no batch before; null for all.</param>
internal sealed record Stage(int Number, long? Rows)
{
    /// <summary>True while the stage before it is under way.</summary>
    public bool Waits { get; init; }

    /// <summary>Why the stage before it keeps it back for good; null when it does not.</summary>
    public StopReason? Failed { get; init; }
}

/// <summary>Promotes a job stage by stage: the next rows go only when enough of the last stage's ended well.</summary>
internal static class Rollout
{
    /// <summary>The stage that may be prepared now.</summary>
    /// <param name="options">The stages and the gate.</param>
    /// <param name="batches">The question's batches so far, those that were dropped left out.</param>
    public static Stage Next(BatchOptions options, IReadOnlyList<BatchRecord> batches)
    {
        var last = batches.Where(b => b.Stage > 0).Select(b => b.Stage).DefaultIfEmpty(0).Max();
        if (options.Rollout.Count == 0 || last > options.Rollout.Count) return new Stage(0, null);
        if (last > 0)
        {
            var stage = batches.Where(b => b.Stage == last).ToList();
            if (stage.Exists(b => b.Phase != BatchPhase.Ended)) return Of(options, last) with { Waits = true };
            var (asked, good) = (stage.Sum(b => (long)b.AskedRows), stage.Sum(b => (long)b.GoodRows));
            // One that brought nothing at all says nothing of the answers: its rows go again.
            if (asked == 0) return Of(options, last);
            if (100.0 * good / asked < options.Gate) return Of(options, last) with { Failed = Why(last, asked, good, options.Gate) };
        }

        return last == options.Rollout.Count ? new Stage(0, null) : Of(options, last + 1);
    }

    private static Stage Of(BatchOptions options, int number) => new(number, options.Rollout[number - 1]);

    private static StopReason Why(int stage, long asked, long good, double gate) => new(RunState.Gate, string.Create(
        CultureInfo.InvariantCulture,
        $"stage {stage} of the rollout: {good:N0} of {asked:N0} rows ended well, {100.0 * good / asked:0.#} %, less than the gate of {gate:0.#} %; nothing more is sent until the job is edited"))
    {
        UserError = true,
    };
}
