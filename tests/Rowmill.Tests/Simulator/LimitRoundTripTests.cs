using Rowmill.Core.Models;
using Rowmill.Core.Questions;
using Rowmill.Providers;
using Rowmill.Simulator;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Simulator;

/// <summary>What the simulator enforces is what the clients read: the two share no code for it.</summary>
public sealed class LimitRoundTripTests
{
    [Theory]
    [InlineData("groq", SimulatorDialect.Groq)]
    [InlineData("simulator", SimulatorDialect.Groq)]
    [InlineData("openai", SimulatorDialect.OpenAI)]
    [InlineData("openai-compatible", SimulatorDialect.OpenAI)]
    public async Task Headers_of_a_days_requests_and_a_minutes_tokens_are_read_for_what_they_are(string provider, SimulatorDialect dialect)
    {
        await using var world = await World.StartAsync(provider, new SimulatorOptions { Dialect = dialect, RequestsPerDay = 1000, TokensPerMinute = 8000 });
        var reserved = 0.0;
        for (var n = 1; n <= 4; n++)
        {
            var result = await world.AskAsync(500);
            Assert.Equal(["requests_per_day", "tokens_per_minute"], result.Limits.Select(l => l.Window));
            Assert.Equal((1000L, 1000.0 - n), (result.Limits[0].Limit, result.Limits[0].Remaining));
            Assert.Equal(TimeSpan.FromSeconds(86.4 * n), result.Limits[0].FullIn);
            Assert.Equal(8000, result.Limits[1].Limit);
            Assert.InRange(result.Limits[1].Remaining!.Value, 7000 - reserved, 7500 - reserved);
            reserved += result.Reply!.Usage!.Value.Input + result.Reply.Usage.Value.Output;
        }
    }

    [Theory]
    [InlineData("requests_per_minute", 2, "groq", SimulatorDialect.Groq)]
    [InlineData("requests_per_day", 2, "groq", SimulatorDialect.Groq)]
    [InlineData("tokens_per_minute", 700, "groq", SimulatorDialect.Groq)]
    [InlineData("tokens_per_day", 700, "groq", SimulatorDialect.Groq)]
    [InlineData("input_tokens_per_minute", 40, "groq", SimulatorDialect.Groq)]
    [InlineData("output_tokens_per_minute", 510, "groq", SimulatorDialect.Groq)]
    [InlineData("requests_per_minute", 2, "openai", SimulatorDialect.OpenAI)]
    [InlineData("requests_per_day", 2, "openai", SimulatorDialect.OpenAI)]
    [InlineData("tokens_per_minute", 700, "openai", SimulatorDialect.OpenAI)]
    [InlineData("tokens_per_day", 700, "openai", SimulatorDialect.OpenAI)]
    public async Task A_refusal_names_the_window_and_after_the_wait_it_passes(string window, long limit, string provider, SimulatorDialect dialect)
    {
        await using var world = await World.StartAsync(provider, Only(window, limit) with { Dialect = dialect });
        ModelResult result;
        do
        {
            result = await world.AskAsync(500);
        }
        while (result.Succeeded);

        Assert.Equal((FailureKind.RateLimited, window), (result.Failure.Kind, result.Failure.Window));
        var refused = Assert.Single(result.Limits, l => l.Refused);
        Assert.Equal((window, limit), (refused.Window, refused.Limit));
        Assert.All(result.Limits, l => Assert.Equal(window, l.Window));
        Assert.True(refused.Used + refused.Requested > limit);
        var wait = refused.OpensIn!.Value;
        world.Clock.Advance(wait - TimeSpan.FromMilliseconds(5));
        Assert.False((await world.AskAsync(500)).Succeeded);
        world.Clock.Advance(TimeSpan.FromMilliseconds(5));
        Assert.True((await world.AskAsync(500)).Succeeded);
    }

    [Theory]
    [InlineData("groq", SimulatorDialect.Groq)]
    [InlineData("openai", SimulatorDialect.OpenAI)]
    public async Task A_request_larger_than_the_window_is_told_with_its_numbers(string provider, SimulatorDialect dialect)
    {
        await using var world = await World.StartAsync(provider, new SimulatorOptions { Dialect = dialect, TokensPerMinute = 600 });
        var result = await world.AskAsync(900);
        Assert.Equal((FailureKind.TooLarge, "tokens_per_minute", (TimeSpan?)null), (result.Failure!.Kind, result.Failure.Window, result.Failure.RetryAfter));
        var refused = Assert.Single(result.Limits);
        Assert.Equal((600L, true), (refused.Limit, refused.Refused));
        Assert.True(refused.Requested > 900);
    }

    [Theory]
    [InlineData(SimulatorFault.GoogleDayLimit, FailureKind.RateLimited, "requests_per_day", null)]
    [InlineData(SimulatorFault.GoogleNoAllowance, FailureKind.NoAllowance, "requests_per_day", null)]
    [InlineData(SimulatorFault.RetryAfterDate, FailureKind.RateLimited, null, 30.0)]
    [InlineData(SimulatorFault.RetryAfterYear, FailureKind.RateLimited, null, 31536000.0)]
    [InlineData(SimulatorFault.RetryAfterGarbage, FailureKind.RateLimited, null, null)]
    [InlineData(SimulatorFault.Quota, FailureKind.QuotaExhausted, null, null)]
    [InlineData(SimulatorFault.Http498, FailureKind.Unavailable, null, null)]
    [InlineData(SimulatorFault.Http503, FailureKind.Unavailable, null, null)]
    public async Task Every_refusal_the_simulator_knows_is_told_for_what_it_is(SimulatorFault fault, FailureKind kind, string? window, double? wait)
    {
        await using var world = await World.StartAsync("openai-compatible", new SimulatorOptions { Script = [fault] });
        var result = await world.AskAsync(500);
        Assert.Equal((kind, window, wait), (result.Failure!.Kind, result.Failure.Window, result.Failure.RetryAfter?.TotalSeconds));
        if (window is not null) Assert.True(result.Limits[0] is { Refused: true, Calendar: true } told && told.Used == told.Limit);
    }

    private static SimulatorOptions Only(string window, long limit) => window switch
    {
        "requests_per_minute" => new() { RequestsPerMinute = limit },
        "requests_per_day" => new() { RequestsPerDay = limit },
        "tokens_per_minute" => new() { TokensPerMinute = limit },
        "tokens_per_day" => new() { TokensPerDay = limit },
        "input_tokens_per_minute" => new() { InputTokensPerMinute = limit },
        _ => new() { OutputTokensPerMinute = limit },
    };

    /// <summary>A simulator and a client of it on one clock.</summary>
    private sealed class World(SimulatorServer server, VirtualClock clock, IModelClient client) : IAsyncDisposable
    {
        public VirtualClock Clock => clock;

        public static async Task<World> StartAsync(string provider, SimulatorOptions options)
        {
            var clock = new VirtualClock();
            var server = await SimulatorServer.StartAsync(options, clock);
            var route = new Route
            {
                Provider = provider,
                Model = "m",
                BaseUrl = server.BaseAddress.ToString().TrimEnd('/'),
                ContextTokens = 8192,
                MaxOutputTokens = 4096,
            };
            return new World(server, clock, ModelClients.Create(route, new ApiKeys(_ => null), clock));
        }

        public ValueTask<ModelResult> AskAsync(int maxOutput) => client.AskAsync(new ModelRequest
        {
            System = "Answer in JSON.",
            User = """{"rows":[{"id":1,"title":"Adorn"}]}"""u8.ToArray(),
            ReplySchema = """{"type":"object"}"""u8.ToArray(),
            Form = StructuredOutput.Text,
            MaxOutputTokens = maxOutput,
            Sampling = new SamplingOptions(),
        });

        public ValueTask DisposeAsync() => server.DisposeAsync();
    }
}
