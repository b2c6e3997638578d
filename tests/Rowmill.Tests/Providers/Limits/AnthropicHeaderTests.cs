using Rowmill.Core.Models;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Providers;

public sealed class AnthropicHeaderTests
{
    private static readonly DateTimeOffset s_now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Each_limit_is_a_window_of_a_minute() => Assert.Equal(
    [
        new LimitReading("requests_per_minute") { Limit = 50, Remaining = 49, FullIn = TimeSpan.FromSeconds(2) },
        new LimitReading("input_tokens_per_minute") { Limit = 30_000, Remaining = 29_000, FullIn = TimeSpan.FromSeconds(1) },
        new LimitReading("output_tokens_per_minute") { Limit = 8_000, Remaining = 8_000, FullIn = TimeSpan.Zero },
    ],
    await ReadAsync(200,
        ("anthropic-ratelimit-requests-limit", "50"), ("anthropic-ratelimit-requests-remaining", "49"), ("anthropic-ratelimit-requests-reset", "2026-03-01T12:00:02Z"),
        ("Anthropic-RateLimit-Input-Tokens-Limit", "30000"), ("anthropic-ratelimit-input-tokens-remaining", "29000"), ("anthropic-ratelimit-input-tokens-reset", "2026-03-01T13:00:00.250+01:00"),
        ("anthropic-ratelimit-output-tokens-limit", "8000"), ("anthropic-ratelimit-output-tokens-remaining", "8000"), ("anthropic-ratelimit-output-tokens-reset", "2026-03-01T11:59:59Z"),
        ("anthropic-ratelimit-tokens-limit", "38000"), ("anthropic-ratelimit-tokens-remaining", "37000"), ("anthropic-ratelimit-tokens-reset", "2026-03-01T12:00:02Z"),
        ("anthropic-priority-input-tokens-limit", "9")));

    [Theory]
    [InlineData("30000", false)]
    [InlineData("8000", false)]
    [InlineData("38000", false)]
    [InlineData("20000", true)] // a workspace's own
    public async Task A_limit_of_all_tokens_counts_only_where_it_repeats_no_other(string limit, bool counts)
    {
        var limits = await ReadAsync(200,
            ("anthropic-ratelimit-tokens-limit", limit), ("anthropic-ratelimit-tokens-remaining", "100"),
            ("anthropic-ratelimit-input-tokens-limit", "30000"), ("anthropic-ratelimit-output-tokens-limit", "8000"));
        Assert.Equal(counts, limits.Any(l => l.Window == "tokens_per_minute"));
    }

    [Fact]
    public async Task A_limit_of_all_tokens_alone_is_a_window() =>
        Assert.Equal("tokens_per_minute", Assert.Single(await ReadAsync(200, ("anthropic-ratelimit-tokens-limit", "20000"))).Window);

    [Fact]
    public async Task A_reset_is_counted_by_the_services_own_clock()
    {
        var limits = await ReadAsync(200,
            ("anthropic-ratelimit-requests-limit", "50"), ("anthropic-ratelimit-requests-reset", "2026-03-01T15:30:07Z"), ("Date", "Sun, 01 Mar 2026 15:30:00 GMT"));
        Assert.Equal(TimeSpan.FromSeconds(7), Assert.Single(limits).FullIn);
    }

    [Theory]
    [InlineData("anthropic-ratelimit-requests-limit", "0")]
    [InlineData("anthropic-ratelimit-requests-limit", "many")]
    [InlineData("anthropic-ratelimit-requests-reset", "2026-03-01T12:00:02Z")]
    [InlineData("anthropic-ratelimit-seats-limit", "5")]
    [InlineData("anthropic-ratelimit-", "5")]
    [InlineData("x-ratelimit-limit-requests", "5")]
    public async Task What_says_nothing_of_a_window_is_passed_over(string name, string value) => Assert.Empty(await ReadAsync(200, (name, value)));

    [Theory]
    [InlineData("soon")]
    [InlineData("2026-03-02T12:00:00Z")]
    [InlineData("")]
    public async Task A_reset_that_is_none_of_a_minutes_is_not_believed(string reset) => Assert.Null(
        Assert.Single(await ReadAsync(200, ("anthropic-ratelimit-requests-limit", "50"), ("anthropic-ratelimit-requests-reset", reset))).FullIn);

    private static async Task<IReadOnlyList<LimitReading>> ReadAsync(int status, params (string, string)[] headers)
    {
        var http = new ScriptedHttp().Reply(status, """{"content":[{"type":"text","text":"{}"}]}""", headers);
        return (await Given.Client(http, AnthropicClientTests.Route, new VirtualClock(s_now)).AskAsync(Given.Request())).Limits;
    }
}
