using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Questions;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Packing;

public sealed class PackSizerTests
{
    private static readonly Question s_question = new() { Prompt = "Judge.", Schema = Schemas.Energy };
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_number_in_the_job_is_where_packs_begin_and_never_exceeded()
    {
        var sizer = new PackSizer(Measured(), upperBound: 50, earlier: [new(16, 80)]);
        sizer.Follow(new RouteRates { TokensPerSecond = 10 });
        Assert.Equal(50, sizer.Rows);
        for (var i = 0; i < 100; i++) sizer.Ended(sizer.Rows, sizer.Rows, false);

        Assert.Equal(50, sizer.Rows);
        Assert.Equal(50, sizer.UsualRows);
        Assert.True(sizer.Takes(50, 50 * 32));
        Assert.False(sizer.Takes(51, 51 * 32));
        Assert.Empty(sizer.TakeFresh());
    }

    [Fact]
    public void A_number_in_the_job_gives_way_to_strong_evidence_and_comes_back()
    {
        var sizer = new PackSizer(Measured(), upperBound: 50);
        sizer.Follow(new RouteRates { TokensPerSecond = 1000 });
        for (var i = 0; i < 60; i++) sizer.Ended(sizer.Rows, sizer.Rows > 20 ? 0 : sizer.Rows, false);
        Assert.InRange(sizer.Rows, 10, 20);

        for (var i = 0; i < 600; i++) sizer.Ended(sizer.Rows, sizer.Rows, false);
        Assert.InRange(sizer.Rows, 44, 50);
    }

    [Fact]
    public void A_number_in_the_job_is_a_bound_where_the_windows_admit_less()
    {
        var sizer = new PackSizer(Measured(), upperBound: 50);
        sizer.Follow(new RouteRates { LargestTokens = 1500 });

        Assert.InRange(sizer.UsualRows, 20, 29);
        Assert.True(sizer.Takes(sizer.UsualRows, sizer.UsualRows * 32));
        Assert.False(sizer.Takes(30, 30 * 32));
    }

    [Fact]
    public void An_automatic_pack_begins_at_20_and_grows_to_what_the_windows_give_a_reason_for()
    {
        // 400 / (400 + 42 n) ≤ 5 % from n = 181 on.
        var sizer = new PackSizer(Measured(), null);
        sizer.Follow(new RouteRates { TokensPerSecond = 1000, LargestTokens = 60_000 });
        var sizes = new HashSet<int>();
        for (var i = 0; i < 40; i++)
        {
            sizes.Add(sizer.Rows);
            sizer.Ended(sizer.Rows, sizer.Rows, false);
        }

        Assert.Equal([20, 40, 80, 181], sizes.Order());
        sizer.Follow(RouteRates.Unlimited);
        Assert.Equal(20, sizer.Rows);
    }

    [Fact]
    public void An_automatic_pack_reserves_at_most_half_of_one_tiny_window()
    {
        var budget = Measured();
        var sizer = new PackSizer(budget, null);
        sizer.Follow(new RouteRates { TokensPerSecond = 20, LargestTokens = 1200 });

        var rows = sizer.UsualRows;
        var reserved = budget.Reserve(rows, rows * 32);
        Assert.InRange(reserved.Input + reserved.Output, 540, 600);
        Assert.True(sizer.Takes(rows, rows * 32));
        Assert.False(sizer.Takes(rows + 1, (rows + 1) * 32));

        // A single row may take all of it.
        Assert.True(sizer.Takes(1, 700));
        Assert.True(budget.Fits(1, 700));
    }

    [Fact]
    public void Where_a_day_s_window_binds_a_pack_may_need_nearly_all_of_a_minute_s()
    {
        var budget = Measured();
        var sizer = new PackSizer(budget, upperBound: null);
        // 200,000 tokens a day are 2.3 a second: a window of 1,200 a minute stands full between the packs.
        sizer.Follow(new RouteRates { TokensPerSecond = 200_000.0 / 86_400, LargestTokens = 1200 });
        for (var i = 0; i < 20; i++) sizer.Ended(sizer.Rows, sizer.Rows, false);

        var rows = sizer.UsualRows;
        var reserved = budget.Reserve(rows, rows * 32);
        Assert.InRange(reserved.Input + reserved.Output, 1000, 1080);
    }

    [Fact]
    public void Rows_that_were_asked_before_say_nothing_of_the_size()
    {
        var sizer = new PackSizer(Measured(), null);
        sizer.Follow(new RouteRates { TokensPerSecond = 1000 });
        for (var i = 0; i < 10; i++) Assert.Null(sizer.Ended(20, 0, true, times: 2));
        Assert.Equal(20, sizer.Rows);

        for (var i = 0; i < 2; i++) sizer.Ended(20, 0, true);
        Assert.Equal(10, sizer.Rows);
    }

    [Fact]
    public void Rows_of_each_length_have_a_size_of_their_own()
    {
        // Rows of 30 tokens are too many beyond 80, rows of 3,000 beyond 12; they come in blocks.
        var sizer = new PackSizer(Measured(), null);
        sizer.Follow(new RouteRates { RequestsPerSecond = 1 });
        var told = new List<PackChoice>();
        for (var i = 0; i < 600; i++)
        {
            var (tokens, most) = i / 50 % 2 == 0 ? (30, 80) : (3000, 12);
            var rows = 1;
            while (rows < 200 && sizer.Fills(rows + 1, (rows + 1) * tokens)) rows++;
            if (sizer.Ended(rows, rows > most ? 0 : rows, rows > most, fieldTokens: rows * tokens) is { } choice) told.Add(choice);
        }

        Assert.InRange(told.Last(t => t.RowTokens == "16-63").Rows, 67, 80);
        Assert.InRange(told.Last(t => t.RowTokens == "1024-4095").Rows, 10, 12);
        Assert.Equal("as for rows of 16-63 tokens", told.First(t => t.RowTokens == "1024-4095").Reason);
        Assert.InRange(told.Count, 4, 16);

        // Lengths that were not seen borrow from the nearest; the next run begins there.
        Assert.True(sizer.Fills(8, 8 * 10_000));
        Assert.False(sizer.Fills(40, 40 * 10_000));
        var fresh = sizer.TakeFresh();
        Assert.Equal([16, 1024], fresh.Select(s => s.RowTokens));
        Assert.Empty(sizer.TakeFresh());
        var next = new PackSizer(Measured(), null, earlier: fresh);
        next.Follow(new RouteRates { RequestsPerSecond = 1 });
        Assert.Equal(fresh[0].Rows, next.Rows);
        Assert.Equal("where an earlier run left off", next.Ended(20, 20, false)?.Reason);
    }

    [Fact]
    public void A_change_is_told_once_and_seldom()
    {
        var random = new Random(3);
        var sizer = new PackSizer(Measured(), null);
        sizer.Follow(new RouteRates { TokensPerSecond = 1000 });
        var told = new List<PackChoice>();
        for (var i = 0; i < 3000; i++)
        {
            if (sizer.Ended(sizer.Rows, random.Next(4) == 0 ? 0 : sizer.Rows, false) is { } choice) told.Add(choice);
        }

        Assert.Equal((20, null, "nothing is known yet"), (told[0].Rows, told[0].Was, told[0].Reason));
        Assert.All(told.Zip(told.Skip(1)), t => Assert.Equal(t.First.Rows, t.Second.Was));
        Assert.InRange(told.Count, 1, 60);
    }

    [Fact]
    public void The_size_of_an_earlier_run_that_went_well_is_where_the_next_begins()
    {
        var earlier = Measured(rows: 90);
        var sizer = new PackSizer(earlier, null);
        sizer.Follow(new RouteRates { RequestsPerSecond = 1 });

        Assert.Equal(90, sizer.Rows);
    }

    [Fact]
    public void Rows_known_from_a_sample_count_until_calls_have_shown_theirs()
    {
        // 424 / (424 + (8 + 1000 + reply) n) ≤ 5 % from n = 8 on.
        Assert.Equal(8, new PackSizer(Fresh(), null, rowTokens: 1000).Rows);
        Assert.Equal(20, new PackSizer(Fresh(), null).Rows);
        Assert.Equal(20, new PackSizer(Measured(), null, rowTokens: 1000).Rows);
    }

    [Fact]
    public void The_same_replies_give_the_same_sizes()
    {
        Assert.Equal(Play(), Play());

        static List<int> Play()
        {
            var random = new Random(4);
            var sizer = new PackSizer(Measured(), null);
            sizer.Follow(new RouteRates { RequestsPerSecond = 1, TokensPerSecond = 4000 });
            return [.. Enumerable.Range(0, 300).Select(_ =>
            {
                sizer.Ended(sizer.Rows, random.Next(8) == 0 ? sizer.Rows / 3 : sizer.Rows, false);
                return sizer.Rows;
            })];
        }
    }

    private static PackBudget Fresh() => new(
        new Route { Provider = "p", Model = "m", BaseUrl = "http://m.test", ContextTokens = 1_000_000, MaxOutputTokens = 1_000_000 },
        s_question,
        systemTokens: 400);

    /// <summary>The fixed prompt counts 400 tokens, a row 30 and its reply 12.</summary>
    private static PackBudget Measured(int rows = 20)
    {
        var budget = Fresh().Learning(new());
        for (var i = 0; i < 41; i++)
        {
            var n = rows - 10 + i % 21;
            budget.Observe(n, n * 32, new TokenUsage(400 + n * 30, 0, n * 12), false, s_second);
        }

        return budget;
    }
}
