using Rowmill.Core.Packing;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;

namespace Rowmill.Tests.Runs;

public sealed class LadderTests
{
    [Fact]
    public void What_is_left_of_a_pack_is_asked_again_together()
    {
        var pack = Pack(5);

        var step = Ladder.Next(pack, [pack.Rows[1], pack.Rows[4]], splitNow: false, final: false);

        Assert.Equal([pack.Rows[1], pack.Rows[4]], Assert.Single(step.Again).Rows);
        Assert.Empty(step.Failed);
    }

    [Fact]
    public void A_pack_that_brings_nothing_is_asked_once_more_and_then_split_in_halves()
    {
        var pack = Pack(5);

        var again = Assert.Single(Ladder.Next(pack, pack.Rows, splitNow: false, final: false).Again);
        Assert.Equal(5, again.Rows.Count);

        var halves = Ladder.Next(again, again.Rows, splitNow: false, final: false).Again;
        Assert.Equal([3, 2], halves.Select(h => h.Rows.Count));
        Assert.Equal(pack.Rows, halves.SelectMany(h => h.Rows));
    }

    [Fact]
    public void A_pack_too_large_is_split_at_once()
    {
        var pack = Pack(4);

        Assert.Equal([2, 2], Ladder.Next(pack, pack.Rows, splitNow: true, final: false).Again.Select(h => h.Rows.Count));
    }

    [Theory]
    [InlineData(false, Ladder.TriesAlone)]
    [InlineData(true, 1)]
    public void A_row_alone_fails_after_its_tries_or_at_once_when_trying_is_pointless(bool final, int tries)
    {
        var pack = Pack(1);
        for (var i = 1; i < tries; i++) pack = Assert.Single(Ladder.Next(pack, pack.Rows, splitNow: false, final).Again);

        var step = Ladder.Next(pack, pack.Rows, splitNow: false, final);

        Assert.Empty(step.Again);
        Assert.Same(pack.Rows[0], Assert.Single(step.Failed));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(20)]
    [InlineData(64)]
    public void A_row_that_poisons_its_pack_is_isolated_within_the_promised_number_of_calls(int size)
    {
        for (var poisoned = 0; poisoned < size; poisoned++)
        {
            var (calls, answered, failed) = Simulate(Pack(size), ask => ask.Key.Low == (ulong)poisoned);

            Assert.Equal(size - 1, answered);
            Assert.Equal((ulong)poisoned, Assert.Single(failed).Key.Low);
            Assert.InRange(calls - 1, 0, 2 * Math.Ceiling(Math.Log2(size)) + 6);
        }
    }

    /// <summary>Every pack that holds a poisoned row brings nothing.</summary>
    private static (int Calls, int Answered, List<Ask> Failed) Simulate(Pack first, Func<Ask, bool> poisoned)
    {
        var (calls, answered, failed) = (0, 0, new List<Ask>());
        var queue = new Queue<Pack>([first]);
        while (queue.TryDequeue(out var pack))
        {
            calls++;
            if (!pack.Rows.Any(poisoned))
            {
                answered += pack.Rows.Count;
                continue;
            }

            var step = Ladder.Next(pack, pack.Rows, splitNow: false, final: false);
            foreach (var next in step.Again) queue.Enqueue(next);
            failed.AddRange(step.Failed);
        }

        return (calls, answered, failed);
    }

    private static Pack Pack(int rows) => new([.. Enumerable.Range(0, rows).Select(i => new Ask(new RowKey(0, (ulong)i), default))]);
}
