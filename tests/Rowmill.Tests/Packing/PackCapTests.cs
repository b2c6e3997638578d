using Rowmill.Core.Models;
using Rowmill.Core.Packing;

namespace Rowmill.Tests.Packing;

public sealed class PackCapTests
{
    private static readonly PackCost s_cost = new(Fixed: 800, RowInput: 40, RowOutput: 60);
    private static readonly PackPrice s_requests = new(s_cost, new RouteRates { RequestsPerSecond = 1 });
    private static readonly PackPrice s_tokens = new(s_cost, new RouteRates { TokensPerSecond = 1000 });

    [Fact]
    public void Whole_packs_let_the_size_grow_to_the_limit()
    {
        var cap = new PackCap(20);
        var sizes = new List<int>();
        for (var i = 0; i < 20; i++)
        {
            sizes.Add(cap.Settled);
            cap.Ended(cap.Rows, cap.Rows, false, s_requests, 130);
        }

        Assert.Equal([20, 40, 80, 130], sizes.Distinct());
        Assert.Equal(20, sizes[3]);
        Assert.Equal(130, cap.Rows);
        Assert.Equal("replies come whole", cap.Reason);
    }

    [Fact]
    public void Packs_much_smaller_than_the_size_say_nothing_for_it()
    {
        var cap = new PackCap(20);
        for (var i = 0; i < 50; i++) cap.Ended(10, 10, false, s_requests, 100);

        Assert.Equal(20, cap.Settled);
    }

    [Fact]
    public void A_size_at_which_nothing_comes_is_left_at_once()
    {
        var cap = new PackCap(40);
        var asked = new List<int>();
        for (var i = 0; i < 40; i++)
        {
            asked.Add(cap.Rows);
            cap.Ended(cap.Rows, cap.Rows > 9 ? 0 : cap.Rows, cap.Rows > 9, s_tokens, 40);
        }

        Assert.True(asked.FindIndex(r => r <= 9) <= 6, string.Join(' ', asked));
        Assert.InRange(cap.Settled, 8, 9);
        Assert.Equal("replies are cut short", cap.Reason);
    }

    [Fact]
    public void Losses_that_cost_less_than_smaller_packs_are_borne()
    {
        // A tenth of each pack is lost, and asked again in one more call; half the size would be twice the calls.
        var cap = new PackCap(20);
        var sizes = new HashSet<int>();
        for (var i = 0; i < 200; i++)
        {
            cap.Ended(cap.Rows, cap.Rows * 9 / 10, false, s_requests, 20);
            sizes.Add(cap.Settled);
        }

        Assert.Equal([20], sizes);
    }

    [Fact]
    public void Losses_that_cost_more_than_smaller_packs_shrink_the_size()
    {
        // Packs above 12 lose half their rows.
        var cap = new PackCap(20);
        for (var i = 0; i < 200; i++) cap.Ended(cap.Rows, cap.Rows > 12 ? cap.Rows / 2 : cap.Rows, false, s_tokens, 20);

        Assert.InRange(cap.Settled, 11, 12);
        Assert.Matches("^rows are lost: [45][0-9] % at (20|1[3-9]), 0 % at 1[0-2]$", cap.Reason);
    }

    [Fact]
    public void One_lost_pack_says_little()
    {
        var cap = new PackCap(20);
        for (var i = 0; i < 30; i++) cap.Ended(cap.Rows, cap.Rows, false, s_tokens, 20);
        cap.Ended(20, 0, false, s_tokens, 20);

        Assert.Equal(20, cap.Settled);
        Assert.Equal(20, cap.Rows);
    }

    [Fact]
    public void A_size_that_fails_again_and_again_is_tried_seldom()
    {
        var cap = new PackCap(16);
        var failures = 0;
        for (var i = 0; i < 1000; i++)
        {
            if (cap.Rows > 10) failures++;
            cap.Ended(cap.Rows, cap.Rows > 10 ? 0 : cap.Rows, false, s_requests, 16);
        }

        Assert.InRange(failures, 3, 40);
    }

    [Fact]
    public void A_size_of_one_recovers()
    {
        var cap = new PackCap(20);
        for (var i = 0; i < 100; i++) cap.Ended(cap.Rows, cap.Rows > 1 ? 0 : 1, false, s_requests, 20);
        Assert.Equal(1, cap.Settled);

        for (var i = 0; i < 300; i++) cap.Ended(cap.Rows, cap.Rows, false, s_requests, 20);
        Assert.Equal(20, cap.Settled);
    }

    [Fact]
    public void A_pack_filled_for_a_size_that_is_tried_may_go_until_its_reply_comes()
    {
        var cap = new PackCap(20);
        for (var i = 0; i < 3; i++) cap.Ended(20, 20, false, s_tokens, 100);
        Assert.Equal(40, cap.Rows);

        for (var i = 0; i < 4; i++) cap.Ended(20, 20, false, s_tokens, 100);
        Assert.Equal(40, cap.Most);
    }
}
