using System.Globalization;
using System.Text;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;

namespace Rowmill.Tests.Packing;

/// <summary>
/// The rule of the pack size against pretend models: what a row costs once it has settled, over what it costs in packs of the best fixed
/// size, found by trying every size. Pure and seeded. The table is printed with <c>-showliveoutput</c>.
/// </summary>
public sealed class PackSizeSimulation(ITestOutputHelper output)
{
    /// <summary>What a row costs over the best fixed size, at most: by the mean of the seeds, and by the worst of them.</summary>
    private const double Factor = 1.10;
    private const double WorstFactor = 1.15;

    /// <summary>What two cases of three stay below.</summary>
    private const double UsualFactor = 1.05;

    private const int WarmUp = 300;
    private const int Packs = 1500;
    private const int Seeds = 3;

    private static readonly PackCost s_cost = new(Fixed: 800, RowInput: 40, RowOutput: 60);

    /// <summary>What binds, and the most rows: what context and output take, what tokens give a reason for, and the job's or the usual number.</summary>
    private static readonly (string Name, RouteRates Rates, int Most)[] s_bindings =
    [
        ("requests", new() { RequestsPerSecond = 0.5 }, 200),
        ("requests, rows: 20", new() { RequestsPerSecond = 0.5 }, 20),
        ("tokens", new() { TokensPerSecond = 1000 }, PackTarget.Rows(s_cost, new() { TokensPerSecond = 1000 })),
        ("nothing", RouteRates.Unlimited, PackTarget.Rows(s_cost, RouteRates.Unlimited)),
    ];

    private static readonly PretendModel[] s_models =
    [
        PretendModels.Perfect, PretendModels.Malformed, PretendModels.Misses(15), PretendModels.Misses(60), PretendModels.Cut(9),
        PretendModels.Cut(57), PretendModels.CutLate(33), PretendModels.Invalid, PretendModels.Poison, PretendModels.Mix,
    ];

    [Fact]
    public void Whatever_the_model_does_and_whatever_binds_a_row_costs_little_more_than_in_packs_of_the_best_size()
    {
        var table = new StringBuilder("| model | binds | best size | settled on | cost / best |\n|---|---|--:|--:|--:|\n");
        var factors = new List<double>();
        foreach (var model in s_models)
        {
            var fix = EverySize(model);
            foreach (var (name, rates, most) in s_bindings)
            {
                var (size, best) = Best(fix, rates, most);
                var runs = Enumerable.Range(1, Seeds).Select(seed => Adaptive(model, seed, rates, most)).ToList();
                var factor = runs.Average(r => r.Cost) / best;
                factors.Add(factor);
                table.Append(CultureInfo.InvariantCulture, $"| {model.Name} | {name} | {size} | {string.Join(", ", runs.Select(r => r.Settled))} | {factor:F3} |\n");
                Assert.True(factor <= Factor && runs.Max(r => r.Cost) / best <= WorstFactor, $"{model.Name}, {name}: {factor:F3} of packs of {size}");
            }
        }

        output.WriteLine(table.ToString());
        Assert.InRange(factors.Order().ElementAt(factors.Count * 2 / 3), 0.9, UsualFactor);
    }

    [Theory]
    [InlineData(57, 20)]
    [InlineData(20, 57)]
    [InlineData(12, 200)]
    public void A_model_that_changes_is_learned_anew(int before, int after)
    {
        var changed = PretendModels.Changes(20_000, PretendModels.Cut(before), PretendModels.Cut(after));
        foreach (var (name, rates, most) in s_bindings)
        {
            var price = new PackPrice(s_cost, rates);
            var (size, best) = Best(EverySize(PretendModels.Cut(after)), rates, most);
            var (packs, cap) = (new PretendPacks(changed, 5), new PackCap(Math.Min(20, most)));
            packs.Repeated = cap.Repeated;
            while (packs.Ended < 40_000) Ask(packs, cap, price, most);
            var (calls, asked, ended) = (packs.Calls, packs.Asked, packs.Ended);
            while (packs.Ended < 100_000) Ask(packs, cap, price, most);

            var cost = price.Of(packs.Calls - calls, packs.Asked - asked) / (packs.Ended - ended) / best;
            output.WriteLine($"| {changed.Name} | {name} | {size} | {cap.Settled} | {cost:F3} |");
            Assert.InRange(cost, 0.9, Factor);
        }
    }

    [Fact]
    public void Under_the_mix_of_faults_packs_of_20_stay_and_extra_calls_stay_within_a_quarter_and_16_for_a_poison_row()
    {
        const int Rows = 19_935;
        var price = new PackPrice(s_cost, new() { RequestsPerSecond = 0.5 });
        for (var seed = 1; seed <= 20; seed++)
        {
            var (packs, cap) = (new PretendPacks(PretendModels.Mix, seed), new PackCap(20));
            packs.Repeated = cap.Repeated;
            var poison = Rows / 500;
            while (packs.Ended < Rows)
            {
                Ask(packs, cap, price, 20, (int)(Rows - packs.Ended));
                Assert.Equal(20, cap.Settled);
            }

            var clean = (Rows + 19) / 20;
            if (seed == 1) output.WriteLine($"{packs.Calls} calls, {clean} at least, {poison} poison rows");
            Assert.InRange(packs.Calls, clean, clean * 1.25 + 16 * poison);
        }
    }

    private static Dictionary<int, (double Calls, double Rows)> EverySize(PretendModel model) => Enumerable.Range(1, 200).ToDictionary(n => n, n =>
    {
        var packs = new PretendPacks(model, 7);
        while (packs.Ended < 20_000) packs.Ask(n);
        return ((double)packs.Calls / packs.Ended, (double)packs.Asked / packs.Ended);
    });

    private static (int Size, double Cost) Best(Dictionary<int, (double Calls, double Rows)> sizes, RouteRates rates, int most)
    {
        var price = new PackPrice(s_cost, rates);
        return sizes.Where(s => s.Key <= most).Select(s => (s.Key, price.Of(s.Value.Calls, s.Value.Rows))).MinBy(s => s.Item2);
    }

    private static (double Cost, int Settled) Adaptive(PretendModel model, int seed, RouteRates rates, int most)
    {
        var price = new PackPrice(s_cost, rates);
        var (packs, cap) = (new PretendPacks(model, seed), new PackCap(Math.Min(20, most)));
        packs.Repeated = cap.Repeated;
        for (var i = 0; i < WarmUp; i++) Ask(packs, cap, price, most);
        var (calls, asked, ended) = (packs.Calls, packs.Asked, packs.Ended);
        for (var i = WarmUp; i < Packs; i++) Ask(packs, cap, price, most);
        return (price.Of(packs.Calls - calls, packs.Asked - asked) / (packs.Ended - ended), cap.Settled);
    }

    private static void Ask(PretendPacks packs, PackCap cap, PackPrice price, int most, int left = int.MaxValue)
    {
        var rows = Math.Min(left, cap.Rows);
        var (good, cut) = packs.Ask(rows);
        cap.Ended(rows, good, cut, price, most);
    }
}
