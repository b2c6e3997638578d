using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Questions;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Packing;

public sealed class PackBudgetLearningTests
{
    private static readonly Question s_question = new() { Prompt = "Judge.", Schema = Schemas.Energy };
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Five_calls_free_what_the_schema_s_estimate_held_too_much()
    {
        var plain = Budget(RouteLimits.None);
        var budget = plain.Learning(new());
        for (var i = 0; i < 4; i++) Observe();
        Assert.Equal(plain.OutputFor(20), budget.OutputFor(20));
        Assert.Equal(plain.InputFor(20, 600), budget.InputFor(20, 600));

        Observe();

        Assert.InRange(budget.OutputFor(20), 160, 260);
        Assert.InRange(budget.InputFor(20, 600), 700, 800);
        Assert.Equal(plain.OutputFor(20), plain.Reserve(20, 600).Output);
        Assert.Equal(budget.OutputFor(20), budget.Reserve(20, 600).Output);

        void Observe() => budget.Observe(20, 600, new TokenUsage(700, 0, 160), false, s_second);
    }

    [Fact]
    public void What_is_measured_may_also_be_more_than_the_estimate_and_never_more_than_the_cap()
    {
        var budget = Budget(RouteLimits.None, output: 3000).Learning(new());
        for (var i = 0; i < 5; i++) budget.Observe(10, 300, new TokenUsage(700, 0, 2000), false, s_second);

        Assert.InRange(budget.OutputFor(10), 2000, 3000);
        Assert.Equal(3000, budget.OutputFor(20));
        Assert.True(budget.Fits(10, 300));
        Assert.False(budget.Fits(20, 600));
    }

    [Fact]
    public void What_is_learned_changes_nothing_in_which_rows_are_too_large()
    {
        var plain = Budget(new() { TokensPerMinute = 2000 });
        var budget = plain.Learning(new());
        for (var i = 0; i < 10; i++) budget.Observe(1, 300, new TokenUsage(5000, 0, 1900), true, s_second);
        budget.Follow(new RouteRates { LargestTokens = 500 });

        Assert.Equal(plain.LargestRow, budget.LargestRow);
    }

    [Theory]
    [InlineData("groq")]
    [InlineData("openai")]
    public void The_largest_row_fits_the_smallest_window_that_the_job_writes_down(string provider)
    {
        var budget = Budget(new() { TokensPerMinute = 5000, TokensPerDay = 2000 }, provider: provider);
        var reserved = budget.Reserve(1, budget.LargestRow);

        Assert.Equal(2000, TokenRules.Admitted(provider, reserved.Input, reserved.Output));
        Assert.True(budget.Fits(1, budget.LargestRow));
        Assert.False(budget.Fits(1, budget.LargestRow + 1));
    }

    [Fact]
    public void Windows_of_prompt_and_of_reply_bound_the_largest_row_too()
    {
        var reply = Budget(RouteLimits.None).OutputFor(1);

        var prompt = Budget(new() { InputTokensPerMinute = 1000 });
        Assert.Equal(1000, prompt.Reserve(1, prompt.LargestRow).Input);
        Assert.False(prompt.Fits(1, prompt.LargestRow + 1));
        Assert.True(Budget(new() { OutputTokensPerMinute = reply }).LargestRow > 0);
        Assert.Equal(-1, Budget(new() { OutputTokensPerMinute = reply - 1 }).LargestRow);
    }

    [Fact]
    public void Alone_in_a_window_that_shrank_a_row_gets_what_is_left_for_its_reply_as_long_as_that_is_the_expected()
    {
        var budget = Budget(RouteLimits.None).Learning(new());
        for (var i = 0; i < 20; i++) budget.Observe(1, 300, new TokenUsage(432, 0, i % 2 == 0 ? 10 : 50), false, s_second);
        var wish = budget.Reserve(1, 300);
        Assert.InRange(wish.Output, 90, 140);

        budget.Follow(new RouteRates { LargestTokens = wish.Input + 60 });
        Assert.Equal(wish with { Output = 60 }, budget.Reserve(1, 300));
        Assert.True(budget.Fits(1, 300));
        Assert.False(budget.Fits(2, 600));

        budget.Follow(new RouteRates { LargestTokens = 432 + 30 });
        Assert.Equal(new PackReservation(432, 30), budget.Reserve(1, 300));
        Assert.True(budget.Fits(1, 300));

        budget.Follow(new RouteRates { LargestTokens = 432 + 29 });
        Assert.False(budget.Fits(1, 300));
    }

    [Fact]
    public void A_learned_window_never_widens_a_written_one()
    {
        var budget = Budget(new() { TokensPerMinute = 1000 });
        var rows = budget.MostRows(30, 100);
        budget.Follow(new RouteRates { LargestTokens = 100_000 });

        Assert.Equal(rows, budget.MostRows(30, 100));
        Assert.InRange(rows, 1, 30);
    }

    [Theory]
    [InlineData("groq", 1600, 1132)]
    [InlineData("openai", 1600, 1600)]
    public void A_refusal_as_too_large_raises_what_the_same_request_reserves(string provider, long requested, int input)
    {
        var budget = Budget(RouteLimits.None, provider: provider).Learning(new());
        Assert.Equal(732, budget.InputFor(1, 600));

        budget.Refused(1, 600, new(732, 468), requested);

        Assert.Equal(input, budget.InputFor(1, 600));
    }

    [Fact]
    public void The_cost_of_a_pack_leaves_out_cached_tokens_where_they_do_not_count()
    {
        var (groq, other) = (Budget(RouteLimits.None, provider: "groq").Learning(new()), Budget(RouteLimits.None).Learning(new()));
        for (var rows = 10; rows < 40; rows++)
        {
            var usage = new TokenUsage(100 + rows * 30, 96, rows * 12);
            groq.Observe(rows, rows * 32, usage, false, s_second);
            other.Observe(rows, rows * 32, usage, false, s_second);
        }

        Assert.Equal(32, other.UsualRow!.Value, 6);
        Assert.Equal(100, other.Cost(32).Fixed, 2.0);
        Assert.Equal(4, groq.Cost(32).Fixed, 2.0);
        Assert.Equal(30, other.Cost(32).RowInput, 0.1);
        Assert.Equal(12, other.Cost(32).RowOutput, 6);
    }

    [Fact]
    public void No_request_that_fits_ever_exceeds_context_output_limit_or_window_on_any_route()
    {
        var random = new Random(11);
        string[] providers = ["groq", "openai", "ollama"];
        for (var i = 0; i < 4000; i++)
        {
            var limits = new RouteLimits
            {
                TokensPerMinute = Maybe(200_000),
                TokensPerDay = Maybe(500_000),
                InputTokensPerMinute = Maybe(100_000),
                OutputTokensPerMinute = Maybe(50_000),
            };
            var (provider, context, cap) = (providers[random.Next(3)], Number(100_000), Number(20_000));
            var budget = Budget(limits, context, cap, provider, random.Next(2) == 0, Number(2000)).Learning(new());
            var written = Largest(limits);
            Assert.True(budget.LargestRow < 0 || Holds(1, budget.LargestRow, written), "written windows, nothing known");

            var (ratio, reply) = (0.5 + random.NextDouble(), Number(400));
            for (var call = random.Next(30); call > 0; call--)
            {
                var rows = Number(30);
                var usage = new TokenUsage((long)(ratio * budget.EstimateFor(rows, 40 * rows)) + 1, 0, (long)(rows * reply * random.NextDouble()));
                budget.Observe(rows, 40 * rows, usage, random.Next(10) == 0, s_second);
            }

            Assert.True(budget.LargestRow < 0 || Holds(1, random.Next(budget.LargestRow + 1), written), "written windows, measured");

            var learned = new RouteRates { LargestTokens = Maybe(50_000) ?? long.MaxValue, LargestInput = Maybe(50_000) ?? long.MaxValue };
            budget.Follow(learned);
            var both = written with { LargestTokens = Math.Min(written.LargestTokens, learned.LargestTokens), LargestInput = Math.Min(written.LargestInput, learned.LargestInput) };
            for (var pack = 0; pack < 10; pack++)
            {
                var rows = Number(200);
                var fields = rows * Number(300);
                Assert.True(!budget.Fits(rows, fields) || Holds(rows, fields, both), "learned windows");
            }

            bool Holds(int rows, long fields, RouteRates rates)
            {
                var (input, output) = budget.Reserve(rows, fields);
                return input > 0 && output > 0 && output <= cap && input + output <= context && budget.Fits(rows, fields)
                    && TokenRules.Admitted(provider, input, output) <= rates.LargestTokens && input <= rates.LargestInput && output <= rates.LargestOutput;
            }
        }

        // Sizes of every order of magnitude.
        int Number(int most) => (int)Math.Ceiling(Math.Pow(most, random.NextDouble()));

        long? Maybe(int most) => random.Next(2) == 0 ? null : Number(most);
    }

    private static RouteRates Largest(RouteLimits limits) => new()
    {
        LargestTokens = Math.Min(limits.TokensPerMinute ?? long.MaxValue, limits.TokensPerDay ?? long.MaxValue),
        LargestInput = limits.InputTokensPerMinute ?? long.MaxValue,
        LargestOutput = limits.OutputTokensPerMinute ?? long.MaxValue,
    };

    private static PackBudget Budget(
        RouteLimits limits, int context = 100_000, int output = 50_000, string provider = "p", bool thinks = false, int systemTokens = 100) => new(
        new Route { Provider = provider, Model = "m", BaseUrl = "http://m.test", ContextTokens = context, MaxOutputTokens = output, Thinks = thinks, Limits = limits },
        s_question,
        systemTokens);
}
