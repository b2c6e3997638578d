using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.Versioning;
using Rowmill.Core.Runs;
using Rowmill.KillKit;
using Rowmill.Simulator;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>
/// A table through the batches of each provider, stage by stage, under a queue that admits a part of it at a time, killed with <c>kill -9</c> at
/// the moments of its way and with a creation whose reply is lost; the simulator's ledger is the witness.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class BatchKillTests(ITestOutputHelper output)
{
    private const int Seed = 20_260_519;

    /// <summary>Every kill stands at one of these; those that decide whether something is sent twice come in every run.</summary>
    private static readonly Transition[] s_always = [Transition.BatchCreating, Transition.BatchCreated];

    private static readonly Transition[] s_others =
    [
        Transition.BatchPrepared, Transition.BatchIntent, Transition.BatchUploaded, Transition.BatchSubmitted,
        Transition.BatchOver, Transition.BatchDownloaded, Transition.Counted, Transition.BatchEnded,
    ];

    private static readonly Transition[] s_ends = [Transition.AskingEnded, Transition.OutputWritten, Transition.RunEnded];

    private static bool IsLong => Environment.GetEnvironmentVariable("ROWMILL_LONG") is not (null or "");

    [Fact]
    public async Task Each_provider_takes_a_table_through_kills_with_no_row_lost_no_batch_twice_and_no_line_paid_twice()
    {
        var reports = new ConcurrentBag<string>();
        var problems = new ConcurrentBag<string>();
        var began = TimeProvider.System.GetTimestamp();
        await Parallel.ForEachAsync(
            BatchProvider.All,
            new ParallelOptions { MaxDegreeOfParallelism = BatchProvider.All.Count, CancellationToken = TestContext.Current.CancellationToken },
            async (provider, _) =>
            {
                try
                {
                    reports.Add(await TakeThroughAsync(provider, problems));
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // The other providers still tell something.
                    problems.Add($"{provider}: {e}");
                }
            });

        foreach (var report in reports.Order(StringComparer.Ordinal)) output.WriteLine(report);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s in all"));
        Assert.Empty(problems);
    }

    /// <summary>One provider, from the first kill to the end.</summary>
    private static async Task<string> TakeThroughAsync(BatchProvider provider, ConcurrentBag<string> problems)
    {
        var (rows, rollout, queue) = IsLong ? (19_935, "[100, 500, 2000]", 70_000) : (1_000, "[50, 150]", 80_000);
        var batches = new SimulatorBatchOptions { EnqueuedTokens = queue }.With("lost-create:2");
        await using var shop = await BatchShop.OpenAsync(
            provider, rows, batches, $"rollout: {rollout}", string.Create(CultureInfo.InvariantCulture, $"concurrency: 4, enqueued_tokens: {queue}"));
        var began = TimeProvider.System.GetTimestamp();
        var kills = new List<string>();
        foreach (var moment in Plan(provider))
        {
            var result = await shop.RunAsync(moment, $"journal {kills.Count}");
            if (result.ExitCode == KillChecks.Killed) kills.Add(moment.What);
            else if (result.ExitCode != 0) problems.Add($"{provider}: the run to {moment} ended with {result.ExitCode}: {result.Output} {result.Error}");
        }

        var last = await shop.RunAsync();
        if (last.ExitCode != 0) problems.Add($"{provider}: the last run ended with {last.ExitCode}: {last.Output} {last.Error}");
        foreach (var problem in shop.Problems(rows)) problems.Add($"{provider}: {problem}");
        var made = shop.Server.Stats.Batches;
        if (made.Count < (IsLong ? 10 : 4)) problems.Add($"{provider}: only {made.Count} batches");
        // One whose moment comes shortly after another may find the run at its end.
        if (kills.Count < Plan(provider).Count - (IsLong ? 3 : 0)) problems.Add($"{provider}: killed only at {string.Join(", ", kills)}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{provider}: {rows} rows, {made.Count} batches ({made.Count(b => b.State == "failed")} found no room), {kills.Count} kills, {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s; at {string.Join(", ", kills)}");
    }

    /// <summary>In the order in which a run can pass them. The ordinary run shares the others among the providers.</summary>
    private static List<KillMoment> Plan(BatchProvider provider)
    {
        var random = new Random(Seed + provider.Name.Length);
        var number = BatchProvider.All.ToList().IndexOf(provider);
        if (!IsLong)
        {
            var some = s_others.Where((_, i) => i % BatchProvider.All.Count == number).Concat(s_always).Order();
            return [.. some.Append(s_ends[number % s_ends.Length]).Select(t => new KillMoment(t.ToString(), 1))];
        }

        // At each moment; at the second of its kind, where something has just been sent; and shortly after each.
        var all = s_others.Concat(s_always).Order().ToList();
        var plan = all.ConvertAll(t => new KillMoment(t.ToString(), 1));
        plan.AddRange(s_always.Append(Transition.BatchIntent).Append(Transition.BatchEnded).Select(t => new KillMoment(t.ToString(), 2)));
        // By then all of the table may be prepared.
        plan.AddRange(all.Where(t => t != Transition.BatchPrepared).Select(t => new KillMoment(t.ToString(), 1, random.Next(1, 3_000))));
        plan.AddRange(s_ends.Select(t => new KillMoment(t.ToString(), 1)));
        return plan;
    }
}
