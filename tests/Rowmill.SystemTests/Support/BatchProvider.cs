using Rowmill.Simulator;

namespace Rowmill.SystemTests.Support;

/// <summary>A provider with a batch API, as the simulator plays it.</summary>
/// <param name="Name">Its name in a route.</param>
/// <param name="Dialect">Its manners.</param>
/// <param name="Model">A model of it that the program knows.</param>
/// <param name="KeyVariable">The variable of its key.</param>
public sealed record BatchProvider(string Name, SimulatorDialect Dialect, string Model, string KeyVariable)
{
    /// <summary>Those of this version.</summary>
    public static IReadOnlyList<BatchProvider> All { get; } =
    [
        new("openai", SimulatorDialect.OpenAI, "openai/gpt-4.1-mini", "OPENAI_API_KEY"),
        new("groq", SimulatorDialect.Groq, "groq/openai/gpt-oss-20b", "GROQ_API_KEY"),
        new("gemini", SimulatorDialect.Gemini, "gemini/gemini-2.5-flash", "GEMINI_API_KEY"),
        new("anthropic", SimulatorDialect.Anthropic, "anthropic/claude-haiku-4-5", "ANTHROPIC_API_KEY"),
    ];

    public override string ToString() => Name;
}
