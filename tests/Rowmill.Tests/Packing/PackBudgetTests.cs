using System.Text;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Questions;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Packing;

public sealed class PackBudgetTests
{
    private static readonly Question s_question = new() { Prompt = "Judge.", Schema = Schemas.Energy };

    [Fact]
    public void The_largest_row_is_exactly_what_fits_a_request_of_its_own()
    {
        var budget = Budget(context: 1000, output: 500);

        Assert.True(budget.Fits(1, budget.LargestRow));
        Assert.False(budget.Fits(1, budget.LargestRow + 1));
        Assert.Equal(1000, budget.InputFor(1, budget.LargestRow) + budget.OutputFor(1));
    }

    [Fact]
    public void Several_rows_must_have_room_for_all_their_answers_and_one_row_may_be_tried_with_less()
    {
        var roomy = Budget(context: 100_000, output: 100_000);
        var tight = Budget(context: 100_000, output: roomy.OutputFor(3));

        Assert.True(tight.Fits(3, 30));
        Assert.False(tight.Fits(4, 40));
        Assert.True(Budget(context: 100_000, output: 1).Fits(1, 10));
        Assert.False(Budget(context: 100_000, output: 1).Fits(2, 20));
    }

    [Fact]
    public void A_reply_reserves_more_for_every_row_for_thinking_and_never_more_than_the_limits()
    {
        var plain = Budget(context: 100_000, output: 10_000);

        Assert.True(plain.OutputFor(2) > plain.OutputFor(1));
        Assert.True(Budget(context: 100_000, output: 10_000, thinks: true).OutputFor(1) >= plain.OutputFor(1) + 1000);
        Assert.Equal(10_000, plain.OutputFor(1_000_000));
        Assert.Equal(77, Budget(context: 100_000, output: 10_000, sampling: new SamplingOptions { MaxOutputTokens = 77 }).OutputFor(50));
    }

    [Fact]
    public void No_row_fits_a_context_that_the_prompt_fills() => Assert.True(Budget(context: 100, output: 100).LargestRow < 0);

    [Theory]
    [InlineData("", 0)]
    [InlineData("a", 1)]
    [InlineData("thirty-three characters of ASCII.", 10)]
    [InlineData("äöü", 3)]
    [InlineData("日本語の文", 6)]
    public void Tokens_are_estimated_from_the_bytes(string text, int tokens)
    {
        Assert.Equal(tokens, TokenEstimate.Of(Encoding.UTF8.GetBytes(text)));
        Assert.InRange(tokens, 0, Encoding.UTF8.GetByteCount(text));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("none", false)]
    [InlineData("low", true)]
    public void A_model_that_is_asked_to_think_gets_room_for_it(string? effort, bool thinks)
    {
        var sampling = new SamplingOptions { ReasoningEffort = effort };
        Assert.Equal(
            Budget(context: 100_000, output: 10_000, thinks).OutputFor(3), Budget(context: 100_000, output: 10_000, sampling: sampling).OutputFor(3));
    }

    [Theory]
    [InlineData("groq", false)]
    [InlineData("gemini", true)]
    [InlineData("anthropic", true)]
    public void Where_tokens_per_minute_are_those_of_prompts_a_prompt_may_fill_them(string provider, bool fills)
    {
        var limits = new RouteLimits { TokensPerMinute = 1_000 };
        var route = new Route { Provider = provider, Model = "m", BaseUrl = "http://m.test", ContextTokens = 100_000, MaxOutputTokens = 5_000, Limits = limits };
        var budget = new PackBudget(route, s_question, systemTokens: 100);

        Assert.Equal(fills, budget.InputFor(1, budget.LargestRow) == 1_000);
        Assert.True(budget.Fits(1, budget.LargestRow));
        Assert.False(budget.Fits(1, budget.LargestRow + 1));
        Assert.Equal(fills, budget.Fits(30, 500)); // the reply alone is larger
    }

    private static PackBudget Budget(int context, int output, bool thinks = false, SamplingOptions? sampling = null) => new(
        new Route { Provider = "p", Model = "m", BaseUrl = "http://m.test", ContextTokens = context, MaxOutputTokens = output, Thinks = thinks },
        s_question with { Sampling = sampling ?? new SamplingOptions() },
        systemTokens: 100);
}
