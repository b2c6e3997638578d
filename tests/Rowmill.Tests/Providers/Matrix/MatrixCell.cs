using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Simulator;

namespace Rowmill.Tests.Providers.Matrix;

/// <summary>What came of the job against one service with one fault.</summary>
/// <param name="Summary">The run's own account.</param>
/// <param name="Misplaced">Rows that are answered with anything but their own answer.</param>
/// <param name="Silent">Failed rows without a reason.</param>
/// <param name="Calls">The ledger.</param>
/// <param name="Stats">The service's account.</param>
internal sealed record MatrixCell(
    RunSummary Summary, IReadOnlyList<string> Misplaced, IReadOnlyList<string> Silent, IReadOnlyList<CallRecord> Calls, SimulatorStats Stats)
{
    /// <summary>What the service charges for, in USD.</summary>
    public decimal Charged => MatrixService.Price.Of(new(Stats.PromptTokens, 0, Stats.OutputTokens));

    /// <summary>What the ledger has as spent, in USD; what may have been charged unseen counts at its most.</summary>
    public decimal Recorded => Calls.Sum(c => c.Settlement is { } settled ? settled.Usd!.Value : c.Intent.MaxUsd!.Value);

    /// <summary>Runs the job with a fault in so many of the replies, the same ones each time.</summary>
    public static async Task<MatrixCell> RunAsync(MatrixService service, SimulatorFault fault, double share)
    {
        // Far more than any cell sends.
        const int Replies = 1000;
        var chance = new Random(7);
        var script = Enumerable.Range(0, Replies).Select(_ => chance.NextDouble() < share ? fault : SimulatorFault.None).ToList();
        await using var run = await MatrixRun.StartAsync(service, new SimulatorOptions { Script = script });
        var summary = await run.RunAsync();
        var (misplaced, silent) = await JudgeAsync(run);
        return new MatrixCell(summary, misplaced, silent, await run.CallsAsync(), run.Server.Stats);
    }

    /// <summary>Fails unless every row of the output that is answered has its own answer.</summary>
    public static async Task AssertTrueAsync(MatrixRun run) => Assert.Empty((await JudgeAsync(run)).Misplaced);

    private static async Task<(List<string> Misplaced, List<string> Silent)> JudgeAsync(MatrixRun run)
    {
        var (misplaced, silent) = (new List<string>(), new List<string>());
        var truth = await Truth.SongsAsync();
        foreach (var (row, song) in (await run.RowsAsync()).Zip(truth))
        {
            if (row["title"] != song.Title) misplaced.Add($"{row["title"]} stands in the place of {song.Title}");
            var answer = string.Join(" | ", song.Answer.Select(a => row[a.Key]));
            var own = row["ai_status"] == "answered" ? string.Join(" | ", song.Answer.Values) : "";
            if (row["ai_status"].Length > 0 && answer.Replace(" | ", "", StringComparison.Ordinal).Length > 0 != own.Length > 0) misplaced.Add($"{song.Title} is {row["ai_status"]} with {answer}");
            else if (own.Length > 0 && answer != own) misplaced.Add($"{song.Title} has {answer} for {own}");
            if (row["ai_status"] == "failed" && row["ai_error"].Length == 0) silent.Add(song.Title);
        }

        return (misplaced, silent);
    }

    /// <summary>For a table.</summary>
    public override string ToString()
    {
        var state = Summary.State switch
        {
            RunState.Completed => "all answered",
            RunState.CompletedWithGaps => $"{Summary.Rows.Failed} failed",
            RunState.RateLimited => "stops at a limit",
            var other => other.ToString().ToLowerInvariant(),
        };
        return $"{state}, {Summary.Calls.Sent} {(Summary.Calls.Sent == 1 ? "call" : "calls")}";
    }
}
