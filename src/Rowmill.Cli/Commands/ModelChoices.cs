using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Providers.Ollama;

namespace Rowmill.Cli.Commands;

/// <summary>What a person without a usable model can do: the keys that are set, a server that runs here, and what there is to get.</summary>
internal static class ModelChoices
{
    /// <summary>A server on this machine answers within milliseconds; nobody is to wait longer for an advice.</summary>
    private static readonly TimeSpan s_longestLook = TimeSpan.FromSeconds(1);

    /// <summary>The choices when there is nothing yet, a line each.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        $"a key of a service: export GROQ_API_KEY=… (or {string.Join(", ", Keyed.Where(p => p.Name != "groq").Select(p => p.ApiKeyEnv))})",
        "a model on this machine: get Ollama from ollama.com, then: ollama pull llama3.1:8b, and write - model: ollama/llama3.1:8b",
        "a server with chat completions: write - model: openai-compatible/NAME with its base_url",
        "made-up answers, to try things out: rowmill simulate, and write - model: simulator/demo",
    ];

    private static IEnumerable<KnownProvider> Keyed => KnownProviders.All.Where(p => p.ApiKeyEnv is not null);

    /// <summary>The providers whose key is set.</summary>
    public static IReadOnlyList<KnownProvider> WithKey(CliHost host) => [.. Keyed.Where(p => host.Key(p.ApiKeyEnv) is not null)];

    /// <summary>Writes the choices.</summary>
    public static void Write(TextWriter people, string why)
    {
        people.WriteLine(why);
        foreach (var choice in All) people.WriteLine($"  {choice}");
    }

    /// <summary>Looks, for a second at most, whether an Ollama server runs here and which of its models to take.</summary>
    /// <returns>Null when there is none.</returns>
    public static async Task<LocalChoice?> FindLocalAsync(CliHost host)
    {
        if (await OllamaServer.FindAsync(host.Variable, host.Clock, longest: s_longestLook, cancellationToken: host.Stop) is not { } server) return null;
        var model = server.Largest(new Uri(server.Address).IsLoopback ? host.FreeMemory() : null);
        return new LocalChoice(server.Address, model is null ? null : Route.Of("ollama", model.Name, server.Address));
    }

    /// <summary>The same problems; one of a missing key says besides what could be asked without it.</summary>
    public static async Task<IReadOnlyList<Problem>> AdviseAsync(CliHost host, IReadOnlyList<Problem> problems)
    {
        if (problems.FirstOrDefault(p => p.MissingKey is not null) is not { } missing) return problems;
        var others = WithKey(host);
        var local = await FindLocalAsync(host);
        var advice = new List<string>();
        if (others.Count > 0) advice.Add($"Or take a model of {string.Join(" or ", others.Select(p => $"{p.Name} (its {p.ApiKeyEnv} is set)"))}.");
        if (local is not null) advice.Add($"{(local.Route is null ? "" : "Or without a key: ")}{local.Said}");
        if (advice.Count == 0) advice.Add($"Or choose: {string.Join("; ", All.Skip(1))}.");
        return [.. problems.Select(p => ReferenceEquals(p, missing) ? p with { Fix = $"{p.Fix}. {string.Join(' ', advice)}" } : p)];
    }
}

/// <summary>An Ollama server that runs, and the model to take.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="Route">The model; null when it has none that writes text.</param>
internal sealed record LocalChoice(string Address, Route? Route)
{
    /// <summary>What a person is told of it, with the line to write.</summary>
    public string Said => Route is null
        ? $"An Ollama server runs at {Address}, but has no model yet; get one with: ollama pull llama3.1:8b"
        : $"an Ollama server runs at {Address}; write - model: {Route.Name}{(Address == KnownProviders.Find("ollama")!.BaseUrl ? "" : $" and under it base_url: {Address}")}";
}
