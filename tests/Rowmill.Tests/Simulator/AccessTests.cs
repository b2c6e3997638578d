using System.Text;
using Rowmill.Core;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

public sealed class AccessTests
{
    private static readonly SimulatorOptions s_closed = new() { ApiKey = "sk-the-right-one" };

    [Theory]
    [InlineData("Bearer sk-the-wrong-one-1234", "Incorrect API key provided: sk-the-w*********1234. You can find", "invalid_api_key")]
    [InlineData(null, "You didn't provide an API key.", null)]
    [InlineData("sk-the-right-one", "You didn't provide an API key.", null)]
    [InlineData("Basic sk-the-right-one", "You didn't provide an API key.", null)]
    public async Task OpenAI_refuses_a_wrong_key_as_plain_text_that_holds_JSON(string? header, string message, string? code)
    {
        await using var simulator = await StartAsync(s_closed);
        var reply = await simulator.AskAsync(Body(["a"]), header);
        Assert.Equal((401, "text/plain"), (reply.Status, reply.Header("content-type")));
        Assert.StartsWith(message, reply.Message, StringComparison.Ordinal);
        Assert.Equal(("invalid_request_error", code), (reply.ErrorField("type"), reply.ErrorField("code")));
        Assert.Equal(1, simulator.Server.Stats.Count("http_401"));
    }

    [Fact]
    public async Task The_right_key_gets_in_and_without_one_set_any_key_or_none_does()
    {
        await using var closed = await StartAsync(s_closed);
        Assert.Equal(200, (await closed.AskAsync(Body(["a"]), "Bearer sk-the-right-one")).Status);
        await using var open = await StartAsync();
        Assert.Equal(200, (await open.AskAsync(Body(["a"]))).Status);
        Assert.Equal(200, (await open.AskAsync(Body(["a"]), "Bearer whatever")).Status);
        Assert.Equal(401, (await open.AskAsync(Body(["a"]), "whatever")).Status);
    }

    [Fact]
    public async Task Groq_says_it_shortly()
    {
        await using var simulator = await StartAsync(s_closed with { Dialect = SimulatorDialect.Groq });
        var reply = await simulator.AskAsync(Body(["a"]), "Bearer no");
        Assert.Equal(401, reply.Status);
        Assert.Equal("""{"error":{"message":"Invalid API Key","type":"invalid_request_error","code":"invalid_api_key"}}""", reply.Text);
    }

    [Fact]
    public async Task Groqs_gateway_turns_away_a_client_without_a_name()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = SimulatorDialect.Groq });
        using var nameless = new HttpClient();
        using var content = new StringContent(Body(["a"]), Encoding.UTF8, "application/json");
        using var response = await nameless.PostAsync(new Uri($"{simulator.Server.BaseAddress}/chat/completions"), content);
        Assert.Equal((403, "error code: 1010"), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(200, (await simulator.AskAsync(Body(["a"]))).Status);
    }

    [Fact]
    public async Task It_listens_on_the_loopback_interface_and_two_can_run_at_once()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        Assert.Equal("127.0.0.1", one.Server.BaseAddress.Host);
        Assert.Equal("/v1", one.Server.BaseAddress.AbsolutePath);
        Assert.NotEqual(one.Server.BaseAddress.Port, two.Server.BaseAddress.Port);
        var taken = new SimulatorOptions { Port = one.Server.BaseAddress.Port };
        var refused = await Assert.ThrowsAsync<ProblemException>(() => SimulatorServer.StartAsync(taken, one.Clock));
        Assert.Equal("port", Assert.Single(refused.Problems).Key);
    }

    [Fact]
    public void Every_wrong_option_is_reported_at_once_by_its_key()
    {
        var options = new SimulatorOptions
        {
            Port = 70000,
            Latency = TimeSpan.FromSeconds(-1),
            TokensPerMinute = 0,
            Burst = 3,
            ApiKey = " ",
            KnownModels = [],
            DriftRate = 1.5,
            DriftRows = 0,
            NoiseRate = double.NaN,
            PoisonText = "",
            LedgerCapacity = -1,
        }.With(SimulatorFault.Drop, 0.7).With("truncate", 0.7).With("fence", double.NaN);
        Assert.Equal(
            ["port", "latency", "tokens_per_minute", "drift_rows", "burst", "api_key", "known_models", "fault.fence", "drift", "noise", "poison_text", "ledger_capacity"],
            options.Validate().Select(p => p.Key));
        Assert.Contains("sum", Assert.Single(options.With("fence", 0).Validate(), p => p.Key == "fault").Message, StringComparison.Ordinal);
        Assert.Contains(new SimulatorOptions { Dialect = SimulatorDialect.OllamaV1, TokensPerDay = 5 }.Validate(), p => p.Key == "dialect");
        Assert.Empty(new SimulatorOptions().Validate());
    }

    [Fact]
    public void Faults_and_dialects_are_known_by_name()
    {
        foreach (var name in SimulatorOptions.FaultNames) Assert.Equal(0.5, Assert.Single(new SimulatorOptions().With(name, 0.5).Faults).Value);
        Assert.Equal(Enum.GetValues<SimulatorFault>().Length - 1, SimulatorOptions.FaultNames.Count);
        Assert.Equal(SimulatorFault.WrongLabel, Assert.Single(new SimulatorOptions().With("WRONG_label", 1).Faults).Key);
        Assert.Throws<ProblemException>(() => new SimulatorOptions().With("flood", 1));
        Assert.Equal(SimulatorDialect.OllamaV1, new SimulatorOptions().WithDialect("ollama-v1").Dialect);
        Assert.Throws<ProblemException>(() => new SimulatorOptions().WithDialect("olama"));
        Assert.DoesNotContain("sk-", s_closed.ToString(), StringComparison.Ordinal);
    }
}
