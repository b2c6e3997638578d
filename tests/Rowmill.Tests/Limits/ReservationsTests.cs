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
    public void Admission_counts_what_the_provider_counts(string provider, long input, long output, long tokens) =>
        Assert.Equal(new Charge(1, tokens, input, output), Reservations.For(provider, new Demand(input, output)));

    [Theory]
    [InlineData("groq", 350, 300, 50)]
    [InlineData("openai-compatible", 850, 800, 50)]
    [InlineData("openai", 900, 800, 50)]
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
}
