using Rowmill.Core.Models;

namespace Rowmill.Tests.Models;

public sealed class KnownModelsTests
{
    [Fact]
    public void A_listed_model_has_its_figures()
    {
        var model = KnownModels.Find("openai", "gpt-4o-mini");
        Assert.True(model.Listed);
        Assert.Equal((128000, 16384, false), (model.ContextTokens, model.MaxOutputTokens, model.Thinks));
        Assert.Equal(new Price(0.15m, 0.6m) { CachedInput = 0.075m, BatchInput = 0.075m, BatchOutput = 0.3m }, model.Price);
        Assert.Equal(model with { Model = "gpt-4o-mini-2024-07-18" }, KnownModels.Find("openai", "gpt-4o-mini-2024-07-18"));
        Assert.True(KnownModels.Find("ollama", "qwen3:4b").Thinks);
    }

    [Fact]
    public void A_dated_claude_is_the_one_without_its_date()
    {
        var model = KnownModels.Find("anthropic", "claude-sonnet-4-5-20250929");
        Assert.True(model.Listed);
        Assert.Equal(new Price(3, 15) { CachedInput = 0.3m, CacheWrite = 3.75m, BatchInput = 1.5m, BatchOutput = 7.5m }, model.Price);
        Assert.False(model.Thinks); // only when it is asked to
    }

    [Theory]
    [InlineData("openai", 128000, 16384, null)]
    [InlineData("openai-compatible", 128000, 16384, null)]
    [InlineData("groq", 128000, 8192, null)]
    [InlineData("simulator", 128000, 16384, 0)]
    [InlineData("ollama", 16384, 4096, 0)]
    [InlineData("anthropic", 200000, 4096, null)]
    [InlineData("nobody", 128000, 16384, null)]
    public void Of_an_unknown_model_the_provider_tells_something_careful(string provider, int context, int maxOutput, int? price)
    {
        var model = KnownModels.Find(provider, "never-heard-of");
        var known = new KnownModel(provider, "never-heard-of", context, maxOutput, price is null ? null : new Price(0, 0), false, false);
        Assert.Equal(known with { PriceFrom = model.PriceFrom }, model);
        Assert.Equal(price is null, model.PriceFrom is null);
    }

    [Fact]
    public void The_table_is_dated_and_plausible()
    {
        Assert.InRange(KnownModels.Dated.Year, 2026, 2100);
        Assert.NotEmpty(KnownModels.All);
        Assert.All(KnownModels.All, m =>
        {
            Assert.NotNull(KnownProviders.Find(m.Provider));
            Assert.True(m.MaxOutputTokens <= m.ContextTokens);
            Assert.NotNull(m.Price);
            Assert.True(m.Price.Output >= m.Price.Input && m.Price.BatchInput is null or >= 0);
        });
        Assert.Equal(KnownModels.All.Count, KnownModels.All.DistinctBy(m => (m.Provider, m.Model)).Count());
    }
}
