using System.Text.Json.Nodes;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

/// <summary>Refusals by a limit, with the numbers of captured replies.</summary>
public sealed class LimitRefusalTests
{
    private const string GroqTail = "Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing";

    public static TheoryData<string, string, long, long, long, double> Captures => new()
    {
        { "tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. Please try again in 9m38.016s.", "tokens_per_day", 100000, 97050, 3619, 578.016 },
        { "tokens per day (TPD): Limit 100000, Used 94976, Requested 5632. Please try again in 8m45.312s.", "tokens_per_day", 100000, 94976, 5632, 525.312 },
        { "tokens per day (TPD): Limit 200000, Used 197494, Requested 4035. Please try again in 11m0.528s.", "tokens_per_day", 200000, 197494, 4035, 660.528 },
        { "tokens per day (TPD): Limit 100000, Used 99996, Requested 484. Please try again in 6m54.72s.", "tokens_per_day", 100000, 99996, 484, 414.72 },
        { "tokens per min (TPM): Limit 50000, Used 47949, Requested 3006. Please try again in 1.146s.", "tokens_per_minute", 50000, 47949, 3006, 1.146 },
        { "tokens per min (TPM): Limit 200000, Used 195869, Requested 4412. Please try again in 84ms.", "tokens_per_minute", 200000, 195869, 4412, 0.084 },
        { "tokens per min (TPM): Limit 200,000, Used 195,869, Requested 4,412. Please try again in 84ms.", "tokens_per_minute", 200000, 195869, 4412, 0.084 },
        { "requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.", "requests_per_day", 200, 200, 1, 432 },
        { "requests per day (RPD): Limit 50, Used 50, Requested 1. Please try again in 28m48s.", "requests_per_day", 50, 50, 1, 1728 },
        { "requests per day (RPD): Limit 2000, Used 2000, Requested 1. Please try again in 43.2s.", "requests_per_day", 2000, 2000, 1, 43.2 },
        { "requests per minute (RPM): Limit 30, Used 30, Requested 1. Please try again in 2s.", "requests_per_minute", 30, 30, 1, 2 },
        { "input tokens per minute (ITPM): Limit 9000, Used 8800, Requested 400. Please try again in 1.333s.", "input_tokens_per_minute", 9000, 8800, 400, 1.333 },
        { "output tokens per minute (OTPM): Limit 9000, Used 8800, Requested 400. Please try again in 1.333s.", "output_tokens_per_minute", 9000, 8800, 400, 1.333 },
        { "requests per min. Limit: 3 / min. Current: 3 / min. Requested 1. Please try again in 20s.", "requests_per_minute", 3, 3, 1, 20 },
    };

    [Theory]
    [MemberData(nameof(Captures))]
    public async Task A_limits_sentence_names_its_window_and_numbers(string sentence, string window, long limit, long used, long requested, double wait)
    {
        foreach (var words in new[]
        {
            $"Rate limit reached for gpt-x in organization org-x on {sentence} Visit https://platform.openai.com/account/rate-limits to learn more.",
            $"Rate limit reached for model `openai/gpt-oss-120b` in organization `org_01x` service tier `on_demand` on {sentence} {GroqTail}",
        })
        {
            var (failure, limits) = await RefusedAsync(429, Body(words));
            Assert.Equal((FailureKind.RateLimited, window), (failure.Kind, failure.Window));
            Assert.Equal(TimeSpan.FromSeconds(wait), failure.RetryAfter);
            Assert.StartsWith("Rate limit reached for", failure.Message, StringComparison.Ordinal);
            Assert.Equal(
                new LimitReading(window) { Limit = limit, Used = used, Requested = requested, OpensIn = TimeSpan.FromSeconds(wait), Refused = true },
                Assert.Single(limits));
        }
    }

    [Theory]
    [InlineData(413, "Request too large for model `m` in organization `o` service tier `on_demand` on tokens per minute (TPM): Limit 8000, Requested 11387, please reduce your message size and try again.", "tokens_per_minute", 8000, 11387)]
    [InlineData(413, "Request too large for model `m` in organization `o` service tier `on_demand` on tokens per day (TPD): Limit 100000, Requested 130000, please reduce your message size and try again.", "tokens_per_day", 100000, 130000)]
    [InlineData(429, "Request too large for gpt-x in organization org-x on tokens per min (TPM): Limit 30000, Requested 31000. The input or output tokens must be reduced in order to run successfully.", "tokens_per_minute", 30000, 31000)]
    [InlineData(429, "Rate limit reached on input tokens per minute (ITPM): Limit 9,000, Used 0, Requested 12,089. Please try again in 1m4s.", "input_tokens_per_minute", 9000, 12089)]
    public async Task What_no_window_holds_names_the_window_and_no_time(int status, string words, string window, long limit, long requested)
    {
        var (failure, limits) = await RefusedAsync(status, Body(words), ("retry-after", "64"), ("x-ratelimit-remaining-tokens", "5774"));
        Assert.Equal((FailureKind.TooLarge, window, (TimeSpan?)null), (failure.Kind, failure.Window, failure.RetryAfter));
        var refused = limits[0];
        Assert.Equal((window, true, (TimeSpan?)null), (refused.Window, refused.Refused, refused.OpensIn));
        Assert.Equal((limit, requested), (refused.Limit, refused.Requested));
    }

    [Fact]
    public async Task Nothing_allowed_is_told_from_too_large()
    {
        var (failure, limits) = await RefusedAsync(429, Body("Rate limit reached on tokens per day (TPD): Limit 0, Used 0, Requested 900. Please try again in 5s."));
        Assert.Equal((FailureKind.NoAllowance, "tokens_per_day", (TimeSpan?)null), (failure.Kind, failure.Window, failure.RetryAfter));
        Assert.Equal((0L, 900L, true), (limits[0].Limit, limits[0].Requested, limits[0].Refused));
    }

    [Theory]
    [InlineData("Rate limit reached on audio seconds per hour (ASH): Limit 7200, Used 7190, Requested 60. Please try again in 25s.", 25.0)]
    [InlineData("Rate limit reached for mock. Please try again in 0.050s.", 0.05)]
    [InlineData("Rate limit 0.5 requests per second exceeded", null)]
    [InlineData("slow down", null)]
    public async Task A_limit_that_is_no_window_of_ours_is_told_in_the_services_words(string words, double? wait)
    {
        var (failure, limits) = await RefusedAsync(429, Body(words));
        Assert.Equal((FailureKind.RateLimited, (string?)null, words), (failure.Kind, failure.Window, failure.Message));
        Assert.Equal(wait, failure.RetryAfter?.TotalSeconds);
        Assert.Empty(limits);
    }

    [Fact]
    public async Task Words_and_headers_about_one_window_are_one_reading()
    {
        var (_, limits) = await RefusedAsync(
            429,
            Body("Rate limit reached on tokens per minute (TPM): Limit 8000, Used 7900, Requested 300. Please try again in 1.5s."),
            ("x-ratelimit-limit-tokens", "8000"), ("x-ratelimit-remaining-tokens", "100"), ("x-ratelimit-reset-tokens", "59.25s"),
            ("x-ratelimit-limit-requests", "1000"), ("x-ratelimit-remaining-requests", "900"), ("x-ratelimit-reset-requests", "2h24m0s"));
        Assert.Equal(
            [
                new LimitReading("tokens_per_minute")
                {
                    Limit = 8000, Used = 7900, Requested = 300, Remaining = 100, Refused = true,
                    OpensIn = TimeSpan.FromSeconds(1.5), FullIn = TimeSpan.FromSeconds(59.25),
                },
                new LimitReading("requests_per_day") { Limit = 1000, Remaining = 900, FullIn = TimeSpan.FromHours(2.4) },
            ],
            limits);
    }

    [Fact]
    public async Task A_header_whose_span_is_open_is_about_the_window_that_the_words_name()
    {
        var (_, limits) = await RefusedAsync(
            429,
            Body("Rate limit reached on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s."),
            "openai", ("x-ratelimit-limit-requests", "200"), ("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "7m12s"));
        Assert.Equal("requests_per_day", Assert.Single(limits).Window);
    }

    [Fact]
    public async Task The_evidence_holds_every_header_about_limits_and_the_body()
    {
        var words = "Rate limit reached on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.";
        (string Name, string Value)[] headers =
        [
            ("x-ratelimit-limit-project-tokens", "5"), ("anthropic-ratelimit-input-tokens-reset", "2026-03-01T12:01:30Z"),
            ("anthropic-priority-output-tokens-limit", "9"), ("ratelimit-policy", "100;w=60"), ("retry-after-ms", "432000"),
        ];
        var evidence = (await RefusedAsync(429, Body(words), headers)).Failure.Evidence;
        foreach (var (name, value) in headers) Assert.Contains($"{name}: {value}\n", evidence, StringComparison.Ordinal);
        Assert.Contains(words, evidence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("31536000", 31536000.0)]
    [InlineData("Mon, 01 Mar 2027 12:00:00 GMT", 31536000.0)]
    [InlineData("Sun, 01 Mar 2026 12:01:30 GMT", 90.0)]
    [InlineData("0.25", 0.25)]
    [InlineData("-1", 0.0)]
    [InlineData("soon", null)]
    public async Task Where_the_body_names_nothing_the_header_tells_how_long(string header, double? wait)
    {
        var http = new ScriptedHttp().Reply(429, Body("Rate limit reached for requests"), ("retry-after", header));
        var clock = new Support.VirtualClock(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var failure = await Given.Failure(http, Given.Route("groq"), clock);
        Assert.Equal((FailureKind.RateLimited, (string?)null, wait), (failure.Kind, failure.Window, failure.RetryAfter?.TotalSeconds));
    }

    private static string Body(string words) =>
        new JsonObject { ["error"] = new JsonObject { ["message"] = words, ["type"] = "tokens", ["code"] = "rate_limit_exceeded" } }.ToJsonString();

    private static Task<(ModelFailure Failure, IReadOnlyList<LimitReading> Limits)> RefusedAsync(
        int status, string body, params (string, string)[] headers) => RefusedAsync(status, body, "groq", headers);

    private static async Task<(ModelFailure Failure, IReadOnlyList<LimitReading> Limits)> RefusedAsync(
        int status, string body, string provider, params (string, string)[] headers)
    {
        var result = await Given.Client(new ScriptedHttp().Reply(status, body, headers), Given.Route(provider)).AskAsync(Given.Request());
        Assert.False(result.Succeeded);
        return (result.Failure, result.Limits);
    }
}
