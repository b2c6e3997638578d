using Rowmill.Core.Packing;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;

namespace Rowmill.Tests.Runs;

public sealed class LadderTests
{
    private static readonly Came s_mayPass = new("a", IsPointless: false);
    private static readonly Came s_pointless = new("a", IsPointless: true);

    [Fact]
    public void A_row_alone_has_at_least_five_tries() => Assert.InRange(Ladder.TriesAlone, 5, 10);

    [Fact]
    public void Rows_that_a_reply_left_out_wait_for_others_and_the_second_time_go_by_themselves()
    {
        var pack = Pack(6);
        Ask[] rest = [pack.Rows[1], pack.Rows[4]];

        var first = Assert.Single(Next(pack, rest, s_mayPass));
        Assert.Equal((LadderStep.AskedAgain, 0), (first.Step, first.Packs.Count));
        Take(first);
        var second = Assert.Single(Next(pack, rest, s_mayPass));

        Assert.Equal(LadderStep.AskedAgain, second.Step);
        Assert.Equal(rest, Assert.Single(second.Packs).Rows);
        Assert.Equal(LadderStep.Alone, Assert.Single(Next(pack, [rest[0]], s_mayPass)).Step);
    }

    [Fact]
    public void A_pack_that_brings_less_than_half_is_asked_once_more_and_then_split_in_halves()
    {
        var pack = Pack(7);

        var again = Assert.Single(Next(pack, [.. pack.Rows.Skip(2)], s_mayPass));
        Assert.Equal(LadderStep.AskedAgain, again.Step);
        Assert.Equal(5, Assert.Single(again.Packs).Rows.Count);

        var halves = Assert.Single(Next(again.Packs[0], again.Packs[0].Rows, s_mayPass));
        Assert.Equal(LadderStep.Split, halves.Step);
        Assert.Equal([3, 2], halves.Packs.Select(h => h.Rows.Count));
        Assert.Equal(pack.Rows.Skip(2), halves.Packs.SelectMany(h => h.Rows));
        Assert.Equal([2, 1], Assert.Single(Next(halves.Packs[0], halves.Packs[0].Rows, s_mayPass)).Packs.Select(h => h.Rows.Count));
    }

    [Theory]
    [InlineData(4, new[] { 2, 2 })]
    [InlineData(3, new[] { 2, 1 })]
    [InlineData(1, new[] { 1 })]
    public void Where_asking_the_same_again_is_pointless_the_rest_is_split_at_once(int rest, int[] halves)
    {
        var pack = Pack(4);

        var move = Assert.Single(Next(pack, [.. pack.Rows.Take(rest)], s_pointless));

        Assert.Equal(halves, move.Packs.Select(h => h.Rows.Count));
    }

    [Theory]
    [InlineData(false, Ladder.TriesAlone)]
    [InlineData(true, 1)]
    public void A_row_alone_ends_on_a_model_after_its_tries_or_at_once_when_trying_is_pointless(bool pointless, int tries)
    {
        var row = Pack(1).Rows[0];
        var came = pointless ? s_pointless : s_mayPass;
        for (var i = 1; i < tries; i++)
        {
            var again = Next(new Pack([row]), [row], came);
            Assert.Equal(LadderStep.Alone, Assert.Single(again).Step);
            Take(again[0]);
        }

        var next = Assert.Single(Next(new Pack([row]), [row], came, ended => !ended.Contains("b")));
        Assert.Equal((LadderStep.NextModel, 0), (next.Step, next.Packs.Count));
        Take(next);
        Assert.Equivalent(new RowPast(0, 0, 0, ["a"]), row.Past);

        var last = Assert.Single(Next(new Pack([row]), [row], s_pointless with { Route = "b" }, ended => !ended.Contains("b")));
        Assert.Equal(LadderStep.RowFailed, last.Step);
    }

    [Fact]
    public void A_row_that_spoils_its_pack_is_isolated_within_the_promised_number_of_calls_whatever_the_size_and_its_place()
    {
        for (var size = 1; size <= 64; size++)
        {
            for (var poison = 0; poison < size; poison++)
            {
                var (calls, answered, failed, alone) = Walk(Pack(size), [poison], pack => pack.Rows);

                Assert.Equal((size - 1, 1), (answered, failed));
                Assert.InRange(alone, Ladder.TriesAlone, Ladder.TriesAlone);
                Assert.InRange(calls - 1, 0, Bound(size) - 1);
            }
        }
    }

    [Fact]
    public void A_row_at_which_the_reply_stops_is_isolated_within_the_same_bound()
    {
        for (var size = 1; size <= 64; size++)
        {
            for (var poison = 0; poison < size; poison++)
            {
                var (calls, answered, failed, alone) = Walk(Pack(size), [poison], pack => [.. pack.Rows.SkipWhile(r => Number(r) != poison)]);

                Assert.Equal((size - 1, 1), (answered, failed));
                Assert.InRange(alone, Ladder.TriesAlone, Ladder.TriesAlone);
                Assert.InRange(calls - 1, 0, Bound(size));
            }
        }
    }

    [Fact]
    public void A_row_that_takes_any_others_with_it_is_isolated_within_the_same_bound()
    {
        for (var seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            var size = random.Next(1, 65);
            var poison = random.Next(size);
            var share = random.NextDouble();

            var (calls, answered, failed, alone) = Walk(Pack(size), [poison], pack => [.. pack.Rows.Where(r => Number(r) == poison || random.NextDouble() < share)]);

            Assert.Equal((size - 1, 1), (answered, failed));
            Assert.True(alone >= Ladder.TriesAlone);
            Assert.True(calls - 1 <= Bound(size), $"seed {seed}: {calls - 1} extra calls for one of {size}");
        }
    }

    [Fact]
    public void Several_rows_that_spoil_a_pack_cost_no_more_each()
    {
        for (var size = 2; size <= 24; size++)
        {
            for (var one = 0; one < size; one++)
            {
                for (var two = one + 1; two < size; two++)
                {
                    var (calls, answered, failed, _) = Walk(Pack(size), [one, two], pack => pack.Rows);

                    Assert.Equal((size - 2, 2), (answered, failed));
                    Assert.InRange(calls - 1, 0, 2 * Bound(size));
                }
            }
        }

        var all = Walk(Pack(20), [.. Enumerable.Range(0, 20)], pack => pack.Rows);
        Assert.InRange(all.Calls, 0, 20 * (Ladder.TriesAlone + 2));
    }

    [Fact]
    public void What_cannot_pass_is_found_by_halving_alone()
    {
        for (var size = 1; size <= 64; size++)
        {
            for (var poison = 0; poison < size; poison++)
            {
                var (calls, answered, failed, alone) = Walk(Pack(size), [poison], pack => pack.Rows, s_pointless);

                Assert.Equal((size - 1, 1, 1), (answered, failed, alone));
                Assert.InRange(calls - 1, 0, 2 * Levels(size));
            }
        }
    }

    /// <summary>Extra calls for one row: 2⌈log₂ n⌉ + 6.</summary>
    private static int Bound(int size) => 2 * Levels(size) + 6;

    private static int Levels(int size) => (int)Math.Ceiling(Math.Log2(size));

    private static int Number(Ask ask) => (int)ask.Key.Low;

    private static IReadOnlyList<LadderMove> Next(Pack asked, IReadOnlyList<Ask> rest, Came came, Predicate<IReadOnlyList<string>>? isTaken = null) =>
        Ladder.Next(asked, rest, came, (_, ended) => isTaken?.Invoke(ended) ?? false);

    private static void Take(LadderMove move)
    {
        foreach (var (row, past) in move.Rows) row.Past = past;
    }

    /// <summary>Asks until every row has ended. A pack without a poisoned row comes whole; of others some rows are left.</summary>
    private static (int Calls, int Answered, int Failed, int Alone) Walk(Pack first, int[] poisoned, Func<Pack, IReadOnlyList<Ask>> left, Came? came = null)
    {
        var (calls, answered, failed, alone) = (0, 0, 0, 0);
        var queue = new Queue<Pack>([first]);
        var waiting = new List<Ask>();
        while (queue.Count > 0 || waiting.Count > 0)
        {
            if (!queue.TryDequeue(out var pack))
            {
                pack = new Pack([.. waiting]);
                waiting.Clear();
            }

            calls++;
            if (!pack.Rows.Any(r => poisoned.Contains(Number(r))))
            {
                answered += pack.Rows.Count;
                continue;
            }

            if (pack.Rows.Count == 1) alone++;
            var rest = left(pack);
            answered += pack.Rows.Count - rest.Count;
            foreach (var move in Next(pack, rest, came ?? s_mayPass))
            {
                Take(move);
                if (move.Step == LadderStep.RowFailed) failed += move.Rows.Count;
                else if (move.Packs.Count == 0) waiting.AddRange(move.Rows.Select(r => r.Row));
                foreach (var next in move.Packs) queue.Enqueue(next);
            }
        }

        return (calls, answered, failed, alone);
    }

    private static Pack Pack(int rows) => new([.. Enumerable.Range(0, rows).Select(i => new Ask(new RowKey(0, (ulong)i), default))]);
}
