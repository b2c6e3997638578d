using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;

namespace Rowmill.Benchmarks.Limits;

/// <summary>The cases on the simulated clock.</summary>
internal static class LimitCases
{
    private static readonly RunOptions s_stay = new() { WriteOutput = false, Wait = true };

    private static readonly RouteLimits s_unknown = new();

    /// <summary>The free plan of Groq's models gpt-oss, as of October 2026.</summary>
    public static ServiceOptions GroqFree { get; } = new(ServiceWindow.Rpm(30), ServiceWindow.Rpd(1000), ServiceWindow.Tpm(8000), ServiceWindow.Tpd(200_000));

    public static RouteLimits GroqFreeLimits { get; } =
        new() { RequestsPerMinute = 30, RequestsPerDay = 1000, TokensPerMinute = 8000, TokensPerDay = 200_000 };

    public static IReadOnlyList<LimitCase> All { get; } =
    [
        One("requests a minute", Songs(6000, 10), "groq", new(ServiceWindow.Rpm(60)), new() { RequestsPerMinute = 60 }),
        One("tokens a minute, unused ones refunded (Groq)", Songs(5000, 20), "groq", new(ServiceWindow.Tpm(8000)), new() { TokensPerMinute = 8000 }),
        One(
            "tokens a minute, the larger of prompt and reply, nothing refunded (OpenAI)", Songs(10000, 20), "openai",
            new(ServiceWindow.Tpm(20000)) { Rule = TokenRule.Larger }, new() { TokensPerMinute = 20000 }),
        One(
            "tokens a minute, prompt and reply apart", Songs(5000, 20), "groq",
            new(ServiceWindow.InputPerMinute(6000), ServiceWindow.OutputPerMinute(4000)),
            new() { InputTokensPerMinute = 6000, OutputTokensPerMinute = 4000 }),
        // 20 songs take 1,080 tokens: eight requests a minute or 8,700 tokens are nearly the same.
        One(
            "requests and tokens a minute, both near", Songs(5000, 20), "groq", new(ServiceWindow.Rpm(8), ServiceWindow.Tpm(8700)),
            new() { RequestsPerMinute = 8, TokensPerMinute = 8700 }),
        One(
            "rows of very different length", new Work { Rows = 4000, Bytes = Work.LogNormal(60, 1.3, 6000), PackRows = 20 }, "groq",
            new(ServiceWindow.Tpm(12000)), new() { TokensPerMinute = 12000 }),
        One(
            "requests a day over three days", Songs(40000, 10), "groq", new(ServiceWindow.Rpm(30), ServiceWindow.Rpd(1000)),
            new() { RequestsPerMinute = 30, RequestsPerDay = 1000 }) with { Options = s_stay },
        One(
            "tokens a day over three days", Songs(14000, 20), "groq", GroqFree, GroqFreeLimits) with { Options = s_stay },
        // From Friday over the Sunday on which the clocks there go forward.
        One(
            "a calendar day's requests over three midnights", Songs(8000, 10), "gemini",
            new(ServiceWindow.Rpm(15), ServiceWindow.Rpd(250, calendar: true)) { Refuses = Refusing.Numbers },
            new() { RequestsPerMinute = 15, RequestsPerDay = 250 })
            with { Options = s_stay, Start = new(2026, 3, 6, 18, 0, 0, TimeSpan.Zero) },
        Learning("unknown, told by every reply: requests (OpenAI)", "openai", new(ServiceWindow.Rpm(60)) { Tells = Telling.Minute, Rule = TokenRule.Larger }),
        Learning("unknown, told by every reply: tokens (Groq)", "groq", new(ServiceWindow.Tpm(8000)) { Tells = Telling.MinuteTokensDayRequests }),
        Learning("unknown, told by refusals with numbers", "groq", new(ServiceWindow.Rpm(60)) { Refuses = Refusing.Numbers }),
        Learning("unknown, refusals with Retry-After alone", "openai-compatible", new(ServiceWindow.Rpm(60)) { Refuses = Refusing.RetryAfter }),
        Learning("unknown, refusals that say nothing", "openai-compatible", new(ServiceWindow.Rpm(60)) { Refuses = Refusing.Nothing }),
        new("two models side by side, one with a calendar day")
        {
            Work = Songs(36000, 10),
            Routing = Routing.Spread,
            Options = s_stay,
            Start = new(2026, 3, 6, 18, 0, 0, TimeSpan.Zero),
            Routes =
            [
                new("groq", "refilling", new(ServiceWindow.Rpm(30), ServiceWindow.Rpd(1000)), new() { RequestsPerMinute = 30, RequestsPerDay = 1000 }),
                new("gemini", "calendar", new(ServiceWindow.Rpm(15), ServiceWindow.Rpd(250, calendar: true)), new() { RequestsPerMinute = 15, RequestsPerDay = 250 }),
            ],
        },
        new("two models in order: over to the second and back")
        {
            Work = Songs(30000, 10),
            Options = s_stay,
            // A call every 86 and every 173 seconds: neither is worth waiting for while the other is open.
            Patience = TimeSpan.FromSeconds(30),
            Routes =
            [
                new("groq", "first", new(ServiceWindow.Rpm(60), ServiceWindow.Rpd(1000)), new() { RequestsPerMinute = 60, RequestsPerDay = 1000 }),
                new("groq", "second", new(ServiceWindow.Rpm(60), ServiceWindow.Rpd(500)), new() { RequestsPerMinute = 60, RequestsPerDay = 500 }),
            ],
        },
        One("two engines on one account", Songs(6000, 10), "groq", new(ServiceWindow.Rpm(60)), new() { RequestsPerMinute = 60 }) with { Engines = 2 },
        One("two engines on one account, tokens", Songs(5000, 20), "groq", new(ServiceWindow.Tpm(8000)), new() { TokensPerMinute = 8000 }) with { Engines = 2 },
        One(
            "a burst of one second, written", Songs(2400, 1), "openai-compatible", new(ServiceWindow.Rpm(1200, burst: 20)),
            new() { RequestsPerMinute = 1200, Burst = 20, Concurrency = 64 }),
        One(
            "a burst of one second, not written, refusals with numbers", Songs(2400, 1), "openai-compatible",
            new(ServiceWindow.Rpm(1200, burst: 20)), new() { RequestsPerMinute = 1200, Concurrency = 64 }) with { Learns = true, Aim = 0.95 },
        One(
            "a burst of one second, not written, refusals with the wait alone", Songs(2400, 1), "openai-compatible",
            new(ServiceWindow.Rpm(1200, burst: 20)) { Refuses = Refusing.Wait },
            new() { RequestsPerMinute = 1200, Concurrency = 64 }) with { Learns = true, Aim = 0.95 },
        One(
            "a burst of one second, nothing written, refusals with the wait alone", Songs(2400, 1), "openai-compatible",
            new(ServiceWindow.Rpm(1200, burst: 20)) { Refuses = Refusing.Wait, Tells = Telling.Minute },
            new() { Concurrency = 64 }) with { Learns = true, Aim = 0.95 },
        // A reply takes 20 seconds: a request a second needs twenty and more in flight.
        One(
            "slow replies, concurrency auto", Songs(12000, 10), "groq", new(ServiceWindow.Rpm(60)) { FirstToken = TimeSpan.FromSeconds(20) },
            new() { RequestsPerMinute = 60 }) with { Aim = 0.95 },
        One(
            "a local server with four slots, concurrency auto", Songs(6000, 10), "ollama",
            new()
            {
                Slots = 4,
                Line = 64,
                FirstToken = TimeSpan.FromMilliseconds(300),
                Token = TimeSpan.FromMilliseconds(12),
                Transit = (TimeSpan.FromMilliseconds(0.1), TimeSpan.FromMilliseconds(1)),
            },
            s_unknown) with { Aim = 0.95 },
    ];

    private static Work Songs(int rows, int pack) => new() { Rows = rows, Bytes = Work.About(48), PackRows = pack };

    private static LimitCase One(string name, Work work, string provider, ServiceOptions service, RouteLimits limits) =>
        new(name) { Work = work, Routes = [new(provider, "model", service, limits)] };

    private static LimitCase Learning(string name, string provider, ServiceOptions service) =>
        One(name, Songs(6000, 10), provider, service, s_unknown) with { Learns = true, Aim = 0.95 };
}
