using Rowmill.Core.Quality;

namespace Rowmill.Tests.Quality;

public sealed class StatisticsTests
{
    // The first four are the examples of Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3.
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    [InlineData(94, 100, 0.8752, 0.9722)]
    [InlineData(50, 50, 0.9287, 1.0000)]
    public void A_share_has_the_score_interval(long hits, long of, double low, double high)
    {
        var share = new Share(hits, of);

        Assert.Equal((low, high), (Math.Round(share.Low, 4), Math.Round(share.High, 4)));
    }

    [Fact]
    public void A_share_of_nothing_says_nothing()
    {
        Assert.Equal(((double?)null, 0d, 1d, "none"), (default(Share).Value, default(Share).Low, default(Share).High, default(Share).ToString()));
        Assert.Equal("94 % (88–97 %)", new Share(94, 100).ToString());
        Assert.Equal("99.9 % (99–99.9 %)", new Share(999, 1000).ToString());
    }

    // The first is an example of Newcombe, Statistics in Medicine 17 (1998) 2635–2650, table III, method 10.
    [Theory]
    [InlineData(36, 12, 2, 0, 0.2000, 0.0569, 0.3404)]
    [InlineData(54, 0, 0, 0, 0, -0.0664, 0.0664)]
    [InlineData(53, 0, 1, 0, -0.0185, -0.0977, 0.0496)]
    [InlineData(40, 3, 12, 45, -0.0900, -0.1637, -0.0137)]
    [InlineData(20, 12, 2, 16, 0.2000, 0.0562, 0.3292)]
    public void A_paired_difference_has_newcombes_interval(double both, double gained, double lost, double neither, double value, double low, double high)
    {
        var difference = new PairedDifference(both, gained, lost, neither);

        var interval = difference.Interval();

        Assert.Equal((value, low, high), (Math.Round(difference.Value, 4), Math.Round(interval.Low, 4), Math.Round(interval.High, 4)));
    }

    // Sums of binomial coefficients over two to the changed rows, by hand: 2 (1 + 10) / 1024, 2 / 32, 2 / 64, 2 (1 + 15 + 105 + 455) / 32768.
    [Theory]
    [InlineData(1, 9, 0.021484375)]
    [InlineData(9, 1, 0.021484375)]
    [InlineData(0, 5, 0.0625)]
    [InlineData(0, 6, 0.03125)]
    [InlineData(3, 12, 0.03515625)]
    [InlineData(5, 5, 1)]
    [InlineData(0, 0, 1)]
    [InlineData(400, 500, 0.0009564441369189461)]
    public void Chance_is_mcnemars_exact_and_two_sided(double gained, double lost, double chance) =>
        Assert.Equal(chance, new PairedDifference(100, gained, lost, 0).Chance(), 1e-12);

    [Fact]
    public void Nothing_compared_leaves_everything_open() => Assert.Equal((-1, 1), default(PairedDifference).Interval());

    // Two readers, 50 cases, 20 and 15 alike: 0.70 against 0.50 by chance.
    [Fact]
    public void Kappa_is_cohens()
    {
        var tally = new LabelTally(["yes", "no"]);
        foreach (var (gold, answer, rows) in new[] { ("yes", "yes", 20), ("yes", "no", 5), ("no", "yes", 10), ("no", "no", 15) })
            for (var i = 0; i < rows; i++) tally.Add(gold, answer);

        Assert.Equal(0.4, tally.Kappa!.Value, 1e-12);
        Assert.Equal([("yes", 25, 30, 20), ("no", 25, 20, 15)], tally.Scores.Select(s => (s.Label, (int)s.Support, (int)s.Predicted, (int)s.Correct)));
        var yes = tally.Scores.First();
        Assert.Equal((20 / 30d, 20 / 25d, 40 / 55d), (yes.Precision!.Value, yes.Recall!.Value, yes.F1!.Value));
    }

    // Cohen (1960), table 1: two judges, three categories, as shares of 200 cases: kappa 0.492.
    [Fact]
    public void Kappa_is_that_of_cohens_own_table()
    {
        int[][] table = [[88, 14, 18], [10, 40, 10], [2, 6, 12]];
        var tally = new LabelTally(["a", "b", "c"]);
        for (var i = 0; i < 3; i++)
            for (var j = 0; j < 3; j++)
                for (var n = 0; n < table[i][j]; n++) tally.Add("abc"[i].ToString(), "abc"[j].ToString());

        Assert.Equal(0.4915, tally.Kappa!.Value, 1e-4);
    }

    [Fact]
    public void Kappa_is_not_defined_when_chance_alone_would_agree_everywhere()
    {
        var tally = new LabelTally(["a", "b"]);
        tally.Add("a", "a");

        Assert.Null(tally.Kappa);
        Assert.Null(tally.Scores.Last().Precision);
        Assert.Null(tally.Scores.Last().F1);
    }

    [Fact]
    public void Values_without_a_list_of_labels_are_told_apart_up_to_a_bound()
    {
        var tally = new LabelTally([]);
        for (var i = 0; i < 100_000; i++) tally.Add($"v{i}", $"v{i}");

        Assert.Equal((LabelTally.MostValues, true), (tally.Scores.Count(), tally.IsCut));
        Assert.Equal(100_000, tally.Cells.Sum(c => c.Rows));
        Assert.Null(tally.Kappa);
    }
}
