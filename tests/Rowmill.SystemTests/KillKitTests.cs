using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.Versioning;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>Kills at every moment of a run, by <c>kill -9</c> and by power cuts; the simulator's ledger is the witness.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class KillKitTests(ITestOutputHelper output)
{
    private const int Seed = 20_260_418;

    /// <summary>Kills of a long run.</summary>
    private const int LongKills = 200;

    /// <summary>Planned on top of them, for moments that a run does not reach.</summary>
    private const int Spare = 60;

    /// <summary>The numbers of the only cases to try, with commas; for those who look into a failure.</summary>
    private const string OnlyVariable = "ROWMILL_KILL_CASES";

    private static bool IsLong => Environment.GetEnvironmentVariable("ROWMILL_LONG") is not (null or "");

    [Fact]
    public async Task Whatever_a_kill_cuts_off_no_row_is_lost_or_misplaced_and_only_what_was_in_flight_is_paid_twice()
    {
        var cases = IsLong ? KillPlan.Long(Seed, LongKills + Spare) : KillPlan.Sample(Seed);
        var only = Environment.GetEnvironmentVariable(OnlyVariable);
        if (only is { Length: > 0 })
        {
            var numbers = only.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToHashSet();
            cases = [.. cases.Where(c => numbers.Contains(c.Number))];
        }

        var reference = await KillReference.AskAsync(cases.Max(c => c.Rows));
        var reports = new ConcurrentBag<KillReport>();
        var two = new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForEachAsync(cases, two, async (plan, _) =>
        {
            await using var trial = new KillTrial(plan, reference);
            try
            {
                reports.Add(await trial.RunAsync());
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The other cases still tell something.
                reports.Add(KillReport.Broken(plan, e));
            }
        });

        var figures = KillFigures.Of([.. reports.OrderBy(r => r.Plan.Number)]);
        KillFigures.Write(figures);
        var text = KillFigures.Text(figures);
        output.WriteLine(text);
        Assert.All(reports, r => Assert.True(r.Problems.Count == 0, $"{r.Plan}\n{string.Join('\n', r.Problems)}"));
        if (IsLong && only is not { Length: > 0 }) Assert.True(reports.Sum(r => r.Kills.Count) >= LongKills, text);
    }
}
