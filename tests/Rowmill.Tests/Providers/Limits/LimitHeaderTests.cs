using Rowmill.Core.Models;
using Rowmill.Providers.Limits;

namespace Rowmill.Tests.Providers;

public sealed class LimitHeaderTests
{
    private const string Good = """{"choices":[{"message":{"content":"{}"}}]}""";

    [Fact]
    public async Task Groqs_requests_are_of_a_day_and_its_tokens_of_a_minute_whatever_the_numbers()
    {
        var limits = await ReadAsync("groq", Requests("14400", "14370", "2m59.56s"), Tokens("18000", "17997", "7.66ms"));
        Assert.Equal(
            [
                new LimitReading("requests_per_day") { Limit = 14400, Remaining = 14370, FullIn = TimeSpan.FromSeconds(179.56) },
                new LimitReading("tokens_per_minute") { Limit = 18000, Remaining = 17997, FullIn = TimeSpan.FromMilliseconds(7.66) },
            ],
            limits);
        Assert.Equal("requests_per_day", Assert.Single(await ReadAsync("groq", Requests("30", "29", "2s"))).Window);
    }

    [Fact]
    public async Task OpenAIs_captured_headers_are_of_a_minute() => Assert.Equal(
        [
            new LimitReading("requests_per_minute") { Limit = 5000, Remaining = 4999, FullIn = TimeSpan.FromMilliseconds(12) },
            new LimitReading("tokens_per_minute") { Limit = 160000, Remaining = 159976, FullIn = TimeSpan.FromMilliseconds(9) },
        ],
        await ReadAsync("openai", Requests("5000", "4999", "12ms"), Tokens("160000", "159976", "9ms")));

    // (limit − remaining) / limit × 86,400 s, at 200 and 2,000 requests a day.
    [Theory]
    [InlineData("200", "199", "7m12s")]
    [InlineData("200", "150", "6h0m0s")]
    [InlineData("2000", "1999", "43.2s")]
    [InlineData("1000", "996", "5m0.5s")]
    [InlineData("200", "0", "24h0m0s")]
    public async Task OpenAIs_numbers_show_a_day(string limit, string remaining, string reset)
    {
        var reading = Assert.Single(await ReadAsync("openai", Requests(limit, remaining, reset)));
        Assert.Equal("requests_per_day", reading.Window);
        Assert.NotNull(reading.FullIn);
    }

    [Theory]
    [InlineData("60", "59", "1s")] // a whole second may be a rounded one
    [InlineData("5000", "4999", "1s")]
    [InlineData("100000000", "99999999", "1s")]
    [InlineData("500", "500", "0s")]
    [InlineData("500", "0", "1m0s")]
    [InlineData("500", "0", "1m14s")] // overdrawn
    [InlineData("500", "499", null)]
    [InlineData("500", null, "7m12s")]
    [InlineData("500", "400", "soon")]
    public async Task Where_numbers_do_not_show_a_day_it_is_a_minute(string limit, string? remaining, string? reset)
    {
        foreach (var provider in new[] { "openai", "openai-compatible" })
            Assert.Equal("requests_per_minute", Assert.Single(await ReadAsync(provider, Requests(limit, remaining, reset))).Window);
    }

    [Fact]
    public async Task A_reset_longer_than_two_windows_is_not_believed()
    {
        // The sample of OpenAI's own page: 16 tokens of 150,000 would be full again in 6.4 ms.
        var reading = Assert.Single(await ReadAsync("openai", Tokens("150000", "149984", "6m0s")));
        Assert.Equal(new LimitReading("tokens_per_minute") { Limit = 150000, Remaining = 149984 }, reading);
    }

    [Theory]
    [InlineData("30", "29", "2s", "requests_per_minute", 2.0)]
    [InlineData("1000", "999", "1m26.4s", "requests_per_day", 86.4)]
    [InlineData("100", "60", "41", "requests_per_minute", null)] // the end of a fixed minute
    [InlineData("100", "100", "41", "requests_per_minute", null)]
    [InlineData("100", "0", "41", "requests_per_minute", null)]
    public async Task Of_an_unknown_service_the_reset_counts_only_where_the_numbers_agree(
        string limit, string remaining, string reset, string window, double? full)
    {
        foreach (var provider in new[] { "openai-compatible", "simulator" })
        {
            var reading = Assert.Single(await ReadAsync(provider, Requests(limit, remaining, reset)));
            Assert.Equal((window, (TimeSpan?)(full is { } f ? TimeSpan.FromSeconds(f) : null)), (reading.Window, reading.FullIn));
        }
    }

    [Theory]
    [InlineData("5000", "4997", "45s")] // the end of a fixed minute that looks like a day's bucket, or that bucket
    [InlineData("1000", "990", "8h")] // neither minute nor refilling day
    [InlineData("60", "59", "1764000000")] // a point in time
    public async Task Of_an_unknown_service_what_may_be_another_window_is_left_out(string limit, string remaining, string reset) =>
        Assert.Empty(await ReadAsync("openai-compatible", Requests(limit, remaining, reset)));

    [Fact]
    public async Task Of_organization_and_project_the_stricter_counts()
    {
        (string, string)[] project =
        [
            ("x-ratelimit-limit-project-tokens", "100000"), ("x-ratelimit-remaining-project-tokens", "60000"), ("x-ratelimit-reset-project-tokens", "24s"),
        ];
        Assert.Equal(
            new LimitReading("tokens_per_minute") { Limit = 100000, Remaining = 50000, FullIn = TimeSpan.FromSeconds(57) },
            Assert.Single(await ReadAsync("openai", Tokens("1000000", "50000", "57s"), project)));
        Assert.Equal(100000, Assert.Single(await ReadAsync("openai", project)).Limit);
    }

    [Theory]
    [InlineData("30", "-4", 30L, 0.0)]
    [InlineData("30", "99", 30L, 30.0)]
    [InlineData("30.9", "12.5", 30L, 12.5)]
    [InlineData("30, 30", "12, 12", 30L, 12.0)]
    [InlineData(" 30 ", "+12", 30L, 12.0)]
    [InlineData("30", "12, 13", 30L, null)]
    [InlineData("30", "many", 30L, null)]
    [InlineData(null, "12", null, 12.0)]
    public async Task Odd_numbers_are_read_as_far_as_they_are_sure(string? limit, string? remaining, long? expected, double? left) =>
        Assert.Equal(
            new LimitReading("tokens_per_minute") { Limit = expected, Remaining = left },
            Assert.Single(await ReadAsync("groq", Tokens(limit, remaining, null))));

    [Theory]
    [InlineData("-1")]
    [InlineData("8,000")]
    [InlineData("30, 60")]
    [InlineData("30, 30;w=60")]
    [InlineData("unlimited")]
    [InlineData("99999999999999999999")]
    [InlineData("1e3")]
    [InlineData("NaN")]
    [InlineData("0.5")]
    [InlineData("0")] // it has just let a request in
    [InlineData("")]
    public async Task A_limit_that_is_none_says_nothing(string limit) =>
        Assert.Empty(await ReadAsync("groq", Tokens(limit, "12", "2s")));

    [Fact]
    public async Task A_limit_of_nought_counts_where_it_refused()
    {
        var result = await Given.Client(new ScriptedHttp().Reply(429, "no", Tokens("0", "0", "0s"))).AskAsync(Given.Request());
        Assert.Equal(0, Assert.Single(result.Limits).Limit);
    }

    [Fact]
    public async Task A_header_sent_twice_counts_when_both_say_the_same()
    {
        var same = await ReadAsync("groq", Tokens("30", "7", "2s"), Tokens("30", "7", "2s"));
        Assert.Equal((30L, 7.0), (Assert.Single(same).Limit, same[0].Remaining));
        Assert.Empty(await ReadAsync("groq", Tokens("30", "7", "2s"), Tokens("40", "7", "2s")));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(413)]
    [InlineData(503)]
    public async Task Every_refusal_carries_what_the_headers_say(int status)
    {
        var http = new ScriptedHttp().Reply(status, "no", Requests("1000", "999", "1m26.4s"));
        var result = await Given.Client(http, Given.Route("groq")).AskAsync(Given.Request());
        Assert.Equal(999, Assert.Single(result.Limits).Remaining);
    }

    [Fact]
    public void Where_no_header_speaks_of_limits_nothing_is_allocated()
    {
        using var response = new HttpResponseMessage();
        foreach (var name in new[] { "x-request-id", "date", "server", "cf-ray", "x-ratelimited", "openai-version" })
            response.Headers.TryAddWithoutValidation(name, "some value");
        Read();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) Read();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Read() => Assert.Same(Array.Empty<LimitReading>(), LimitHeaders.Read(response.Headers, HeaderMeaning.Buckets, refused: false));
    }

    private static (string, string)[] Requests(string? limit, string? remaining, string? reset) => Three("requests", limit, remaining, reset);

    private static (string, string)[] Tokens(string? limit, string? remaining, string? reset) => Three("tokens", limit, remaining, reset);

    private static (string, string)[] Three(string unit, string? limit, string? remaining, string? reset) =>
    [
        .. limit is null ? Array.Empty<(string, string)>() : [($"x-ratelimit-limit-{unit}", limit)],
        .. remaining is null ? Array.Empty<(string, string)>() : [($"X-RateLimit-Remaining-{unit}", remaining)],
        .. reset is null ? Array.Empty<(string, string)>() : [($"x-ratelimit-reset-{unit}", reset)],
    ];

    private static async Task<IReadOnlyList<LimitReading>> ReadAsync(string provider, params (string, string)[][] headers)
    {
        var http = new ScriptedHttp().Reply(200, Good, [.. headers.SelectMany(h => h)]);
        var result = await Given.Client(http, Given.Route(provider)).AskAsync(Given.Request());
        Assert.True(result.Succeeded);
        return result.Limits;
    }
}
