namespace Rowmill.Core.Models;

/// <summary>What a provider is when a job says nothing but its name.</summary>
/// <param name="Name">As route names begin, such as <c>groq</c>.</param>
/// <param name="BaseUrl">The provider's own address, without a trailing slash; null when every route must give one.</param>
/// <param name="ApiKeyEnv">The environment variable that holds the key by custom; null when the server wants none.</param>
public sealed record KnownProvider(string Name, string? BaseUrl, string? ApiKeyEnv);

/// <summary>The providers of this version and their defaults.</summary>
public static class KnownProviders
{
    /// <summary>The providers, in the order in which a list for people names them.</summary>
    public static IReadOnlyList<KnownProvider> All { get; } =
    [
        new("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        new("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
        // The client adds /v1 or /api.
        new("ollama", "http://localhost:11434", null),
        new("simulator", "http://127.0.0.1:8484/v1", null),
        new("openai-compatible", null, null),
    ];

    /// <summary>Providers that are known by name and not in this version yet.</summary>
    public static IReadOnlyList<string> Planned { get; } = ["gemini", "anthropic"];

    /// <summary>The provider of a name, or null.</summary>
    public static KnownProvider? Find(string name) => All.FirstOrDefault(p => p.Name == name);
}
