using Rowmill.Simulator;
using Rowmill.Simulator.Limits;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

/// <summary>The numbers are those of captured replies.</summary>
public sealed class LimitTests
{
    private static readonly SimulatorOptions s_openAi = new();
    private static readonly SimulatorOptions s_groq = new() { Dialect = SimulatorDialect.Groq };

    [Theory]
    [InlineData(100000, 97050, 3619, "9m38.016s", "579")]
    [InlineData(100000, 94976, 5632, "8m45.312s", "526")]
    [InlineData(200000, 197494, 4035, "11m0.528s", "661")]
    [InlineData(100000, 99996, 484, "6m54.72s", "415")]
    public async Task Groqs_daily_token_refusals_match_the_captures(int limit, int used, int requested, string wait, string retryAfter)
    {
        await using var simulator = await StartAsync(s_groq with { TokensPerDay = limit, Script = [SimulatorFault.Hang] });
        var reply = await WithHeldAsync(simulator, used, requested);
        Assert.Equal(429, reply.Status);
        Assert.Equal(
            $"Rate limit reached for model `m` in organization `org_simulated` service tier `on_demand` on tokens per day (TPD): Limit {limit}, "
            + $"Used {used}, Requested {requested}. Please try again in {wait}. Need more tokens? Upgrade to Dev Tier today at "
            + "https://console.groq.com/settings/billing",
            reply.Message);
        Assert.Equal(("tokens", "rate_limit_exceeded"), (reply.ErrorField("type"), reply.ErrorField("code")));
        Assert.Equal(retryAfter, reply.Header("retry-after"));
        Assert.Null(reply.Header("retry-after-ms"));
        Assert.Null(reply.Header("x-ratelimit-limit-tokens"));
    }

    [Theory]
    [InlineData(50000, 47949, 3006, "1.146s", "2", "1146")]
    [InlineData(200000, 195869, 4412, "84ms", "1", "84")]
    public async Task OpenAIs_minute_token_refusals_match_the_captures(int limit, int used, int requested, string wait, string seconds, string milliseconds)
    {
        await using var simulator = await StartAsync(s_openAi with { TokensPerMinute = limit, Script = [SimulatorFault.Hang] });
        var reply = await WithHeldAsync(simulator, used, requested);
        Assert.Equal(
            $"Rate limit reached for m in organization org-simulated on tokens per min (TPM): Limit {limit}, Used {used}, Requested {requested}. "
            + $"Please try again in {wait}. Visit https://platform.openai.com/account/rate-limits to learn more.",
            reply.Message);
        Assert.Equal((429, "tokens", "rate_limit_exceeded"), (reply.Status, reply.ErrorField("type"), reply.ErrorField("code")));
        Assert.Equal((seconds, milliseconds), (reply.Header("retry-after"), reply.Header("retry-after-ms")));
        Assert.Equal($"{limit - used}", reply.Header("x-ratelimit-remaining-tokens"));
    }

    [Theory]
    [InlineData(50, null, "requests per day (RPD): Limit 50, Used 50, Requested 1. Please try again in 28m48s.")]
    [InlineData(null, 3, "requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.")]
    public async Task OpenAIs_request_refusals_match_the_captures(int? perDay, int? perMinute, string text)
    {
        await using var simulator = await StartAsync(s_openAi with { RequestsPerDay = perDay, RequestsPerMinute = perMinute });
        for (var i = 0; i < (perDay ?? perMinute); i++) Assert.Equal(200, (await simulator.AskAsync(Worth(10))).Status);
        var reply = await simulator.AskAsync(Worth(10));
        Assert.Equal(429, reply.Status);
        Assert.Contains(text, reply.Message, StringComparison.Ordinal);
        Assert.Equal("requests", reply.ErrorField("type"));
    }

    [Fact]
    public async Task Who_waits_as_long_as_told_gets_in_and_not_a_few_milliseconds_sooner()
    {
        await using var simulator = await StartAsync(s_groq with { RequestsPerMinute = 30 });
        for (var i = 0; i < 30; i++) Assert.Equal(200, (await simulator.AskAsync(Worth(10))).Status);
        var reply = await simulator.AskAsync(Worth(10));
        Assert.Contains("requests per minute (RPM): Limit 30, Used 30, Requested 1. Please try again in 2s.", reply.Message, StringComparison.Ordinal);
        Assert.Equal("2", reply.Header("retry-after"));
        simulator.Clock.Advance(TimeSpan.FromMilliseconds(1998));
        Assert.Equal(429, (await simulator.AskAsync(Worth(10))).Status);
        simulator.Clock.Advance(TimeSpan.FromMilliseconds(2));
        Assert.Equal(200, (await simulator.AskAsync(Worth(10))).Status);
        Assert.Equal(429, (await simulator.AskAsync(Worth(10))).Status);
    }

    [Fact]
    public async Task OpenAIs_headers_tell_the_time_until_full()
    {
        await using var simulator = await StartAsync(s_openAi with { RequestsPerMinute = 5000, TokensPerMinute = 160000 });
        var reply = await simulator.AskAsync(Worth(24));
        Assert.Equal(200, reply.Status);
        Assert.Equal(("5000", "4999", "12ms"), Limits(reply, "requests"));
        Assert.Equal(("160000", "159976", "9ms"), Limits(reply, "tokens"));
    }

    [Fact]
    public async Task Groqs_headers_tell_requests_per_day_and_tokens_per_minute_whatever_else_is_limited()
    {
        await using var simulator = await StartAsync(s_groq with { RequestsPerMinute = 30, RequestsPerDay = 1000, TokensPerMinute = 8000, TokensPerDay = 200000 });
        var reply = await simulator.AskAsync(Worth(800));
        Assert.Equal(("1000", "999", "1m26.4s"), Limits(reply, "requests"));
        Assert.Equal(("8000", "7200", "6s"), Limits(reply, "tokens"));
    }

    [Fact]
    public async Task Groq_answers_a_request_larger_than_the_bucket_with_413_and_a_misleading_wait()
    {
        await using var simulator = await StartAsync(s_groq with { TokensPerMinute = 6000, Script = [SimulatorFault.Hang] });
        var reply = await WithHeldAsync(simulator, 226, 12089);
        Assert.Equal(413, reply.Status);
        Assert.StartsWith(
            "Request too large for model `m` in organization `org_simulated` service tier `on_demand` on tokens per minute (TPM): Limit 6000, "
            + "Requested 12089, please reduce your message size and try again.",
            reply.Message,
            StringComparison.Ordinal);
        Assert.Equal(("5774", "64"), (reply.Header("x-ratelimit-remaining-tokens"), reply.Header("retry-after")));
        Assert.Equal("rate_limit_exceeded", reply.ErrorField("code"));
    }

    [Fact]
    public async Task OpenAI_answers_it_with_429_and_the_code_of_an_ordinary_limit()
    {
        await using var simulator = await StartAsync(s_openAi with { TokensPerMinute = 6000 });
        var reply = await simulator.AskAsync(Worth(12089));
        Assert.Equal((429, "rate_limit_exceeded"), (reply.Status, reply.ErrorField("code")));
        Assert.StartsWith(
            "Request too large for m in organization org-simulated on tokens per min (TPM): Limit 6000, Requested 12089. "
            + "The input or output tokens must be reduced",
            reply.Message,
            StringComparison.Ordinal);
        Assert.Null(reply.Header("retry-after"));
        Assert.Equal(1, simulator.Server.Stats.Count("too_large"));
    }

    [Fact]
    public async Task What_was_reserved_and_not_used_goes_back_at_the_end()
    {
        await using var simulator = await StartAsync(s_openAi with { TokensPerMinute = 1000 });
        Assert.Equal("100", (await simulator.AskAsync(Worth(900))).Header("x-ratelimit-remaining-tokens"));
        var second = await simulator.AskAsync(Worth(900));
        var used = simulator.Server.Ledger[0].PromptTokens + simulator.Server.Ledger[0].OutputTokens;
        Assert.Equal($"{1000 - 900 - used}", second.Header("x-ratelimit-remaining-tokens"));
    }

    [Fact]
    public async Task OpenAIs_own_rule_reserves_the_larger_of_prompt_and_output()
    {
        await using var simulator = await StartAsync(s_openAi with { TokensPerMinute = 1000, Reservation = TokenReservation.LargerOfBoth });
        Assert.Equal("102", (await simulator.AskAsync(Worth(900))).Header("x-ratelimit-remaining-tokens"));
    }

    [Fact]
    public async Task Each_key_and_each_model_has_its_own_limits()
    {
        await using var simulator = await StartAsync(s_openAi with { RequestsPerMinute = 1 });
        Assert.Equal(200, (await simulator.AskAsync(Worth(10), "Bearer a")).Status);
        Assert.Equal(429, (await simulator.AskAsync(Worth(10), "Bearer a")).Status);
        Assert.Equal(200, (await simulator.AskAsync(Worth(10), "Bearer b")).Status);
        Assert.Equal(200, (await simulator.AskAsync(Worth(10, "other"), "Bearer a")).Status);
    }

    [Fact]
    public async Task A_burst_is_all_a_full_bucket_holds_and_it_refills_at_the_limit()
    {
        await using var simulator = await StartAsync(s_openAi with { RequestsPerMinute = 60, Burst = 2 });
        Assert.Equal(200, (await simulator.AskAsync(Worth(10))).Status);
        Assert.Equal(200, (await simulator.AskAsync(Worth(10))).Status);
        var refused = await simulator.AskAsync(Worth(10));
        Assert.Contains("Please try again in 1s.", refused.Message, StringComparison.Ordinal);
        simulator.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(200, (await simulator.AskAsync(Worth(10))).Status);
        Assert.Equal(200, (await simulator.AskAsync(Worth(10))).Status);
        Assert.Equal(429, (await simulator.AskAsync(Worth(10))).Status);
    }

    [Fact]
    public async Task A_refusal_takes_nothing_from_the_other_limits_and_tells_the_longest_wait()
    {
        await using var simulator = await StartAsync(s_openAi with { RequestsPerMinute = 1, RequestsPerDay = 2 });
        await simulator.AskAsync(Worth(10));
        for (var i = 0; i < 5; i++) Assert.Contains("(RPM)", (await simulator.AskAsync(Worth(10))).Message, StringComparison.Ordinal);
        simulator.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await simulator.AskAsync(Worth(10))).Status);
        Assert.Contains("(RPD)", (await simulator.AskAsync(Worth(10))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cached_tokens_are_told_everywhere_and_free_at_Groq()
    {
        var system = string.Concat(Enumerable.Repeat("Answer as JSON. ", 512));
        foreach (var (options, free) in new[] { (s_openAi, false), (s_groq, true) })
        {
            await using var simulator = await StartAsync(options with { PromptCache = true, TokensPerMinute = 100_000 });
            var first = await simulator.AskAsync(Body(["a"], system: system, more: ",\"max_completion_tokens\":500"));
            var usage = (await simulator.AskAsync(Body(["a"], system: system, more: ",\"max_completion_tokens\":500"))).Json.GetProperty("usage");
            Assert.Equal(2048, usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
            Assert.NotEqual("2048", first.Json.GetProperty("usage").GetProperty("prompt_tokens").GetRawText());

            var spent = 2 * usage.GetProperty("total_tokens").GetInt32() - (free ? 2048 : 0);
            var third = await simulator.AskAsync(Worth(10));
            Assert.Equal($"{100_000 - spent - 10}", third.Header("x-ratelimit-remaining-tokens"));
        }
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(84.3, "84ms")]
    [InlineData(1146, "1.146s")]
    [InlineData(360_000, "6m0s")]
    [InlineData(179_560, "2m59.56s")]
    [InlineData(3_723_000, "1h2m3s")]
    [InlineData(0.2, "1ms")]
    public void Durations_are_written_as_Go_writes_them(double milliseconds, string text) =>
        Assert.Equal(text, GoDuration.Format(TimeSpan.FromMilliseconds(milliseconds)));

    private static (string?, string?, string?) Limits(Reply reply, string suffix) => (
        reply.Header($"x-ratelimit-limit-{suffix}"), reply.Header($"x-ratelimit-remaining-{suffix}"), reply.Header($"x-ratelimit-reset-{suffix}"));

    /// <summary>Asks for so many tokens while a hanging request holds others.</summary>
    private static async Task<Reply> WithHeldAsync(SimulatorHarness simulator, int held, int requested)
    {
        using var leave = new CancellationTokenSource();
        var hanging = simulator.AskAsync(Worth(held), cancellationToken: leave.Token);
        await simulator.UntilAsync(() => simulator.Server.Stats.Accepted == 1);
        var reply = await simulator.AskAsync(Worth(requested));
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
        return reply;
    }
}
