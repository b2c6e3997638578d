using System.Text.Json;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

/// <summary>How the simulator enforces its limits, and what it tells of them.</summary>
public sealed class LimitMannersTests
{
    [Fact]
    public async Task Prompt_tokens_have_a_window_of_their_own()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = SimulatorDialect.Groq, InputTokensPerMinute = 3 });
        Assert.Equal(200, (await simulator.AskAsync(Worth(900))).Status); // a prompt of 2
        var refused = await simulator.AskAsync(Worth(10));
        Assert.Contains("on input tokens per minute (ITPM): Limit 3, Used 2, Requested 2. Please try again in 20s.", refused.Message, StringComparison.Ordinal);
        simulator.Clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(200, (await simulator.AskAsync(Worth(10))).Status);
    }

    [Fact]
    public async Task Reply_tokens_have_a_window_that_reserves_the_output_limit_and_keeps_what_was_written()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { OutputTokensPerMinute = 1000 });
        var large = await simulator.AskAsync(Worth(1003));
        Assert.Contains("Request too large", large.Message, StringComparison.Ordinal);
        Assert.Contains("on output tokens per min (OTPM): Limit 1000, Requested 1001.", large.Message, StringComparison.Ordinal);
        Assert.Equal(200, (await simulator.AskAsync(Worth(1002))).Status);
        var written = simulator.Server.Ledger[0].OutputTokens;
        Assert.InRange(written, 1, 999);
        var refused = await simulator.AskAsync(Worth(1002));
        Assert.Contains($"Limit 1000, Used {written}, Requested 1000.", refused.Message, StringComparison.Ordinal);
        Assert.Null(refused.Header("x-ratelimit-limit-tokens"));
    }

    [Fact]
    public async Task A_burst_shrinks_the_minutes_tokens_in_proportion_and_not_the_days()
    {
        await using var simulator = await StartAsync(new SimulatorOptions
        {
            Dialect = SimulatorDialect.Groq,
            RequestsPerMinute = 1200,
            Burst = 20,
            TokensPerMinute = 6000,
            TokensPerDay = 100_000,
            Script = [SimulatorFault.Hang],
        });
        using var leave = new CancellationTokenSource();
        var hanging = simulator.AskAsync(Worth(100), cancellationToken: leave.Token);
        await simulator.UntilAsync(() => simulator.Server.Stats.Accepted == 1);
        // The bucket holds a hundred: the next one waits until it is full again, after which it passes though it is larger.
        var refused = await simulator.AskAsync(Worth(150));
        Assert.Contains("on tokens per minute (TPM): Limit 6000, Used 6000, Requested 150. Please try again in 1s.", refused.Message, StringComparison.Ordinal);
        Assert.Equal(413, (await simulator.AskAsync(Worth(6001))).Status);
        simulator.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await simulator.AskAsync(Worth(150))).Status);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
    }

    [Fact]
    public async Task Limits_can_be_enforced_without_a_word_in_the_headers()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { RequestsPerMinute = 1, TokensPerMinute = 1000, LimitHeaders = false });
        var first = await simulator.AskAsync(Worth(10));
        var refused = await simulator.AskAsync(Worth(10));
        Assert.Equal((200, 429), (first.Status, refused.Status));
        foreach (var reply in new[] { first, refused })
            foreach (var unit in new[] { "requests", "tokens" })
                Assert.Null(reply.Header($"x-ratelimit-limit-{unit}"));
        Assert.Equal("60", refused.Header("retry-after"));
    }

    [Theory]
    [InlineData("both", "20", "20000")]
    [InlineData("seconds", "20", null)]
    [InlineData("none", null, null)]
    public async Task A_refusal_hints_at_the_wait_as_much_as_it_is_told_to(string hint, string? seconds, string? milliseconds)
    {
        await using var simulator = await StartAsync(new SimulatorOptions { RequestsPerMinute = 3, Burst = 1 }.WithRetryHint(hint));
        await simulator.AskAsync(Worth(10));
        var refused = await simulator.AskAsync(Worth(10));
        Assert.Equal((seconds, milliseconds), (refused.Header("retry-after"), refused.Header("retry-after-ms")));
    }

    [Theory]
    [InlineData(SimulatorFault.RetryAfterDate, "Sun, 01 Mar 2026 12:00:30 GMT")]
    [InlineData(SimulatorFault.RetryAfterGarbage, "soon")]
    [InlineData(SimulatorFault.RetryAfterYear, "31536000")]
    public async Task A_refusal_without_numbers_has_any_kind_of_wait(SimulatorFault fault, string header)
    {
        await using var simulator = await StartAsync(new SimulatorOptions { RequestsPerMinute = 1, Script = [fault] });
        var refused = await simulator.AskAsync(Worth(10));
        Assert.Equal((429, header), (refused.Status, refused.Header("retry-after")));
        Assert.Equal("Rate limit reached for requests", refused.Message);
        // It was refused at the door, so it took nothing.
        Assert.Equal(200, (await simulator.AskAsync(Worth(10))).Status);
    }

    [Theory]
    [InlineData(SimulatorFault.GoogleDayLimit, "15")]
    [InlineData(SimulatorFault.GoogleNoAllowance, null)]
    public async Task Googles_refusals_come_in_an_array_with_a_delay_that_lies(SimulatorFault fault, string? value)
    {
        await using var simulator = await StartAsync(new SimulatorOptions { RequestsPerDay = 15, Script = [fault] });
        var refused = await simulator.AskAsync(Worth(10));
        var error = refused.Json[0].GetProperty("error");
        Assert.Equal((429, 429, "RESOURCE_EXHAUSTED"), (refused.Status, error.GetProperty("code").GetInt32(), error.GetProperty("status").GetString()));
        var violation = error.GetProperty("details")[1].GetProperty("violations")[0];
        Assert.Equal("GenerateRequestsPerDayPerProjectPerModel-FreeTier", violation.GetProperty("quotaId").GetString());
        Assert.Equal(value, violation.TryGetProperty("quotaValue", out var told) ? told.GetString() : null);
        Assert.Equal("32s", error.GetProperty("details")[2].GetProperty("retryDelay").GetString());
        Assert.Null(refused.Header("retry-after"));
    }

    [Fact]
    public async Task A_day_passes_on_the_clock_and_the_account_tells_it()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { RequestsPerDay = 24 });
        var start = simulator.Clock.GetUtcNow();
        for (var hour = 0; hour < 48; hour++)
        {
            Assert.Equal(200, (await simulator.AskAsync(Worth(10), "Bearer sk-1")).Status);
            if (hour < 23) Assert.Equal(200, (await simulator.AskAsync(Worth(10), "Bearer sk-1")).Status);
            else Assert.Equal(429, (await simulator.AskAsync(Worth(10), "Bearer sk-1")).Status);
            simulator.Clock.Advance(TimeSpan.FromHours(1));
        }

        await simulator.AskAsync(Worth(10, "other"), "Bearer sk-1");
        var stats = JsonElement.Parse(await simulator.Http.GetStringAsync(new Uri(simulator.Server.BaseAddress, "/stats")));
        var account = stats.GetProperty("accounts")[0];
        Assert.Equal(2, stats.GetProperty("accounts").GetArrayLength());
        Assert.DoesNotContain("sk-1", stats.GetRawText(), StringComparison.Ordinal);
        Assert.Equal((8, "m"), (account.GetProperty("key").GetString()!.Length, account.GetProperty("model").GetString()));
        Assert.Equal((71, """{"requests_per_day":25}"""), (account.GetProperty("admitted").GetInt32(), account.GetProperty("refused").GetRawText()));
        Assert.Equal(start, account.GetProperty("first_admitted_at").GetDateTimeOffset());
        Assert.Equal(start + TimeSpan.FromHours(47), account.GetProperty("last_admitted_at").GetDateTimeOffset());
        var billed = simulator.Server.Ledger.Where(e => e.Model == "m").Sum(e => (long)e.PromptTokens + e.OutputTokens);
        Assert.Equal(billed, account.GetProperty("tokens_counted").GetInt64());
        Assert.Equal(billed, account.GetProperty("prompt_tokens").GetInt64() + account.GetProperty("output_tokens").GetInt64());
    }

    [Fact]
    public async Task Work_on_a_request_begins_when_a_place_is_free()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Parallel = 1, Latency = TimeSpan.FromSeconds(5) });
        Task<Reply>[] asked = [.. Enumerable.Range(0, 3).Select(_ => simulator.AskAsync(Worth(10)))];
        for (var done = 0; done < 3; done++)
        {
            await simulator.UntilAsync(() => simulator.Server.Stats.Accepted == 3 && simulator.Clock.Waiting == 1);
            Assert.Equal(done, simulator.Server.Stats.Billed);
            simulator.Clock.Advance(TimeSpan.FromSeconds(5));
            await simulator.UntilAsync(() => simulator.Server.Stats.Billed == done + 1);
        }

        foreach (var reply in await Task.WhenAll(asked)) Assert.Equal(200, reply.Status);
        Assert.Equal(3, simulator.Server.Stats.MaxInFlight);
        Assert.Equal(TimeSpan.FromSeconds(15), simulator.Server.Stats.Accounts[0].LastReplyAt - simulator.Server.Stats.Accounts[0].FirstAdmittedAt);
    }

    [Fact]
    public async Task Who_goes_while_queueing_is_charged_nothing_and_keeps_no_place()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Parallel = 1, Latency = TimeSpan.FromSeconds(5), TokensPerMinute = 1000 });
        var first = simulator.AskAsync(Worth(10));
        await simulator.UntilAsync(() => simulator.Clock.Waiting == 1);
        using var leave = new CancellationTokenSource();
        var second = simulator.AskAsync(Worth(900), cancellationToken: leave.Token);
        await simulator.UntilAsync(() => simulator.Server.Stats.Accepted == 2);
        await leave.CancelAsync();
        await simulator.UntilAsync(() => simulator.Server.Stats.InFlight == 1);
        Assert.Equal(("client_gone", false), (simulator.Server.Ledger[1].Outcome, simulator.Server.Ledger[1].Billed));
        simulator.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(200, (await first).Status);
        var third = simulator.AskAsync(Worth(900));
        await simulator.UntilAsync(() => simulator.Clock.Waiting == 1);
        simulator.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(200, (await third).Status);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
    }

    [Theory]
    [InlineData(SimulatorDialect.OpenAI)]
    [InlineData(SimulatorDialect.OllamaV1)]
    public async Task Beyond_what_it_holds_it_is_overloaded(SimulatorDialect dialect)
    {
        await using var simulator = await StartAsync(
            new SimulatorOptions { Dialect = dialect, Parallel = 1, MaxParallel = 2, Latency = TimeSpan.FromSeconds(5) });
        Task<Reply>[] asked = [simulator.AskAsync(Worth(10)), simulator.AskAsync(Worth(10))];
        await simulator.UntilAsync(() => simulator.Server.Stats.Accepted == 2 && simulator.Clock.Waiting == 1);
        Assert.Equal(503, (await simulator.AskAsync(Worth(10))).Status);
        Assert.Equal(1, simulator.Server.Stats.Count("overloaded"));
        simulator.Clock.Advance(TimeSpan.FromSeconds(5));
        await simulator.UntilAsync(() => simulator.Server.Stats.Billed == 1 && simulator.Server.Stats.InFlight == 1 && simulator.Clock.Waiting == 1);
        simulator.Clock.Advance(TimeSpan.FromSeconds(5));
        foreach (var reply in await Task.WhenAll(asked)) Assert.Equal(200, reply.Status);
    }

    [Fact]
    public void Wrong_options_are_told_by_their_keys()
    {
        var options = new SimulatorOptions
        {
            Dialect = SimulatorDialect.OllamaV1,
            InputTokensPerMinute = 0,
            OutputTokensPerMinute = -1,
            Parallel = 4,
            MaxParallel = 3,
            RetryHint = (RetryHint)9,
            RefusedForms = [(SimulatorForm)9],
        };
        Assert.Equal(
            ["dialect", "input_tokens_per_minute", "max_parallel", "output_tokens_per_minute", "refuse_form", "retry_hint"],
            options.Validate().Select(p => p.Key!).Order(StringComparer.Ordinal));
        Assert.Equal(
            "There is no retry hint 'loud'.", Assert.Throws<Rowmill.Core.ProblemException>(() => new SimulatorOptions().WithRetryHint("loud")).Problems[0].Message);
        Assert.Equal(
            "There is no refuse form 'xml'.", Assert.Throws<Rowmill.Core.ProblemException>(() => new SimulatorOptions().WithRefusedForm("xml")).Problems[0].Message);
        Assert.Equal([SimulatorForm.Schema], new SimulatorOptions().WithRefusedForm("schema").RefusedForms);
    }
}
