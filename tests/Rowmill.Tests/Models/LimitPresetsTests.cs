using System.Globalization;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Models;

public sealed class LimitPresetsTests
{
    [Fact]
    public void Every_entry_is_of_a_known_provider_dated_with_its_source_and_plausible() => Assert.All(LimitPresets.All, p =>
    {
        Assert.NotNull(KnownProviders.Find(p.Provider));
        Assert.True(
            DateTime.TryParseExact(p.Dated, ["yyyy-MM-dd", "yyyy-MM"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var dated) && dated.Year >= 2026);
        Assert.NotEqual("", p.Source);
        Assert.True(p.Limits.RequestsPerMinute <= p.Limits.RequestsPerDay);
        Assert.True(p.Limits.TokensPerDay is null || p.Limits.TokensPerMinute <= p.Limits.TokensPerDay);
        Assert.Null(p.Limits.Concurrency ?? p.Limits.Burst);
    });

    [Fact]
    public void A_name_means_one_providers_plan_and_each_model_once()
    {
        Assert.All(LimitPresets.Names, name => Assert.Single(LimitPresets.Of(name).Select(p => p.Provider).Distinct()));
        Assert.Equal(LimitPresets.All.Count, LimitPresets.All.DistinctBy(p => (p.Name, p.Model)).Count());
    }

    [Fact]
    public void Models_differ_under_one_plan()
    {
        Assert.Equal(8000, LimitPresets.For("groq", "openai/gpt-oss-120b").Single().Limits.TokensPerMinute);
        var llama = LimitPresets.For("groq", "llama-3.1-8b-instant").Single();
        Assert.Equal((30, 6000, 14_400, 500_000, true), (llama.Limits.RequestsPerMinute, llama.Limits.TokensPerMinute, llama.Limits.RequestsPerDay, llama.Limits.TokensPerDay, llama.Observed));
        Assert.Empty(LimitPresets.For("openai", "openai/gpt-oss-120b"));
        Assert.Empty(LimitPresets.Of("nothing"));
    }
}
