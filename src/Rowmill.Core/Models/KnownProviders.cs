namespace Rowmill.Core.Models;

/// <summary>What a provider is when a job says nothing but its name.</summary>
/// <param name="Name">As route names begin, such as <c>groq</c>.</param>
/// <param name="BaseUrl">The provider's own address, without a trailing slash; null when every route must give one.</param>
/// <param name="ApiKeyEnv">The environment variable that holds the key by custom; null when the server wants none.</param>
public sealed record KnownProvider(string Name, string? BaseUrl, string? ApiKeyEnv)
{
    /// <summary>How long one request may take when a job does not say.</summary>
    public TimeSpan Timeout { get; init; } = Route.DefaultTimeout;
}

/// <summary>The providers of this version and their defaults.</summary>
public static class KnownProviders
{
    /// <summary>The providers, in the order in which a list for people names them.</summary>
    public static IReadOnlyList<KnownProvider> All { get; } =
    [
        new("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        new("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
        // The clients add /v1beta, /v1, and /v1 or /api.
        new("gemini", "https://generativelanguage.googleapis.com", "GEMINI_API_KEY"),
        new("anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY"),
        // Without a graphics card it writes a few tokens a second, one request after the other, and loads the model before the first.
        new("ollama", "http://localhost:11434", null) { Timeout = TimeSpan.FromMinutes(10) },
        new("simulator", "http://127.0.0.1:8484/v1", null),
        new("openai-compatible", null, null),
    ];

    /// <summary>The provider of a name, or null.</summary>
    public static KnownProvider? Find(string name) => All.FirstOrDefault(p => p.Name == name);
}
