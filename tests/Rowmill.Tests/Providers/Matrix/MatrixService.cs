using Rowmill.Core.Models;
using Rowmill.Simulator;

namespace Rowmill.Tests.Providers.Matrix;

/// <summary>A service as a job names it: whose client asks, for which model, at which address.</summary>
/// <param name="Name">As the simulator spells its dialect.</param>
/// <param name="Dialect">Whose manners the simulator has.</param>
/// <param name="Route">Provider and model.</param>
internal sealed record MatrixService(string Name, SimulatorDialect Dialect, string Route)
{
    /// <summary>What every one of them costs.</summary>
    public static Price Price { get; } = new(1, 2);

    /// <summary>Every service there is a dialect of.</summary>
    public static IReadOnlyList<MatrixService> All { get; } =
    [
        Of(SimulatorDialect.OpenAI, "openai/gpt-4.1-mini"),
        Of(SimulatorDialect.Groq, "groq/openai/gpt-oss-20b"),
        Of(SimulatorDialect.Gemini, "gemini/gemini-2.5-flash"),
        Of(SimulatorDialect.Anthropic, "anthropic/claude-sonnet-4-5"),
        Of(SimulatorDialect.Ollama, "ollama/llama3.1:8b"),
        Of(SimulatorDialect.OllamaV1, "openai-compatible/llama3.1:8b"),
        Of(SimulatorDialect.Vllm, "openai-compatible/llama-3.1-8b"),
        Of(SimulatorDialect.LlamaCpp, "openai-compatible/llama-3.1-8b"),
        Of(SimulatorDialect.Azure, "openai-compatible/gpt-4.1-mini"),
        Of(SimulatorDialect.GeminiOpenAi, "openai-compatible/gemini-2.5-flash"),
    ];

    /// <summary>The route to a simulator; one request at a time, so that a cell is the same each time.</summary>
    public Route To(SimulatorServer server)
    {
        var route = Core.Models.Route.Of(Route);
        // A deployment of Azure's is part of the address.
        var address = Dialect == SimulatorDialect.Azure ? new Uri(server.BaseAddress, $"/openai/deployments/{route.Model}") : server.BaseAddress;
        return route with
        {
            BaseUrl = address.ToString().TrimEnd('/'),
            ApiKeyEnv = "MATRIX_KEY",
            Limits = new RouteLimits { Concurrency = 1 },
            Price = Price,
        };
    }

    public override string ToString() => Name;

    private static MatrixService Of(SimulatorDialect dialect, string route) => new(SimulatorOptions.DialectNames[(int)dialect], dialect, route);
}
