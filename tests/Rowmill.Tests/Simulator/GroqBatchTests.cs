using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.BatchHarness;

namespace Rowmill.Tests.Simulator;

public sealed class GroqBatchTests
{
    private static SimulatorOptions Groq() => Options() with { Dialect = SimulatorDialect.Groq };

    [Theory]
    [InlineData("24h", 24)]
    [InlineData("36h", 36)]
    [InlineData("7d", 168)]
    [InlineData("23h", null)]
    [InlineData("8d", null)]
    [InlineData("1w", null)]
    public async Task A_window_is_from_a_day_to_a_week(string window, int? hours)
    {
        await using var simulator = await SimulatorHarness.StartAsync(Groq());
        var reply = await simulator.CreateAsync((await simulator.UploadAsync(Lines(1))).Id(), window: window);
        Assert.Equal(hours is null ? 400 : 200, reply.Status);
        if (hours is { } expected) Assert.Equal(expected * 3600, reply.Json.GetProperty("expires_at").GetInt64() - reply.Json.GetProperty("created_at").GetInt64());
    }

    [Fact]
    public async Task Its_own_addresses_are_known_too()
    {
        await using var simulator = await SimulatorHarness.StartAsync(Groq());
        var id = await simulator.StartAsync(Lines(2));
        simulator.Clock.Advance(Takes);
        var batch = await simulator.GetAsync($"/openai/v1/batches/{id}");
        Assert.Equal(("completed", 2), (batch.Text("status"), (await simulator.ResultsAsync(batch)).Length));
        Assert.Equal(404, (await simulator.GetAsync("/other/v1/batches")).Status);
    }

    [Theory]
    [InlineData(SimulatorDialect.Azure, "/openai/v1/batches")]
    [InlineData(SimulatorDialect.GeminiOpenAi, "/v1beta/openai/batches")]
    [InlineData(SimulatorDialect.Vllm, "/v1/batches")]
    [InlineData(SimulatorDialect.Ollama, "/v1/batches")]
    public async Task Others_have_no_batches(SimulatorDialect dialect, string path)
    {
        await using var simulator = await SimulatorHarness.StartAsync(new SimulatorOptions { Dialect = dialect });
        Assert.Equal(404, (await simulator.GetAsync(path)).Status);
    }
}
