using Rowmill.Core.Packing;

namespace Rowmill.Tests.Packing;

public sealed class PackCapTests
{
    [Fact]
    public void Whole_packs_double_the_size_up_to_what_is_wanted()
    {
        var cap = new PackCap(20);
        var sizes = new List<int>();
        for (var i = 0; i < 12; i++)
        {
            sizes.Add(cap.Rows);
            cap.Ended(cap.Rows, cap.Rows, false, wanted: 130);
        }

        Assert.Equal([20, 20, 20, 40, 40, 40, 80, 80, 80, 130, 130, 130], sizes);
        Assert.Equal(130, cap.Rows);
    }

    [Fact]
    public void Packs_much_smaller_than_the_size_say_nothing_for_it()
    {
        var cap = new PackCap(20);
        for (var i = 0; i < 50; i++) cap.Ended(10, 10, false, wanted: 100);

        Assert.Equal(20, cap.Rows);
    }

    [Fact]
    public void A_pack_that_loses_most_of_its_rows_halves_the_size_once_for_all_that_were_under_way()
    {
        var cap = new PackCap(40);
        for (var i = 0; i < 8; i++) cap.Ended(40, 3, false, wanted: 40);
        Assert.Equal(20, cap.Rows);

        cap.Ended(20, 0, true, wanted: 40);
        Assert.Equal(10, cap.Rows);
    }

    [Fact]
    public void A_reply_cut_short_takes_a_quarter()
    {
        var cap = new PackCap(20);
        cap.Ended(20, 18, true, wanted: 20);

        Assert.Equal(15, cap.Rows);
    }

    [Fact]
    public void Losing_a_tenth_of_the_rows_shrinks_the_size_until_it_stops()
    {
        var cap = new PackCap(20);
        var last = new List<int>();
        for (var i = 0; i < 400; i++)
        {
            // More than 12 rows are too many for this model: it leaves out a tenth of the pack for each 8 rows above.
            var missing = (int)Math.Round(cap.Rows * 0.1 * Math.Max(0, cap.Rows - 12) / 8.0);
            cap.Ended(cap.Rows, cap.Rows - missing, false, wanted: 200);
            if (i >= 300) last.Add(cap.Rows);
        }

        Assert.InRange(last.Average(), 8, 17);
    }

    [Fact]
    public void Losses_that_are_the_rows_own_do_not_keep_packs_small()
    {
        // Every tenth answer is wrong, in packs of any size.
        var random = new Random(5);
        var cap = new PackCap(20);
        var sizes = new List<int>();
        for (var i = 0; i < 400; i++)
        {
            var good = Enumerable.Range(0, cap.Rows).Count(_ => random.Next(10) > 0);
            sizes.Add(cap.Rows);
            cap.Ended(cap.Rows, good, false, wanted: 40);
        }

        Assert.Contains(15, sizes.Take(10));
        Assert.InRange(sizes.Skip(50).Average(), 20, 40);
    }

    [Fact]
    public void One_poison_row_in_500_does_not_ruin_the_size()
    {
        // The row takes its whole pack with it, whenever it is in one; what is asked again is left out, as the run does.
        var cap = new PackCap(20);
        var packs = 0;
        for (var row = 0; row < 500; packs++)
        {
            var rows = Math.Min(cap.Rows, 500 - row);
            cap.Ended(rows, row <= 250 && 250 < row + rows ? 0 : rows, false, wanted: 20);
            row += rows;
        }

        Assert.Equal(20, cap.Rows);
        Assert.InRange(packs, 25, 28);
    }

    [Fact]
    public void One_bad_row_in_a_pack_now_and_then_changes_nothing()
    {
        var cap = new PackCap(20);
        for (var i = 0; i < 100; i++) cap.Ended(20, i % 3 == 0 ? 19 : 20, false, wanted: 20);

        Assert.Equal(20, cap.Rows);
    }

    [Fact]
    public void A_size_that_fails_again_and_again_is_tried_less_and_less()
    {
        var cap = new PackCap(16);
        var failures = new List<int>();
        for (var i = 0; i < 300; i++)
        {
            var fails = cap.Rows > 10;
            if (fails) failures.Add(i);
            cap.Ended(cap.Rows, fails ? 0 : cap.Rows, false, wanted: 16);
        }

        Assert.InRange(failures.Count, 3, 11);
        Assert.True(failures[^1] - failures[^2] > 40);
    }

    [Fact]
    public void Single_rows_say_nothing_but_a_size_of_one_recovers()
    {
        var cap = new PackCap(20);
        for (var i = 0; i < 50; i++) cap.Ended(1, i % 2, i % 5 == 0, wanted: 20);
        Assert.Equal(20, cap.Rows);

        while (cap.Rows > 1) cap.Ended(cap.Rows, 0, false, wanted: 20);
        for (var i = 0; i < 200; i++) cap.Ended(cap.Rows, cap.Rows, false, wanted: 20);
        Assert.Equal(20, cap.Rows);
    }
}
