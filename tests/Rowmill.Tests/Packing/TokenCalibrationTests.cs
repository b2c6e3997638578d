using Rowmill.Core.Models;
using Rowmill.Core.Packing;

namespace Rowmill.Tests.Packing;

public sealed class TokenCalibrationTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Before_anything_is_known_the_estimates_stand()
    {
        var calibration = new TokenCalibration();

        Assert.Equal((1000, 1000), (calibration.Input(1000).Mean, calibration.Input(1000).High));
        Assert.Equal((400, 400), (calibration.Output(4, 400).Mean, calibration.Output(4, 400).High));
        Assert.Null(calibration.InputRatio);
        Assert.Null(calibration.OutputPerRow);
        Assert.Null(calibration.Latency);
    }

    [Fact]
    public void The_sums_give_the_hand_computed_ratio_and_output_per_row()
    {
        var calibration = new TokenCalibration();
        // Outputs of 10 rows each: 90, 110, 90, 110, 100: m = 10, σ² = (4 · 100/10) / 4 = 10.
        foreach (var output in new[] { 90, 110, 90, 110, 100 })
            calibration.Observe(10, 1000, new TokenUsage(800, 600, output), false, TimeSpan.FromSeconds(3));

        Assert.Equal(0.8, calibration.InputRatio!.Value.Mean, 12);
        Assert.Equal(10, calibration.OutputPerRow!.Value.Mean, 12);
        Assert.Equal(Math.Sqrt(10), calibration.OutputPerRow.Value.Spread, 9);
        Assert.Equal(Math.Sqrt(10) / Math.Sqrt(50), calibration.OutputPerRow.Value.Error, 9);
        Assert.Equal(0.75, calibration.CachedShare);
        Assert.Equal(600, calibration.CachedPerCall);
        Assert.Equal(TimeSpan.FromSeconds(3), calibration.Latency);
        Assert.Equal(800, calibration.Input(1000).Mean, 9);
        Assert.Equal(100, calibration.Output(10, 9999).Mean, 9);
    }

    [Fact]
    public void The_ratio_converges_and_its_error_with_it()
    {
        var random = new Random(1);
        var calibration = new TokenCalibration();
        Feed(calibration, 400, () => Call(random, random.Next(10, 31), 0.82, Normal));

        var ratio = calibration.InputRatio!.Value;
        Assert.Equal(0.82, ratio.Mean, 2);
        Assert.InRange(Math.Abs(ratio.Mean - 0.82), 0, 4 * ratio.Error);
        Assert.InRange(ratio.Error, 0, 0.005);
        Assert.Equal(60, calibration.OutputPerRow!.Value.Mean, 1.0);
    }

    public static TheoryData<string, double> Distributions => new() { { "normal", 0.9975 }, { "uniform", 0.9975 }, { "exponential", 0.99 }, { "two kinds", 0.99 } };

    [Theory]
    [MemberData(nameof(Distributions))]
    public void The_high_end_is_seldom_exceeded_whatever_the_rows_are_like(string kind, double covered)
    {
        var random = new Random(kind.Length);
        Func<Random, double> draw = kind switch
        {
            "normal" => Normal,
            "uniform" => r => (r.NextDouble() - 0.5) * Math.Sqrt(12),
            "exponential" => r => -Math.Log(1 - r.NextDouble()) - 1,
            _ => r => r.Next(10) == 0 ? 3 : -1.0 / 3,
        };
        var (inputs, outputs, all) = (0, 0, 0);
        for (var run = 0; run < 40; run++)
        {
            var calibration = new TokenCalibration();
            for (var i = 0; i < 200; i++)
            {
                var call = Call(random, random.Next(12, 25), 0.8, draw);
                if (i >= TokenCalibration.LeastCalls)
                {
                    all++;
                    if (call.Usage.Input <= calibration.Input(call.Estimate).High) inputs++;
                    if (call.Usage.Output <= calibration.Output(call.Rows, 10_000).High) outputs++;
                }

                calibration.Observe(call.Rows, call.Estimate, call.Usage, false, s_second);
            }
        }

        Assert.InRange((double)inputs / all, covered, 1);
        Assert.InRange((double)outputs / all, covered, 1);
    }

    [Fact]
    public void Prompt_and_rows_estimated_wrong_in_their_own_proportions_are_told_apart_once_packs_differ()
    {
        // The schema (of 1000 estimated tokens) counts half, the rows (50 each) count whole.
        var calibration = new TokenCalibration();
        for (var i = 0; i < 5; i++) Observe(20);
        var alike = calibration.Input(1000 + 80 * 50);
        Assert.InRange(500 + 80 * 50, alike.Low, alike.High);

        for (var i = 0; i < 20; i++) Observe(10 + i);
        var apart = calibration.Input(1000 + 80 * 50);

        Assert.Equal(4500, apart.Mean, 30.0);
        Assert.InRange(500 + 80 * 50, apart.Low, apart.High);
        Assert.True(apart.High - apart.Mean < (alike.High - alike.Mean) / 2);

        void Observe(int rows) => calibration.Observe(rows, 1000 + rows * 50, new TokenUsage(500 + rows * 50, 0, rows), false, s_second);
    }

    [Fact]
    public void Another_question_s_calls_move_the_expected_prompt_and_never_lower_what_is_reserved()
    {
        var random = new Random(3);
        var other = new TokenCalibration();
        Feed(other, 50, () => Call(random, 20, 0.7, Normal));

        var calibration = new TokenCalibration(default, other.Known);

        Assert.Equal(700, calibration.Input(1000).Mean, 20.0);
        Assert.Equal(1000, calibration.Input(1000).High);
        Assert.Equal(300, calibration.Output(20, 300).High);

        Feed(calibration, 10, () => Call(random, 20, 0.7, Normal));
        Assert.InRange(calibration.Input(1000).High, 700, 999);
    }

    [Fact]
    public void Packs_smaller_than_those_measured_do_not_lose_the_room_for_thinking()
    {
        var calibration = new TokenCalibration();
        for (var i = 0; i < 10; i++) calibration.Observe(20, 1000, new TokenUsage(800, 0, 1000 + 20 * 30), false, s_second);

        Assert.Equal(1200, calibration.Output(1, 1200).High);
        Assert.InRange(calibration.Output(20, 5000).High, 1600, 1700);
    }

    [Fact]
    public void A_model_that_changed_is_learned_anew_within_a_thousand_calls()
    {
        var calibration = new TokenCalibration();
        for (var i = 0; i < 5000; i++) calibration.Observe(10, 1000, new TokenUsage(800, 0, 300), false, s_second);
        Assert.Equal(UsageMoments.Memory, calibration.Known.Calls, 6);

        for (var i = 0; i < 2000; i++) calibration.Observe(10, 1000, new TokenUsage(1200, 0, 600), false, s_second);

        Assert.InRange(calibration.InputRatio!.Value.Mean, 1.13, 1.2);
        Assert.InRange(calibration.OutputPerRow!.Value.Mean, 55, 60);
        Assert.Equal(7000, calibration.TakeFresh().Calls);
        Assert.Equal(default, calibration.TakeFresh());
    }

    [Fact]
    public void A_reply_cut_short_doubles_the_next_reservation_once_for_all_that_were_under_way()
    {
        var calibration = new TokenCalibration();
        for (var i = 0; i < 1000; i++) calibration.Observe(10, 1000, new TokenUsage(800, 0, i % 2 == 0 ? 280 : 320), false, s_second);
        var usual = calibration.Output(10, 9000).High;

        for (var i = 0; i < 8; i++) Cut((int)usual);
        Assert.InRange(calibration.Output(10, 9000).High, 1.9 * usual, 2.3 * usual);
        Cut((int)(2 * usual));
        Assert.InRange(calibration.Output(10, 9000).High, 3.8 * usual, 4.6 * usual);
        for (var i = 0; i < 5; i++) Cut((int)calibration.Output(10, 9000).High);
        Assert.InRange(calibration.Output(10, 9000).High, 7 * usual, 10 * usual);

        for (var i = 0; i < 30; i++) calibration.Observe(10, 1000, new TokenUsage(800, 0, 300), false, s_second);
        Assert.InRange(calibration.Output(10, 9000).High, usual, 1.5 * usual);

        void Cut(int at) => calibration.Observe(10, 1000, new TokenUsage(800, 0, at), true, s_second);
    }

    [Fact]
    public void A_reply_cut_short_counts_as_longer_than_what_came()
    {
        var (whole, cut) = (new TokenCalibration(), new TokenCalibration());
        for (var i = 0; i < 5; i++) whole.Observe(10, 1000, new TokenUsage(800, 0, 300), false, s_second);
        for (var i = 0; i < 5; i++) cut.Observe(10, 1000, new TokenUsage(800, 0, 300), i < 3, s_second);

        Assert.True(cut.OutputPerRow!.Value.Mean > whole.OutputPerRow!.Value.Mean * 1.2);
        Assert.True(cut.OutputPerRow.Value.Spread > whole.OutputPerRow.Value.Spread);
        Assert.Equal(0.6, cut.TruncatedShare, 12);
    }

    [Fact]
    public void A_reply_cut_short_before_anything_is_known_raises_the_schema_s_estimate()
    {
        var calibration = new TokenCalibration();
        calibration.Observe(4, 1000, new TokenUsage(800, 0, 400), true, s_second, plain: 400);

        Assert.Equal(800, calibration.Output(4, 400).High);
    }

    [Fact]
    public void A_refusal_that_tells_its_count_raises_what_is_reserved_for_prompts()
    {
        var calibration = new TokenCalibration();
        calibration.Refused(1000, 1300);
        calibration.Refused(1000, 900);

        Assert.Equal(1300, calibration.Input(1000).High);
        Assert.Equal(1000, calibration.Input(1000).Mean);
    }

    [Fact]
    public void An_absurd_count_of_a_refusal_is_believed_in_part_and_forgotten_as_replies_come()
    {
        var calibration = new TokenCalibration();
        calibration.Refused(1000, 10_000);
        Assert.Equal(3000, calibration.Input(1000).High);

        calibration.Observe(10, 1000, new TokenUsage(1000, 0, 100), false, s_second);
        Assert.Equal(2800, calibration.Input(1000).High, 9);

        var plain = new TokenCalibration();
        plain.Observe(10, 1000, new TokenUsage(1000, 0, 100), false, s_second);
        for (var i = 0; i < 60; i++)
        {
            calibration.Observe(10, 1000, new TokenUsage(800, 0, 100), false, s_second);
            plain.Observe(10, 1000, new TokenUsage(800, 0, 100), false, s_second);
        }

        Assert.Equal(plain.Input(1000).High, calibration.Input(1000).High);
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(800, -1)]
    [InlineData(-5, 100)]
    public void A_count_that_cannot_be_true_shows_nothing(int input, int output)
    {
        var calibration = new TokenCalibration();
        for (var i = 0; i < 10; i++) calibration.Observe(10, 1000, new TokenUsage(input, 0, output), false, s_second);

        Assert.Equal(default, calibration.Known);
        Assert.Equal(default, calibration.TakeFresh());
    }

    [Fact]
    public void Stored_sums_that_cannot_be_true_are_nothing_known()
    {
        var calibration = new TokenCalibration(new UsageMoments { Calls = 100, Output = double.NaN }, new UsageMoments { Calls = 9, Input = 1 });

        Assert.Equal(default, calibration.Known);
        Assert.Equal(1000, calibration.Input(1000).High);
    }

    private static double Normal(Random random)
    {
        var sum = -6.0;
        for (var i = 0; i < 12; i++) sum += random.NextDouble();
        return sum;
    }

    /// <summary>A call whose rows' replies have the mean 60 and the deviation 15, and their prompts 30 and 8 before the ratio.</summary>
    private static (int Rows, long Estimate, TokenUsage Usage) Call(Random random, int rows, double ratio, Func<Random, double> draw)
    {
        var estimate = 800 + 30 * rows;
        var (input, output) = (800.0, 0.0);
        for (var i = 0; i < rows; i++)
        {
            input += 30 + 8 * draw(random);
            output += 60 + 15 * draw(random);
        }

        return (rows, estimate, new TokenUsage((long)(ratio * input), 0, (long)output));
    }

    private static void Feed(TokenCalibration calibration, int calls, Func<(int Rows, long Estimate, TokenUsage Usage)> next)
    {
        for (var i = 0; i < calls; i++)
        {
            var call = next();
            calibration.Observe(call.Rows, call.Estimate, call.Usage, false, s_second);
        }
    }
}
