using System.Text;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;

namespace Rowmill.Tests.Runs;

/// <summary>The mix of faults that a run is measured with, on a model of our own whose every draw follows from a seed.</summary>
public sealed class FaultMixTests
{
    private const int Rows = 4000;
    private const int Pack = 20;
    private const int PoisonEvery = 500;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Every_row_ends_and_the_extra_calls_are_bounded(int seed)
    {
        using var world = World(Pack);
        var faults = new Faults(seed);
        world.Model().Script = faults.Reply;

        var summary = await world.RunAsync();

        var poison = faults.Poison.Count;
        Assert.Equal(new RowCounts(Rows, Rows - poison, 0, 0, poison, 0, 0), summary.Rows);
        var titles = await world.ColumnAsync("title");
        var energies = await world.ColumnAsync("ai_energy");
        var status = await world.ColumnAsync("ai_status");
        Assert.All(titles.Zip(energies, status), row => Assert.Equal(faults.Poison.Contains(row.First) ? ("", "failed") : (Faults.Energy(row.First), "answered"), (row.Second, row.Third)));
        const int Clean = Rows / Pack;
        var most = 0.25 * Clean + poison * (2 * Math.Ceiling(Math.Log2(Pack)) + 6);
        Assert.InRange(summary.Calls.Sent - Clean, 0, most);
        TestContext.Current.TestOutputHelper?.WriteLine($"{summary.Calls.Sent - Clean} extra calls of {most} allowed, {poison} poison rows");
    }

    [Fact]
    public async Task One_row_in_a_request_costs_no_more_than_its_faults()
    {
        using var world = World(1);
        var faults = new Faults(7);
        world.Model().Script = faults.Reply;

        var summary = await world.RunAsync();

        Assert.Equal(faults.Poison.Count, summary.Rows.Failed);
        Assert.Equal(Rows - faults.Poison.Count, summary.Rows.Answered);
        Assert.InRange(summary.Calls.Sent - Rows, 0, 0.25 * Rows + 6 * faults.Poison.Count);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task Under_far_worse_faults_every_row_ends_all_the_same(int seed)
    {
        using var world = World(Pack);
        world.Job = world.Job with { Routes = [RunWorld.Route("a", new RouteLimits { Concurrency = 4 }), RunWorld.Route("b", new RouteLimits { Concurrency = 4 })] };
        var faults = new Faults(seed) { Worse = 5 };
        world.Model("a").Script = faults.Reply;
        world.Model("b").Script = faults.Reply;

        var summary = await world.RunAsync();

        Assert.Equal(0, summary.Rows.Pending);
        Assert.InRange(summary.Rows.Failed, faults.Poison.Count, faults.Poison.Count + Rows / 100);
    }

    private static RunWorld World(int pack)
    {
        var world = new RunWorld();
        world.Table(RunWorld.Titles(Rows));
        world.Job = world.Job with { PackRows = pack, Patience = TimeSpan.FromHours(1) };
        return world;
    }

    /// <summary>4 % malformed, 2 % missing rows, 1 % duplicate or foreign ids, 2 % truncated, 3 % 5xx or dropped, 1 poison row in 500.</summary>
    private sealed class Faults
    {
        private readonly Lock _gate = new();
        private readonly Random _random;

        public Faults(int seed)
        {
            _random = new Random(seed);
            while (Poison.Count < Rows / PoisonEvery) Poison.Add($"t{_random.Next(1, Rows + 1)}");
        }

        public HashSet<string> Poison { get; } = new(StringComparer.Ordinal);

        public double Worse { get; init; } = 1;

        public static string Energy(string title) => (title.GetHashCode(StringComparison.Ordinal) & 3) switch { 0 => "Low", 1 => "Medium", _ => "High" };

        public ModelResult Reply(FakeCall call)
        {
            double at, which;
            lock (_gate) (at, which) = (_random.NextDouble() / Worse, _random.NextDouble());
            var row = (int)(which * call.Titles.Count);
            if ((at -= 0.03) < 0) return FakeReply.Fail(which < 0.5 ? FailureKind.Unavailable : FailureKind.ConnectionLost);
            if (call.Titles.Any(Poison.Contains)) return FakeReply.Text(call, "%%% nothing here can be read %%%");
            var good = call.Titles.Select((t, i) => Entry(i + 1, t)).ToList();
            if ((at -= 0.04) < 0) return FakeReply.Text(call, "Sorry, here you are: " + new string('}', 40));
            if ((at -= 0.02) < 0) return Wrap(good.Where((_, i) => i != row));
            if ((at -= 0.005) < 0) return Wrap(good.Select((e, i) => i == row ? Entry(good.Count + 7, "t0") : e));
            if ((at -= 0.005) < 0) return Wrap(good.Append($"{{\"id\":{row + 1},\"energy\":\"Low\",\"note\":\"twice\"}}"));
            if (at - 0.02 >= 0) return Wrap(good);
            var text = Encoding.UTF8.GetString(Wrap(good).Reply!.Text.Span);
            return FakeReply.Text(call, text[..(int)(text.Length * (0.3 + 0.4 * which))], ReplyEnding.Truncated);

            ModelResult Wrap(IEnumerable<string> entries) => FakeReply.Text(call, $"{{\"rows\":[{string.Join(',', entries)}]}}");

            static string Entry(int id, string title) => $"{{\"id\":{id},\"energy\":\"{Energy(title)}\"}}";
        }
    }
}
