using Rowmill.Core.Limits;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Limits;

public sealed class ReservationsTests
{
    [Theory]
    [InlineData("openai", 900, 400, 900)]
    [InlineData("openai", 300, 400, 400)]
    [InlineData("groq", 900, 400, 1_300)]
    [InlineData("ollama", 900, 400, 1_300)]
    [InlineData("openai-compatible", 900, 400, 1_300)]
    [InlineData("gemini", 900, 400, 900)]
    [InlineData("anthropic", 900, 400, 900)]
    public void Admission_counts_what_the_provider_counts(string provider, long input, long output, long tokens) =>
        Assert.Equal(new Charge(1, tokens, input, output), Reservations.For(provider, new Demand(input, output)));

    [Theory]
    [InlineData("groq", 350, 300, 50)]
    [InlineData("openai-compatible", 850, 800, 50)]
    [InlineData("openai", 900, 800, 50)]
    [InlineData("gemini", 800, 800, 50)]
    [InlineData("anthropic", 350, 300, 50)]
    public void Settling_counts_what_the_provider_keeps(string provider, long tokens, long input, long output)
    {
        var reserved = Reservations.For(provider, new Demand(900, 400));
        Assert.Equal(new Charge(1, tokens, input, output), Reservations.Settled(provider, reserved, new TokenUsage(800, 500, 50)));
    }

    [Fact]
    public void A_request_that_took_more_than_OpenAI_let_in_is_charged_in_full()
    {
        var reserved = Reservations.For("openai", new Demand(900, 400));
        Assert.Equal(1_200, Reservations.Settled("openai", reserved, new TokenUsage(900, 0, 300)).Tokens);
    }

    // Anthropic counts replies as they are written: to hold back the whole limit of each would idle below it.
    [Theory]
    [InlineData("anthropic", 60)]
    [InlineData("groq", 400)]
    [InlineData("gemini", 400)]
    public void Only_what_a_reply_will_probably_take_is_held_back_where_its_limit_does_not_count(string provider, long output) => Assert.Equal(
        output, Reservations.For(provider, new Demand(900, 400) { ExpectedOutputTokens = 60 }).OutputTokens);

    [Theory]
    [InlineData("groq", 600, 800)]
    [InlineData("openai", 1_000, 1_000)]
    [InlineData("gemini", long.MaxValue, 1_000)]
    [InlineData("anthropic", long.MaxValue, 1_000)]
    public void What_fits_beside_a_prompt_or_a_reply_is_the_providers_rule(string provider, long reply, long prompt)
    {
        Assert.Equal(reply, TokenRules.ReplyBeside(provider, 1_000, 400));
        Assert.Equal(prompt, TokenRules.PromptBeside(provider, 1_000, 200));
        Assert.True(TokenRules.ReplyBeside(provider, 1_000, 1_001) < 0);
    }
}
