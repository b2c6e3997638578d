using Rowmill.Core.Jobs;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Jobs;

public sealed class JobLimitsTests : IDisposable
{
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("requests_per_minute: 0", "0 is out of range", "from 1 to 1000000000000")]
    [InlineData("requests_per_minute: -30", "-30 is out of range", "from 1 to")]
    [InlineData("tokens_per_minute: 8000.5", "8000.5 is not a whole number", "from 1 to")]
    [InlineData("tokens_per_minute: 8K", "is the text '8K'; it must be a whole number", "from 1 to")]
    [InlineData("tokens_per_minute: '8000'", "is the text '8000'", "Remove the quotes.")]
    [InlineData("tokens_per_minute: 8_000", "is the text '8_000'", "from 1 to")]
    [InlineData("requests_per_day: 1000000000001", "1000000000001 is out of range", "to 1000000000000")]
    [InlineData("tokens_per_day: 1e30", "1e30 is out of range", "from 1 to")]
    [InlineData("tokens_per_day: .inf", "is the text '.inf'", "from 1 to")]
    [InlineData("tokens_per_day:", "'tokens_per_day' has no value", "Give it one")]
    [InlineData("input_tokens_per_minute: true", "is true; it must be a whole number", "from 1 to")]
    [InlineData("output_tokens_per_minute: [1]", "is a list", "from 1 to")]
    [InlineData("burst: 0", "0 is out of range", "from 1 to")]
    [InlineData("concurrency: 0", "0 is out of range", "from 1 to 1000")]
    [InlineData("concurrency: 1001", "1001 is out of range", "from 1 to 1000")]
    [InlineData("concurrency: automatic", "is the text 'automatic'; it must be auto or a whole number", "Write auto or a whole number from 1 to 1000.")]
    [InlineData("concurrency:", "'concurrency' has no value", "Give it one")]
    [InlineData("account: ' '", "'account' is blank", null)]
    [InlineData("preset: groq-fre", "There is no preset 'groq-fre'", "Did you mean 'groq-free'?")]
    public void A_limit_that_is_none_is_told_once_with_its_line_and_remedy(string limit, string message, string? fix)
    {
        var problem = _folder.Single(_folder.LoadWith("output:", $"    limits:\n      {limit}\noutput:"));
        Assert.Equal((15L, $"models[0].limits.{limit[..limit.IndexOf(':')]}"), (problem.Line!.Value, problem.Key));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        if (fix is not null) Assert.Contains(fix, problem.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_presets_name_stands_for_its_limits()
    {
        var route = Load("limits: groq-free");
        Assert.Equal(new RouteLimits { RequestsPerMinute = 30, TokensPerMinute = 8000, RequestsPerDay = 1000, TokensPerDay = 200_000 }, route.Limits);
        Assert.Equal(("groq-free", "2026-10-01", false), (route.Preset!.Name, route.Preset.Dated, route.Preset.Observed));
        Assert.Null(Load("limits: { requests_per_minute: 30 }").Preset);
    }

    [Fact]
    public void What_stands_beside_a_presets_name_goes_before_it()
    {
        var route = Load("limits: { preset: groq-free, tokens_per_day: 100000, concurrency: 2, burst: 5, account: team }");
        Assert.Equal(
            new RouteLimits
            {
                RequestsPerMinute = 30,
                TokensPerMinute = 8000,
                RequestsPerDay = 1000,
                TokensPerDay = 100_000,
                Concurrency = 2,
                Burst = 5,
                Account = "team",
            },
            route.Limits);
        Assert.Equal("groq-free", route.Preset!.Name);
    }

    [Theory]
    [InlineData("groq/openai/gpt-oss-20b", "limits: free", "There is no preset 'free'", "Known are groq-free.")]
    [InlineData("groq/openai/gpt-oss-20b", "limits: Groq_Free", "There is no preset 'Groq_Free'", "Did you mean 'groq-free'?")]
    [InlineData("groq/openai/gpt-oss-20b", "limits: 30", "is 30; it must be a mapping", "requests_per_minute: 30")]
    [InlineData("groq/openai/gpt-oss-20b", "limits: [groq-free]", "is a list", "requests_per_minute: 30")]
    [InlineData("groq/llama-9", "limits: groq-free", "'groq-free' does not know the model 'llama-9'", "It knows openai/gpt-oss-20b, openai/gpt-oss-120b")]
    [InlineData("groq/llama-9", "limits: groq-free", "'groq-free' does not know", "Write the limits out: limits: {")]
    [InlineData("openai/gpt-4o-mini", "limits: groq-free", "'groq-free' holds limits of groq, not of openai", "Write the limits out")]
    public void A_preset_that_does_not_suit_is_told(string model, string limits, string message, string fix)
    {
        var problem = _folder.Single(_folder.LoadWith("groq/openai/gpt-oss-20b", $"{model}\n    {limits}"));
        Assert.Equal((14L, "models[0].limits"), (problem.Line!.Value, problem.Key));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.Contains(fix, problem.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_burst_is_compared_with_the_presets_minute()
    {
        var problem = _folder.Single(_folder.LoadWith("output:", "    limits: { preset: groq-free, burst: 31 }\noutput:"));
        Assert.Equal("models[0].limits.burst", problem.Key);
    }

    [Theory]
    [InlineData("concurrency: auto", null)]
    [InlineData("concurrency: 'auto'", null)]
    [InlineData("concurrency: 512", 512)]
    [InlineData("requests_per_minute: 1", null)]
    public void Concurrency_is_a_number_or_finds_itself(string limit, int? concurrency) =>
        Assert.Equal(concurrency, Load($"limits: {{ {limit} }}").Limits.Concurrency);

    [Theory]
    [InlineData("", null)]
    [InlineData("pack: auto\n", null)]
    [InlineData("pack: { rows: auto }\n", null)]
    [InlineData("pack: {}\n", null)]
    [InlineData("pack: { rows: 7 }\n", 7)]
    public void Packs_are_automatic_unless_a_number_is_given(string pack, int? rows) =>
        Assert.Equal(rows, _folder.LoadGood(JobFolder.Good.Replace("output:", pack + "output:")).PackRows);

    [Fact]
    public void An_empty_pack_size_is_told_once()
    {
        var problem = _folder.Single(_folder.LoadWith("output:", "pack: { rows: }\noutput:"));
        Assert.Equal("pack.rows", problem.Key);
    }

    [Theory]
    [InlineData("", Routing.Order)]
    [InlineData("routing: order\n", Routing.Order)]
    [InlineData("routing: spread\n", Routing.Spread)]
    public void Routes_are_used_in_order_or_side_by_side(string line, Routing routing) =>
        Assert.Equal(routing, _folder.LoadGood(JobFolder.Good.Replace("output:", line + "output:")).Routing);

    private Route Load(string limits) => _folder.LoadGood(JobFolder.Good.Replace("output:", $"    {limits}\noutput:")).Routes[0];
}
